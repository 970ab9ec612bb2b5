"""Batches of rows as engines hand them over: a pandas data frame, an Arrow table, or NumPy arrays by name.

What goes in as a data frame comes out as one; all else comes out as an Arrow table, where a column without any value
keeps its type.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .._optional import import_extra


class Batch:
    """Reads and replaces columns.

    Args:
        rows: a ``pandas.DataFrame``, a ``pyarrow.Table``, or a mapping of names to sequences of equal length, of which
            arrays of more than one dimension become lists.

    Raises:
        TypeError: none of them.
        MissingExtra: pandas or PyArrow is not installed.
    """

    def __init__(self, rows: Any) -> None:
        self._pandas = import_extra("pandas", "ray")
        self._arrow = import_extra("pyarrow", "ray")
        if isinstance(rows, Mapping):
            columns = {name: self._array(values) for name, values in rows.items()}
            rows = self._arrow.table(columns)
        if not isinstance(rows, (self._pandas.DataFrame, self._arrow.Table)):
            kinds = "a pandas data frame, an Arrow table, or NumPy arrays by name"
            raise TypeError(f"a batch must be {kinds}, got {type(rows).__module__}.{type(rows).__name__}")
        self._rows = rows
        self._is_frame = isinstance(rows, self._pandas.DataFrame)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return list(self._rows.columns if self._is_frame else self._rows.column_names)

    def column(self, name: str) -> list[Any]:
        """The values of a column as Python objects."""
        values = self._rows[name]
        return list(values.tolist() if self._is_frame else values.to_pylist())

    def keep(self, names: Collection[str], added: Mapping[str, tuple[Sequence[Any], str]]) -> Any:
        """The rows with some of their columns and new ones behind them.

        Args:
            names: of columns that stay.
            added: values of new columns by name, each with the name of its Arrow type.
        """
        kept = [name for name in self.names if name in names]
        if self._is_frame:
            columns = {name: self._series(values, kind) for name, (values, kind) in added.items()}
            return self._rows[kept].assign(**columns)
        table = self._rows.select(kept)
        for name, (values, kind) in added.items():
            table = table.append_column(name, self._arrow.array(values, self._type(kind)))
        return table

    def _type(self, kind: str) -> Any:
        return getattr(self._arrow, kind)()

    def _series(self, values: Sequence[Any], kind: str) -> Any:
        dtype = self._pandas.ArrowDtype(self._type(kind))
        return self._pandas.Series(list(values), index=self._rows.index, dtype=dtype)

    def _array(self, values: Any) -> Any:
        if getattr(values, "ndim", 1) > 1:
            values = values.tolist()
        return self._arrow.array(values, from_pandas=True)
