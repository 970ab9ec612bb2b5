"""JSON and CSV that people may have edited, read strictly: where only one of two values would count, none is taken."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any


class Repeated(ValueError):
    """An object of JSON gives a name twice."""


def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, for ``object_pairs_hook``; raises Repeated if a name stands twice."""
    data = dict(pairs)
    if len(data) != len(pairs):
        names = set()
        for name, _ in pairs:
            if name in names:
                raise Repeated(f"{name!r:.60} is given twice in one object")
            names.add(name)
    return data


def read_json(text: str | bytes | bytearray) -> Any:
    """What a text of JSON says.

    Raises:
        ValueError: it is no JSON; Repeated: an object gives a name twice.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=no_repeats)


def read_entries(text: str) -> list[Any]:
    """The entries of JSON or JSON Lines about faces by file: objects with "file", "faces" and what else; unchecked.

    One object {"file name": faces} is as many entries. Summaries and errors, as commands print them, are left out.

    Raises:
        ValueError: it is no JSON, or a summary or an error has faces or tracks; the message names the line. Repeated:
            an object gives a name twice.
        RecursionError: it is nested too deeply.
    """
    data = _json_or_lines(text)
    if isinstance(data, dict) and "file" not in data:
        return [{"file": file, "faces": faces} for file, faces in data.items()]
    entries = data if isinstance(data, list) else [data]
    return [entry for entry in entries if not _is_aside(entry)]


def _is_aside(entry: Any) -> bool:
    aside = next((name for name in ("summary", "error") if isinstance(entry, dict) and name in entry), None)
    if aside is None:
        return False
    lost = next((name for name in ("faces", "tracks") if name in entry), None)
    if lost is not None:
        raise ValueError(f'an entry must not have both "{lost}" and "{aside}", got {entry!r:.60}')
    return True


def _json_or_lines(text: str) -> Any:
    repeated: Repeated | None = None
    try:
        return read_json(text)
    except Repeated as error:
        repeated = error
    except ValueError:
        pass
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(read_json(line))
        except Repeated as error:
            raise Repeated(f"line {number}: {error}") from None
        except ValueError as error:
            raise repeated or ValueError(f"line {number} is not JSON: {error}") from None
    return found


def are_texts(value: Any) -> bool:
    """Whether a value of JSON is a list of texts, which may be empty."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class Table:
    """The rows of a CSV whose first line names the columns, in any order. Rows of blank cells are left out.

    Args:
        text: of the file.
        columns: which must be there; each row needs a cell for each of them, and text in the first one.

    Raises:
        ValueError: the first line lacks columns, or names one twice. While rows are read: a row lacks cells, has more
            than the first line or no text in the first of ``columns``; the message names the line.
        csv.Error: it is no CSV: also a quoted cell that does not end, which would swallow what follows.
    """

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        lines = io.StringIO(text, newline=None)  # they may end as they like
        self._rows = csv.DictReader(lines, skipinitialspace=True, strict=True)
        self._columns = columns
        named = self._rows.fieldnames or ()
        missing = [name for name in columns if name not in named]
        if missing:
            raise ValueError(
                f"the first line must name the columns {', '.join(columns)}; it lacks {', '.join(missing)}"
            )
        twice = next((name for name in named if name and list(named).count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the first line must name each column once, got {twice!r:.60} twice")

    @property
    def line_num(self) -> int:
        """The number of the line that was read last."""
        return self._rows.line_num

    def __iter__(self) -> Iterator[dict[str, str]]:
        """The cells of each row by their columns; cells behind the required ones may be missing."""
        for row in self._rows:
            more = row.pop(None, [])
            if not any(cell and cell.strip() for cell in (*row.values(), *more)):
                continue
            if any(cell.strip() for cell in more):
                raise ValueError(f"line {self.line_num} must have at most the cells of the first line, {len(row)}")
            missing = [name for name in self._columns if row[name] is None]
            if missing:
                raise ValueError(f"line {self.line_num} lacks {', '.join(missing)}")
            if not row[self._columns[0]].strip():
                raise ValueError(f"line {self.line_num}: {self._columns[0]} must be a text, got nothing")
            yield row
