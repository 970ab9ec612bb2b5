"""Whole Parquet files of images to whole Parquet files of protected ones: the unit of work of very large jobs.

A file is there when all of its rows are done, so that what is there is the checkpoint (docs/clusters.md).
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from .._optional import import_extra
from .batches import Batch
from .places import check_absolute
from .row_jobs import PROBLEMS, RowJob
from .rows import PerturbImages

MARK = b"fastperturb-shard"
"""The metadata of a Parquet file by which a later run knows that it is the result of the same file, options and key."""
SHARD_COLUMNS = ("status", "output", "rows", "problems", "error")
_KINDS = {"rows": "int64", "problems": "int64"}


def check_shard_job(job: RowJob) -> None:
    """Stops where the images of shards would go to files of their own.

    Raises:
        ValueError: the job has an output folder.
    """
    if job.output is not None:
        raise ValueError(f"the job of shards must have output=None, got {job.output!r}")


class PerturbShards:
    """A callable that protects Parquet files: rows with a column ``shard`` of paths in, what became of each out.

    Each goes to a file of its name in ``output``, with the columns of :class:`PerturbImages`, under a hidden name until
    it is whole. One that is there and came from the same file (by size and time), options and key is "unchanged"; any
    other is an error, unless the job overwrites. What this object wrote for another file of that name is an error in
    any case; other processes do not know of it, so that all files need different names. The rows that come out have the
    columns of :data:`SHARD_COLUMNS`.

    Args:
        job: what to do with every row; its ``output`` must be ``None``, as images stay in the column ``image``.
        output: the folder of the results, an absolute path that all machines mount.
        path: name of the column of paths in the Parquet files.
        data: name of the column of bytes in them.

    Raises:
        ValueError: the job writes files of its own, or ``output`` is not absolute.
        OSError, KeyError: this machine does not have the key.
    """

    def __init__(self, job: RowJob, output: str, *, path: str = "path", data: str = "bytes") -> None:
        check_shard_job(job)
        check_absolute(output, "output")
        self._pandas = import_extra("pandas", "ray")
        self._arrow = import_extra("pyarrow", "ray")
        self._parquet = import_extra("pyarrow.parquet", "ray")
        self._images = PerturbImages(job, path=path, data=data, folder=output)
        self._overwrite, self._output = job.overwrite, Path(output)
        self._written: dict[Path, Path] = {}

    def __call__(self, rows: Any) -> Any:
        """Protects the files that rows name, in any kind of batch; one that fails does not fail the others."""
        batch = Batch(rows)
        results = [self._attempt(Path(shard)) for shard in batch.column("shard")]
        added = {
            name: ([result[number] for result in results], _KINDS.get(name, "string"))
            for number, name in enumerate(SHARD_COLUMNS)
        }
        return batch.keep(["shard"], added)

    def _attempt(self, shard: Path) -> tuple[str, str | None, int | None, int | None, str | None]:
        try:
            return (*self._protect(shard), None)
        except Exception as error:
            return "failed", None, None, None, f"{type(error).__name__}: {error}"

    def _protect(self, shard: Path) -> tuple[str, str, int, int]:
        facts = shard.stat()
        mark = self._images.marks.mark(json.dumps(["shard", facts.st_size, facts.st_mtime_ns]).encode())
        target = self._output / shard.name
        if target.exists():
            metadata = self._parquet.read_schema(target).metadata or {}
            known, rows, problems = (metadata.get(MARK, b"") + b"  ").split(b" ")[:3]
            if self._images.marks.fits(known.decode("ascii", "replace"), mark):
                return "unchanged", os.fspath(target), int(rows), int(problems)
            if not self._overwrite or self._written.get(target, shard) != shard:
                raise FileExistsError(17, "it is not the result of this file, options and key", os.fspath(target))
        table = self._parquet.read_table(shard)
        done = self._images(table.to_pandas(types_mapper=self._pandas.ArrowDtype))
        problems = int(done["status"].isin(PROBLEMS).sum())
        result = self._arrow.Table.from_pandas(done, preserve_index=False)
        shown = [memoryview(image) for image in done["image"] if isinstance(image, bytes)]
        text = f"{self._images.marks.text(mark, shown)} {len(done)} {problems}".encode()
        self._write(result.replace_schema_metadata({**(result.schema.metadata or {}), MARK: text}), target)
        self._written[target] = shard
        return "perturbed", os.fspath(target), len(done), problems

    def _write(self, table: Any, target: Path) -> None:
        """Writes a table that gets its name when it is whole and on the disk."""
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = target.with_name(f".{target.name}.{secrets.token_hex(4)}.fastperturb-partial")
        try:
            with hidden.open("xb") as file:
                self._parquet.write_table(table, file, use_dictionary=False)
                file.flush()
                os.fsync(file.fileno())
            hidden.replace(target)
        finally:
            hidden.unlink(missing_ok=True)
