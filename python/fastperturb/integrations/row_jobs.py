"""Jobs of rows, which travel to all machines and into logs, and what becomes of a row."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from .. import Key, PublicKey
from ..files import MAX_PIXELS
from ..recipients import MAX_RECIPIENTS, check_recipients
from .key_places import KeyPlace
from .methods import DEFAULT, check_sealed
from .places import absolute_path
from .protector import FaceOptions

JobKey: TypeAlias = "KeyPlace | PublicKey"
PROBLEMS = ("failed", "no face", "protected before")
"""Statuses of rows that have no result."""
COLUMNS = {
    "status": "string",
    "output": "string",
    "image": "large_binary",
    "record": "large_string",
    "seals": "large_binary",
    "error": "string",
}
"""The columns that are added, with their Arrow types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowJob:
    """What to do with every row. It travels to all machines and into logs, so it names the key's place, not the key.

    Attributes:
        key: who will be able to restore, one or several: where each machine finds a key, or a PublicKey, which is no
            secret and travels with the job: then no machine needs a key, and none can restore.
        options: how faces are found and protected; a detector must be named by text. Unless they say otherwise, results
            are reproducible where all recipients are secret keys.
        output: folder that all machines mount, for PNG files; a relative one is taken from the folder of the process
            that makes the job. ``None`` to have their bytes in the column ``image``.
        root: folder that paths are relative to below ``output``; ``None`` takes their last part, and of two rows whose
            last parts are the same the second fails.
        seals: "inside" the record, or "beside": in NAME.png.seal, or in the column ``seals`` without ``output``.
        record_beside: put the record into NAME.png.json instead of into the PNG; needs ``output``.
        overwrite: replace files that are there and are not the results of this job; with ``output`` it needs ``root``,
            for without it a row could replace another's result.
        max_pixels: refuse larger images.

    Raises:
        TypeError: the detector is an object, or the key is neither a place nor a PublicKey.
        ValueError: ``output`` or the key's file is an address, such as ``s3://bucket``, and no path; more than 16
            recipients; reproducible with a public key; ``seals`` is neither, or beside of windows; ``record_beside``
            without ``output``; ``overwrite`` with ``output`` and without ``root``; the options contradict each other.
    """

    key: JobKey | Sequence[JobKey] = KeyPlace()  # noqa: RUF009 frozen
    options: FaceOptions = FaceOptions()  # noqa: RUF009 frozen
    output: str | None = None
    root: str | None = None
    seals: Literal["inside", "beside"] = "inside"
    record_beside: bool = False
    overwrite: bool = False
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", _checked(self.key))
        if self.options.detector is not None and not isinstance(self.options.detector, str):
            raise TypeError(f"options.detector must be text or None, got {self.options.detector!r}")
        if self.seals not in ("inside", "beside"):
            raise ValueError(f"seals must be 'inside' or 'beside', got {self.seals!r}")
        # What no machine could do is told of here, where the job is made.
        method = self.options.make_method(DEFAULT)
        if self.seals == "beside":
            check_sealed(method, self.options.protection)
        public = [key for key in self.keys if isinstance(key, PublicKey)]
        if self.options.reproducible and public:
            check_recipients(public[:1], reproducible=True)
        if self.record_beside and self.output is None:
            raise ValueError("record_beside needs an output folder: without one the records are a column")
        if self.overwrite and self.output is not None and self.root is None:
            raise ValueError("overwrite needs a root: without one rows of one file name would replace each other")
        if self.output is not None:
            advice = "output=None gives the images as bytes, which the engine's own writers take there"
            object.__setattr__(self, "output", absolute_path(os.fspath(self.output), "output", advice))

    @property
    def keys(self) -> tuple[JobKey, ...]:
        """The recipients, one or several."""
        return self.key if isinstance(self.key, tuple) else (self.key,)

    def with_key_id(self) -> RowJob:
        """The same job with the ids of its keys, so that a machine with another key stops.

        Raises:
            ValueError: an id is not given, and this machine, where the job is made, has no such key.
        """
        known = tuple(_with_id(item) for item in self.keys)
        return replace(self, key=known if isinstance(self.key, tuple) else known[0])


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row.

    Attributes:
        status: "perturbed"; "unchanged", if the file was there; "passed", in the clear, as ``no_face`` says; or one
            of :data:`PROBLEMS`.
        output: path of the file, if one is there.
        image: the PNG, if no files are written.
        record: JSON text.
        seals: the content of a file of seals, if they are beside and no files are written.
        error: why there is no result.
    """

    status: str
    output: str | None = None
    image: bytes | None = None
    record: str | None = None
    seals: bytes | None = None
    error: str | None = None


def _checked(key: Any) -> Any:
    """A key of a job, with absolute paths; several as a tuple."""
    if isinstance(key, (list, tuple)):
        if not 1 <= len(key) <= MAX_RECIPIENTS:
            raise ValueError(f"key must name 1 to {MAX_RECIPIENTS} recipients, got {len(key)}")
        return tuple(_checked(item) for item in key)
    if isinstance(key, PublicKey):
        return key
    if not isinstance(key, KeyPlace):
        why = "for a key would travel in the clear, " if isinstance(key, Key) else "or a PublicKey, "
        raise TypeError(f"key must be a KeyPlace, {why}got {type(key).__name__}")
    if key.file is None:
        return key
    return replace(key, file=absolute_path(key.file, "the key's file", "mount it, or put the key into the environment"))


def _with_id(item: JobKey) -> JobKey:
    if isinstance(item, PublicKey) or item.key_id is not None:
        return item
    try:
        known = item.load()
    except (OSError, KeyError) as error:
        why = "key_id must be given where the job is made without the key: all machines must have the same"
        raise ValueError(f"{why} ({type(error).__name__}: {error})") from error
    return known if isinstance(known, PublicKey) else replace(item, key_id=known.id)
