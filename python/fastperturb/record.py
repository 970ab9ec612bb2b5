"""Records: all that a key holder needs to restore an image, and nothing secret.

The JSON form is defined in docs/format.md. Reading one is strict: what is not exactly a record is an error.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import RecordError
from .region import MAX_COORDINATE, Region

RECORD_VERSION = 1
NONCE_BYTES = 24
TAG_BYTES = 16
DTYPES = ("uint8", "uint16", "float32")
MAX_REGIONS = 65_535
MAX_RECORD_BYTES = 16 * 2**20
"""The longest text that is read as a record; one of :data:`MAX_REGIONS` regions is shorter."""
_FORMAT = "fastperturb-record"
_FIELDS = ("format", "version", "key_id", "nonce", "shape", "dtype", "regions", "tag")
_REGION_FIELDS = ("x", "y", "width", "height", "shape", "window", "pixels", "moved")
_MOST_LENGTHS = (MAX_COORDINATE, MAX_COORDINATE, 4)
_KEY_ID = re.compile("[0-9a-f]{16}")


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
                _int(value, name, least, MAX_COORDINATE)


@dataclass(frozen=True, slots=True)
class Record:
    """How an image was perturbed. Not secret; authenticated, with the pixels, by its tag.

    Attributes:
        key_id: public name of the key that restores the image.
        nonce: 24 bytes that no two perturbations share.
        shape: of the image, (height, width) or (height, width, channels).
        dtype: of the image: "uint8", "uint16" or "float32".
        regions: what was done where, in the order of ownership.
        tag: 16 bytes that authenticate all the above and the perturbed pixels.
        version: of the permutation and of this form.

    Raises:
        RecordError: a value of another kind or out of range, or a version that this release does not know.
    """

    key_id: str
    nonce: bytes
    shape: tuple[int, ...]
    dtype: str
    regions: tuple[RegionRecord, ...]
    tag: bytes
    version: int = RECORD_VERSION

    def __post_init__(self) -> None:
        if self.version != RECORD_VERSION or type(self.version) is not int:
            _check_version(self.version)
        if not isinstance(self.key_id, str) or not _KEY_ID.fullmatch(self.key_id):
            raise RecordError(f"key_id must be 16 lower-case hexadecimal digits, got {self.key_id!r:.80}")
        for name, data, size in (("nonce", self.nonce, NONCE_BYTES), ("tag", self.tag, TAG_BYTES)):
            if not isinstance(data, bytes) or len(data) != size:
                raise RecordError(f"{name} must be {size} bytes, got {data!r:.80}")
        if not isinstance(self.shape, tuple) or len(self.shape) not in (2, 3):
            got = len(self.shape) if isinstance(self.shape, tuple) else repr(self.shape)[:80]
            raise RecordError(f"shape must have 2 or 3 numbers, got {got}")
        for index, length in enumerate(self.shape):
            if type(length) is not int or not 1 <= length <= _MOST_LENGTHS[index]:
                _int(length, f"shape[{index}]", 1, _MOST_LENGTHS[index])
        if self.dtype not in DTYPES:
            raise RecordError(f"dtype must be one of {', '.join(DTYPES)}, got {self.dtype!r:.80}")
        for item in self.regions if isinstance(self.regions, tuple) else (self.regions,):
            if not isinstance(item, RegionRecord):
                raise RecordError(f"regions must be a tuple of RegionRecord, got {self.regions!r:.80}")
        if not 1 <= len(self.regions) <= MAX_REGIONS:
            raise RecordError(f"regions must name 1 to {MAX_REGIONS} regions, got {len(self.regions)}")

    @property
    def moved(self) -> int:
        """How many pixels moved, in all regions."""
        return sum(item.moved for item in self.regions)

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text."""
        return json.dumps(
            {
                "format": _FORMAT,
                "version": self.version,
                "key_id": self.key_id,
                "nonce": self.nonce.hex(),
                "shape": list(self.shape),
                "dtype": self.dtype,
                "regions": [_region_to_json(item) for item in self.regions],
                "tag": self.tag.hex(),
            },
            indent=indent,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """Reads what :meth:`to_json` wrote.

        Raises:
            RecordError: not a record, a field missing, unknown, repeated or out of range, an unknown version, or more
                than 16 MiB, which no record has.
        """
        if len(text) > MAX_RECORD_BYTES:
            raise RecordError(f"a record must be JSON text of up to {MAX_RECORD_BYTES} bytes, got {len(text)}")
        try:
            data = json.loads(text, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"a record must be JSON text: {error}") from None
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise RecordError(f'a record must be a JSON object with "format": "{_FORMAT}"')
        _check_version(data.get("version"))
        _check_fields(data, _FIELDS, "record")
        items = _list(data["regions"], "regions")
        if not 1 <= len(items) <= MAX_REGIONS:
            raise RecordError(f"regions must name 1 to {MAX_REGIONS} regions, got {len(items)}")
        return cls(
            key_id=data["key_id"],
            nonce=_hex(data["nonce"], "nonce", NONCE_BYTES),
            shape=tuple(_list(data["shape"], "shape")),
            dtype=data["dtype"],
            regions=tuple(_region_from_json(item, f"regions[{i}]") for i, item in enumerate(items)),
            tag=_hex(data["tag"], "tag", TAG_BYTES),
        )

    def core_regions(self) -> list[CoreRegion]:
        """The regions as the core takes them."""
        return [core_region(item.region, item.window, item.pixels) for item in self.regions]


CoreRegion: TypeAlias = tuple[int, int, int, int, int, int, int]
"""(x, y, width, height, shape, window, pixels), shape 0 for a box and 1 for an ellipse."""


def core_region(region: Region, window: int, pixels: int) -> CoreRegion:
    """A region with its window and number of pixels, as the core takes it."""
    shape = 1 if region.shape == "ellipse" else 0
    return (region.x, region.y, region.width, region.height, shape, window, pixels)


def _region_to_json(item: RegionRecord) -> dict[str, int | str]:
    r = item.region
    values = (r.x, r.y, r.width, r.height, r.shape, item.window, item.pixels, item.moved)
    return dict(zip(_REGION_FIELDS, values, strict=True))


def _region_from_json(data: Any, name: str) -> RegionRecord:
    if not isinstance(data, dict):
        raise RecordError(f"{name} must be an object, got {type(data).__name__}")
    _check_fields(data, _REGION_FIELDS, name)
    for field in ("x", "y", "width", "height"):
        _int(data[field], f"{name}.{field}", -MAX_COORDINATE, MAX_COORDINATE)
    try:
        region = Region(data["x"], data["y"], data["width"], data["height"], data["shape"])
        item = RegionRecord(region, data["window"], data["pixels"], data["moved"])
        _int(item.moved, "moved", 0, item.pixels)
    except (TypeError, ValueError) as error:
        raise RecordError(f"{name}: {error!s:.200}") from None
    return item


def _check_version(version: Any) -> None:
    if type(version) is not int or version != RECORD_VERSION:
        raise RecordError(f"version must be {RECORD_VERSION}, got {version!r:.80}; a newer release may know it")


def _check_fields(data: dict[str, Any], fields: tuple[str, ...], name: str) -> None:
    missing = [field for field in fields if field not in data]
    unknown = [field for field in data if field not in fields]
    if missing or unknown:
        what = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {_few(unknown)}"] * bool(unknown)
        raise RecordError(f"{name} {' and '.join(what)}")


def _few(names: list[str]) -> str:
    """The first of some names, which anybody may have written, as a terminal can show them."""
    shown = ", ".join(repr(name)[1:-1][:80] for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a field is given twice")
    return data


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")


def _int(value: Any, name: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise RecordError(f"{name} must be a whole number from {least} to {most}, got {value!r:.80}")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise RecordError(f"{name} must be a list, got {type(value).__name__}")
    return value


def _hex(value: Any, name: str, size: int) -> bytes:
    try:
        data = bytes.fromhex(value)
    except (TypeError, ValueError):
        data = b""
    if len(data) != size or value != data.hex():
        raise RecordError(f"{name} must be {2 * size} lower-case hexadecimal digits, got {value!r:.80}")
    return data
