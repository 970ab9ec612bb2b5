"""Ray Data: a data set of paths or bytes of images in, protected images and records out, on one machine or many.

``python -m fastperturb.integrations.ray IN OUT`` does a folder (__main__.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from ..._optional import import_extra
from ..key_places import KeyPlace
from ..places import absolute_path
from ..protector import FaceOptions
from ..row_jobs import COLUMNS, PROBLEMS, RowJob, RowResult
from ..rows import PerturbImages
from ..shards import SHARD_COLUMNS, PerturbShards, check_shard_job
from .pool import Workers, pool_options

__all__ = [
    "COLUMNS",
    "PROBLEMS",
    "SHARD_COLUMNS",
    "FaceOptions",
    "KeyPlace",
    "PerturbImages",
    "PerturbShards",
    "RowJob",
    "RowResult",
    "perturb_dataset",
    "perturb_shards",
    "pool_options",
]

_ELSE = "on an object store use perturb_dataset with the engine's own readers and writers"


def perturb_dataset(
    dataset: Any,
    job: RowJob,
    *,
    workers: Workers = 1,
    batch_size: int = 32,
    path: str = "path",
    data: str = "bytes",
) -> Any:
    """Protects every row of a Ray data set, in a pool of actors that each load key and detector once.

    Args:
        dataset: a ``ray.data.Dataset`` with a column of paths that every machine can read, or of the bytes of files
            (``ray.data.read_binary_files(…, include_paths=True)`` gives both), or both.
        job: what to do with every row.
        workers: how many actors, or the (least, most) of them. Each holds one processor, or a share of one where
            reading and writing would find none (:func:`pool_options`).
        batch_size: rows that an actor takes at once.
        path: name of the column of paths.
        data: name of the column of bytes; it is not in the result.

    Returns:
        A lazy data set with the columns of :class:`RowResult` added: ``status``, ``output`` (files) or ``image``
        (bytes), ``record``, ``error``. A row that fails has an error and no image; the job goes on.

    Raises:
        TypeError, ValueError: ``workers`` is not as said above; the job does not name the id of its key, and this
            machine does not have the key.
        MissingExtra: Ray is not installed.
    """
    return dataset.map_batches(
        PerturbImages,
        fn_constructor_args=(job.with_key_id(),),
        fn_constructor_kwargs={"path": path, "data": data},
        batch_format="pyarrow",
        batch_size=batch_size,
        **pool_options(workers),
    )


def perturb_shards(
    shards: Sequence[str],
    job: RowJob,
    output: str,
    *,
    workers: Workers = 1,
    path: str = "path",
    data: str = "bytes",
) -> Any:
    """Protects Parquet files of images, each to a file of its name that appears when it is whole.

    Args:
        shards: paths of the files, which every machine can read.
        job: what to do with every row, with ``output=None``.
        output: the folder of the results, which every machine can write; a relative one is taken from the folder of
            this process.
        workers: as for :func:`perturb_dataset`.
        path: name of the column of paths in the files.
        data: name of the column of bytes in them.

    Returns:
        A lazy data set of what became of each file: the columns ``shard`` and :data:`SHARD_COLUMNS`.

    Raises:
        TypeError, ValueError: two files have one name, ``shards`` or ``output`` are addresses and no paths; otherwise
            as for :func:`perturb_dataset`.
        MissingExtra: Ray is not installed.
    """
    check_shard_job(job)
    names = {PurePath(shard).name for shard in shards}
    if len(names) != len(shards):
        raise ValueError(f"shards must have different names, got {len(names)} for {len(shards)}")
    paths = [absolute_path(shard, "shards", _ELSE) for shard in shards]
    output = absolute_path(output, "output", _ELSE)
    data_module, options = import_extra("ray.data", "ray"), pool_options(workers)
    rows = data_module.from_items([{"shard": shard} for shard in paths], override_num_blocks=max(1, len(shards)))
    return rows.map_batches(
        PerturbShards,
        fn_constructor_args=(job.with_key_id(), output),
        fn_constructor_kwargs={"path": path, "data": data},
        batch_format="pyarrow",
        batch_size=1,
        **options,
    )
