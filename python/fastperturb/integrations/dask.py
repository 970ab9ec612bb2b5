"""Dask: the callable of rows.py on the partitions of a data frame, with key and detector once in each process."""

from __future__ import annotations

import pickle
from functools import lru_cache
from typing import Any

from .._optional import import_extra
from .key_places import KeyPlace
from .protector import FaceOptions
from .row_jobs import COLUMNS, PROBLEMS, RowJob, RowResult
from .rows import PerturbImages

__all__ = [
    "COLUMNS",
    "PROBLEMS",
    "FaceOptions",
    "KeyPlace",
    "PerturbImages",
    "RowJob",
    "RowResult",
    "perturb_dataframe",
]


def perturb_dataframe(frame: Any, job: RowJob, *, path: str = "path", data: str = "bytes") -> Any:
    """Protects every row of a Dask data frame.

    Args:
        frame: a ``dask.dataframe`` with a column of paths that every machine can read, or of the bytes of files.
        job: what to do with every row.
        path: name of the column of paths.
        data: name of the column of bytes; it is not in the result.

    Returns:
        A lazy data frame with the columns of :class:`RowResult` added. A row that fails has an error and no image.

    Raises:
        ValueError: the job does not name the id of its key, and this machine does not have the key.
        MissingExtra: Dask's data frames are not installed.
    """
    import_extra("dask.dataframe", "dask")
    pandas, arrow = import_extra("pandas", "dask"), import_extra("pyarrow", "dask")
    rest = frame._meta.drop(columns=[name for name in (data,) if name in frame.columns])
    kinds = {name: pandas.ArrowDtype(getattr(arrow, kind)()) for name, kind in COLUMNS.items()}
    meta = rest.assign(**{name: pandas.Series([], index=rest.index, dtype=kind) for name, kind in kinds.items()})
    return frame.map_partitions(_partition, pickle.dumps(job.with_key_id()), path, data, meta=meta)


def _partition(frame: Any, job: bytes, path: str, data: str) -> Any:
    return _images(job, path, data)(frame)


@lru_cache(maxsize=4)
def _images(job: bytes, path: str, data: str) -> PerturbImages:
    """The callable for a job, pickled: not every protection can be a key of a table."""
    return PerturbImages(pickle.loads(job), path=path, data=data)  # noqa: S301 it was made above
