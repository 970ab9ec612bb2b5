"""A digest of the code that makes the numbers, so that finished cells of other code are never taken for today's.

It is of what the code does: comments, docstrings and layout do not matter, nor do the parts of the package that only
ask for numbers or show them. Of the compiled core the package's version stands in.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

from .result_cache import digest_of

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_PACKAGE = Path(__file__).parents[2]
_SHOW = (
    *("cli", "server", "integrations", "evaluation/report"),
    *("evaluation/study/recommendation.py", "evaluation/study/results.py"),
)


@lru_cache(maxsize=1)
def digest_code() -> str:
    """Of the package's Python files; empty where it is installed without them."""
    files = sorted((path.relative_to(_PACKAGE).as_posix(), path) for path in _PACKAGE.rglob("*.py"))
    read = [(name, path) for name, path in files if not any(f"{name}/".startswith(f"{part}/") for part in _SHOW)]
    return digest_of([[name, meaning_of(path.read_text(encoding="utf-8"))] for name, path in read]) if read else ""


def meaning_of(source: str) -> str:
    """What a Python file says, without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)
