"""Records: all that a key holder needs to restore an image, and nothing secret.

Each record version has a module of its own in perturbation/, which says what its records hold and how they are written
(docs/format.md). Reading is strict: what is not exactly a record is an error.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .checks import region_number
from .errors import RecordError
from .face_key import FaceKey
from .key import Key
from .region import MAX_COORDINATE, Region
from .strict_texts import no_repeats

NONCE_BYTES = 24
TAG_BYTES = 16
DTYPES = ("uint8", "uint16", "float32")
MAX_REGIONS = 65_535
MAX_RECORD_BYTES = 16 * 2**20
"""The longest text that is read as a record; one of :data:`MAX_REGIONS` regions is shorter."""
_SPARE_SIGNS = 1000  # so that a record with a few things too many is told what they are
FORMAT = "fastperturb-record"
_MOST_LENGTHS = (MAX_COORDINATE, MAX_COORDINATE, 4)


class CoreRegion(NamedTuple):
    """A region with its window and number of pixels, as the core takes it; shape 0 for a box and 1 for an ellipse."""

    x: int
    y: int
    width: int
    height: int
    shape: int
    window: int
    pixels: int


def core_region(region: Region, window: int, pixels: int) -> CoreRegion:
    """A region as the core takes it."""
    shape = 1 if region.shape == "ellipse" else 0
    return CoreRegion(region.x, region.y, region.width, region.height, shape, window, pixels)


@dataclass(frozen=True, slots=True)
class RegionRecord:
    """What was done to one region.

    Attributes:
        region: where.
        window: side of its windows, in pixels.
        pixels: how many pixels were to move.
        moved: how many did; less than ``pixels`` only where single pixels were left over that no window could move.

    Raises:
        RecordError: a value of another kind or out of range.
    """

    region: Region
    window: int
    pixels: int
    moved: int

    def __post_init__(self) -> None:
        if not isinstance(self.region, Region):
            raise RecordError(f"region must be a Region, got {type(self.region).__name__}")
        for value, name, least in ((self.window, "window", 2), (self.pixels, "pixels", 0), (self.moved, "moved", 0)):
            if type(value) is not int or not least <= value <= MAX_COORDINATE:
                check_int(value, name, least, MAX_COORDINATE)


class Record(ABC):
    """How an image was protected. Not secret; authenticated, with the pixels, by its tags.

    :func:`fastperturb.perturb` makes records and :meth:`from_json` reads them; what each version holds is in its own
    class.

    Attributes:
        version: of the record's form and of all that it stands for; docs/format.md defines each.
        shape: of the image, (height, width) or (height, width, channels).
        dtype: of the image: "uint8", "uint16" or "float32".
        regions: what was done where; each item has at least ``region``, ``window``, ``pixels`` and ``moved``.
        key_id: public name of the key that restores the image; None where the version names none.
    """

    __slots__ = ()

    version: int
    key_id: str | None
    shape: tuple[int, ...]
    dtype: str
    regions: tuple[Any, ...]

    def to_bytes(self) -> bytes:
        """The record in binary, of versions that have such a form."""
        raise RecordError(f"a record of version {self.version} has no binary form")

    @abstractmethod
    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text."""

    @staticmethod
    def from_json(text: str | bytes | bytearray, *, max_regions: int = MAX_REGIONS) -> Record:
        """Reads what :meth:`to_json` wrote, of any version that this release knows.

        Args:
            text: JSON; bytes in UTF-8.
            max_regions: how many regions it may have, for those who read what strangers send.

        Raises:
            RecordError: not a record, a field missing, unknown, repeated or out of range, an unknown version, too many
                regions, or more than 16 MiB, which no record has but for its seals.
        """
        data = read_object(text, max_regions)
        version = data.get("version")
        if type(version) is not int or version not in READERS:
            known = " or ".join(str(number) for number in sorted(READERS))
            raise RecordError(f"version must be {known}, got {version!r:.80}; a newer release may know it")
        return READERS[version](data, max_regions)

    @abstractmethod
    def opens_with(self, key: Key) -> bool:
        """Whether this key is the one that restores the image, or one of them."""

    def face_key(self, key: Key, index: int) -> FaceKey:
        """The key of one face; see :meth:`fastperturb.Key.face_key`."""
        number = region_number("index", index, len(self.regions))
        if self.version not in FACE_KEYS:
            raise RecordError(f"a record of version {self.version} has no face keys; it restores as a whole")
        return FACE_KEYS[self.version](self, key, number)

    @property
    def sealed(self) -> bool:
        """Whether every region comes back out of a seal, whatever happens to the pixels that are shown."""
        return False

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the seals that the record has and that are not at hand."""
        return ()

    def beside_bytes(self) -> bytes:
        """The content of the file of seals beside the picture; empty if none belong there."""
        return b""

    @property
    def places_beside(self) -> bool:
        """Whether seals belong into the file beside the picture."""
        return False

    def with_beside(self, data: bytes) -> Record:
        """The record with the seals out of that file."""
        raise RecordError(f"a record of version {self.version} has no seals")

    @property
    def moved(self) -> int:
        """How many pixels moved, in all regions."""
        return sum(item.moved for item in self.regions)

    def core_regions(self) -> list[CoreRegion]:
        """The regions as the core takes them."""
        return [core_region(item.region, item.window, item.pixels) for item in self.regions]


FACE_KEYS: dict[int, Callable[[Any, Key, int], FaceKey]] = {}
"""What makes the key of one face, by version; perturbation/formats.py fills it."""

READERS: dict[int, Callable[[dict[str, Any], int], Record]] = {}
"""What reads the fields of a record of up to so many regions, by version; perturbation/formats.py fills it."""


def read_object(text: str | bytes | bytearray, max_regions: int = MAX_REGIONS) -> dict[str, Any]:
    """The fields of a record's JSON text, its version not looked at.

    Raises:
        RecordError: longer than any record, with more in it than one of ``max_regions`` regions has, not UTF-8 JSON of
            an object, a field given twice, or another format.
    """
    if len(text) > MAX_RECORD_BYTES and not _is_wrapper(text):
        raise RecordError(f"a record must be JSON text of up to {MAX_RECORD_BYTES} bytes, got {len(text)}")
    for sign, most in {"[": 2, "{": 1 + max_regions, ",": 9 + 8 * max_regions, ":": 8 + 8 * max_regions}.items():
        count = text.count(sign) if isinstance(text, str) else text.count(sign.encode("ascii"))
        if count > most + _SPARE_SIGNS:  # a parser would make objects of them, many times as large as the text
            raise RecordError(
                f"a record must be JSON text with up to {most} {sign!r} for {max_regions} regions, got {count}"
            )
    try:
        plain = text if isinstance(text, str) else text.decode("utf-8")
        data = json.loads(plain, object_pairs_hook=no_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"a record must be JSON text: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise RecordError(f'a record must be a JSON object with "format": "{FORMAT}"')
    return data


def _is_wrapper(text: str | bytes | bytearray) -> bool:
    """Whether text has the quotes and brackets of an object of three fields, as record version 2 is: cheap to parse."""
    counts = [text.count(mark) if isinstance(text, str) else text.count(mark.encode()) for mark in '"{[']
    return counts == [10, 1, 0]


def check_layout(shape: tuple[int, ...], dtype: str, regions: tuple[RegionRecord, ...]) -> None:
    """Raises RecordError unless an image's shape and dtype, and what was done to its regions, can be a record's."""
    if not isinstance(shape, tuple) or len(shape) not in (2, 3):
        got = len(shape) if isinstance(shape, tuple) else repr(shape)[:80]
        raise RecordError(f"shape must have 2 or 3 numbers, got {got}")
    for index, length in enumerate(shape):
        if type(length) is not int or not 1 <= length <= _MOST_LENGTHS[index]:
            check_int(length, f"shape[{index}]", 1, _MOST_LENGTHS[index])
    if dtype not in DTYPES:
        raise RecordError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r:.80}")
    for item in regions if isinstance(regions, tuple) else (regions,):
        if not isinstance(item, RegionRecord):
            raise RecordError(f"regions must be a tuple of RegionRecord, got {regions!r:.80}")
    check_count(len(regions))


def check_count(regions: int, most: int = MAX_REGIONS) -> None:
    """Raises RecordError unless a record can have so many regions, and a reader wants to take them."""
    if not 1 <= regions <= most:
        raise RecordError(f"regions must name 1 to {most} regions, got {regions}")


def check_fields(data: dict[str, Any], fields: tuple[str, ...], name: str) -> None:
    """Raises RecordError unless an object has exactly these fields."""
    missing = [field for field in fields if field not in data]
    unknown = [field for field in data if field not in fields]
    if missing or unknown:
        what = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {_first(unknown)}"] * bool(unknown)
        raise RecordError(f"{name} {' and '.join(what)}")


def _first(names: list[str]) -> str:
    """The first of some names, which anybody may have written, as a terminal can show them."""
    shown = ", ".join(repr(name)[1:-1][:80] for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")


def check_int(value: Any, name: str, least: int, most: int) -> int:
    """A whole number in a range; anything else is a RecordError."""
    if type(value) is not int or not least <= value <= most:
        raise RecordError(f"{name} must be a whole number from {least} to {most}, got {value!r:.80}")
    return value


def check_list(value: Any, name: str) -> list[Any]:
    """A list; anything else is a RecordError."""
    if not isinstance(value, list):
        raise RecordError(f"{name} must be a list, got {type(value).__name__}")
    return value


def read_hex(value: Any, name: str, size: int) -> bytes:
    """The bytes of so many lower-case hexadecimal digits; anything else is a RecordError."""
    try:
        data = bytes.fromhex(value)
    except (TypeError, ValueError):
        data = b""
    if len(data) != size or value != data.hex():
        raise RecordError(f"{name} must be {2 * size} lower-case hexadecimal digits, got {value!r:.80}")
    return data
