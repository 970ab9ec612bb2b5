"""One grammar for what a line of text names: detectors, recognisers, protections, strengths (docs/specifications.md).

    NAME
    NAME:VALUE,KEY=VALUE,...    mosaic:16,shape=ellipse
    NAME=VALUE?KEY=VALUE&...    yolo=faces.onnx?classes=1+12&size=640x640

The two spellings mean the same. The second one is for values with commas in them, and for lists joined by commas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

_PARTS = re.compile(r"(?P<name>[^=:?]*)(?P<mark>[=:?]?)(?P<rest>.*)", re.DOTALL)
_MARKS = {":": "colon", "=": "equals sign"}
_Made = TypeVar("_Made")


class Reader(NamedTuple):
    """How the text of a setting becomes its value.

    Attributes:
        read: gives the value; raises a ValueError for a text that is none.
        need: what the text must be, for the error.
    """

    read: Callable[[str], Any]
    need: str


def read_value(text: str) -> int | float | str | None:
    """A whole number, a number, None of "none", or the text itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return None if text == "none" else text


def one_of(*words: str) -> Reader:
    """A reader of one of a few words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return Reader(read, " or ".join(map(repr, words)))


WHOLE = Reader(int, "a whole number")
NUMBER = Reader(float, "a number")
TEXT = Reader(str, "text")
VALUE = Reader(read_value, "a value")


@dataclass(frozen=True, slots=True)
class Specification:
    """A parsed text.

    Attributes:
        text: as it was given.
        name: what it names; "" for settings alone.
        items: settings in order, as (key, value); the key is "" for a value that stands alone.
    """

    text: str
    name: str
    items: tuple[tuple[str, str], ...] = ()

    @property
    def value(self) -> str | None:
        """The value that stands alone, such as a model file; None without."""
        return next((value for key, value in self.items if not key), None)

    def read(self, readers: Mapping[str, Reader], others: Reader | None = None) -> dict[str, Any]:
        """The settings by key; a value alone is that of the first reader.

        Args:
            readers: of the known settings.
            others: of all other settings; None where there are no others.

        Raises:
            ValueError: an unknown setting, one given twice, or a value that its reader refuses.
        """
        found: dict[str, Any] = {}
        for key, value in self.items:
            name = key or next(iter(readers), "")
            reader = readers.get(name, others if key else None)
            if reader is None:
                known = ", ".join(readers) or "no settings"
                given = f"{key}={value}" if key else value
                raise ValueError(f"{self.name} takes {known}, got {given!r} in {self.text!r}")
            if name in found:
                raise ValueError(f"{name} must be given once, got {self.text!r}")
            try:
                found[name] = reader.read(value)
            except ValueError:
                raise ValueError(f"{name} must be {reader.need}, got {value!r} in {self.text!r}") from None
        return found


def parse_specification(text: str, kind: str, known: Iterable[str]) -> Specification:
    """Parses a text that begins with a name.

    Args:
        text: in one of the forms above; spaces around names, keys and values do not count.
        kind: what it names, for errors: "detector".
        known: the names that there are.

    Raises:
        TypeError: not a text.
        ValueError: no such name, or nothing behind the mark that follows it.
    """
    if not isinstance(text, str):
        raise TypeError(f"a {kind} must be text, got {text!r}")
    parts = _PARTS.fullmatch(text)
    name, mark, rest = ("", "", "") if parts is None else (parts["name"].strip(), parts["mark"], parts["rest"])
    names = list(known)
    if name not in names:
        meant = f"; did you mean {name.lower()}?" if name.lower() in names else ""
        raise ValueError(f"a {kind} must be one of {', '.join(names)}, got {text!r}{meant}")
    if mark in _MARKS and not rest.strip():
        raise ValueError(f"a setting must follow the {_MARKS[mark]}, got {text!r}")
    if mark == ":":
        return Specification(text, name, _split(rest))
    value, _, settings = rest.partition("?") if mark == "=" else ("", "", rest)
    items = [_pair(item, text) for item in settings.split("&") if item.strip()]
    return Specification(text, name, ((("", value.strip()),) if mark == "=" else ()) + tuple(items))


def parse_settings(text: str) -> Specification:
    """Parses settings alone, ``KEY=VALUE,KEY=VALUE``."""
    return Specification(text, "", _split(text))


def _split(text: str) -> tuple[tuple[str, str], ...]:
    """The items between commas; one without an equals sign is a value alone."""
    items = (item.partition("=") for item in text.split(","))
    return tuple((key.strip(), value.strip()) if equals else ("", key.strip()) for key, equals, value in items)


def _pair(item: str, text: str) -> tuple[str, str]:
    key, _, value = (part.strip() for part in item.partition("="))
    if not (key and value):
        raise ValueError(f"a setting must be NAME=VALUE, got {item!r} in {text!r}")
    return key, value


def make_specified(make: Callable[..., _Made], specification: Specification, settings: Mapping[str, Any]) -> _Made:
    """Calls ``make`` with settings as keyword arguments.

    Raises:
        ValueError: ``make`` does not take one of them, or needs another; and what it raises itself.
    """
    try:
        return make(**settings)
    except TypeError as error:
        raise ValueError(f"{specification.text}: {str(error).rpartition('() ')[2]}") from error


def short_names(texts: Sequence[str]) -> dict[str, str]:
    """The texts by their names alone where these differ, else by themselves."""
    plain = [re.split("[=:?]", text)[0].strip() for text in texts]
    return {name if plain.count(name) == 1 else text: text for name, text in zip(plain, texts, strict=True)}
