"""Names that a module no longer has: who asks for one is told the new name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn


def old_names(module: str, names: Mapping[str, str]) -> Callable[[str], NoReturn]:
    """The ``__getattr__`` of a module.

    Args:
        module: its ``__name__``.
        names: what stands in the place of each old name.
    """

    def find(name: str) -> NoReturn:
        if name in names:  # not an AttributeError, whose text "from module import name" drops
            raise ImportError(f"{module}.{name} is now {names[name]}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return find
