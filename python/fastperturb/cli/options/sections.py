"""Options by section: help pages that can be read, and options that several commands share as one decorator."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

LAST_SECTION = "Running and reporting"
_OTHERS = "Other options"

Command = TypeVar("Command", bound=Callable[..., Any])


class SectionOption(click.Option):
    """An option that knows which section of the help page it belongs to."""

    def __init__(self, *names: Any, section: str = "Options", **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.section = section

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Names and help of the option; the help says all, so nothing is added to it."""
        record = super().get_help_record(ctx)
        return None if record is None else (record[0], self.help or "")


class SectionCommand(click.Command):
    """A command whose help page lists its options by section, in the order in which they come first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes one list of options for each section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            line = parameter.get_help_record(ctx)
            if line is not None and isinstance(parameter, click.Option):
                sections.setdefault(getattr(parameter, "section", _OTHERS), []).append(line)
        for title in sorted(sections, key=lambda name: (name == _OTHERS, name == LAST_SECTION)):
            with formatter.section(title):
                formatter.write_dl(sections[title])


def option(*names: str, **settings: Any) -> SectionOption:
    """An option, to be given to :func:`shared`."""
    return SectionOption(names, **settings)


def shared(name: str, build: Callable[..., Any], *options: click.Parameter) -> Callable[[Command], Command]:
    """Options that together make one argument of a command.

    Args:
        name: of the argument.
        build: makes its value from the values of all options, by name; a ValueError or TypeError is wrong usage.
        options: in the order of the help page.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_value(**values: Any) -> Any:
            taken = {str(item.name): values.pop(str(item.name)) for item in options}
            try:
                values[name] = build(**taken)
            except (TypeError, ValueError) as error:
                raise click.UsageError(str(error), click.get_current_context(silent=True)) from None
            return command(**values)

        if not hasattr(with_value, "__click_params__"):
            with_value.__click_params__ = []  # type: ignore[attr-defined]
        with_value.__click_params__ += reversed(options)  # type: ignore[attr-defined]
        return with_value  # type: ignore[return-value]

    return decorate
