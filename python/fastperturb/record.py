"""Records: all that a key holder needs to restore an image, and nothing secret.

The JSON form is defined in docs/format.md. Reading one is strict: what is not exactly a record is an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import RecordError
from .region import MAX_COORDINATE, Region

RECORD_VERSION = 1
NONCE_BYTES = 24
TAG_BYTES = 32
DTYPES = ("uint8", "uint16", "float32")
MAX_REGIONS = 65_535
_FORMAT = "fastperturb-record"
_FIELDS = ("format", "version", "key_id", "nonce", "shape", "dtype", "regions", "tag")
_REGION_FIELDS = ("x", "y", "width", "height", "shape", "window", "pixels", "moved")


@dataclass(frozen=True, slots=True)
class RegionRecord:
    """What was done to one region.

    Attributes:
        region: where.
        window: side of its windows, in pixels.
        pixels: how many pixels were to move.
        moved: how many did; less than ``pixels`` only where single pixels were left over that no window could move.
    """

    region: Region
    window: int
    pixels: int
    moved: int


@dataclass(frozen=True, slots=True)
class Record:
    """How an image was perturbed. Not secret; authenticated, with the pixels, by its tag.

    Attributes:
        key_id: public name of the key that restores the image.
        nonce: 24 bytes that no two perturbations share.
        shape: of the image, (height, width) or (height, width, channels).
        dtype: of the image: "uint8", "uint16" or "float32".
        regions: what was done where, in the order of ownership.
        tag: 32 bytes, a keyed hash of all the above and of the perturbed pixels.
        version: of the permutation and of this form.
    """

    key_id: str
    nonce: bytes
    shape: tuple[int, ...]
    dtype: str
    regions: tuple[RegionRecord, ...]
    tag: bytes
    version: int = RECORD_VERSION

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
            RecordError: not a record, a field missing, unknown, repeated or out of range, or an unknown version.
        """
        try:
            data = json.loads(text, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"a record must be JSON text: {error}") from None
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise RecordError(f'a record must be a JSON object with "format": "{_FORMAT}"')
        if type(data.get("version")) is not int or data["version"] != RECORD_VERSION:
            raise RecordError(
                f"version must be {RECORD_VERSION}, got {data.get('version')!r}; a newer release may know it"
            )
        _check_fields(data, _FIELDS, "record")
        shape = _list(data["shape"], "shape")
        if len(shape) not in (2, 3):
            raise RecordError(f"shape must have 2 or 3 numbers, got {len(shape)}")
        for index, length in enumerate(shape):
            _int(length, f"shape[{index}]", 1, 4 if index == 2 else MAX_COORDINATE)
        if data["dtype"] not in DTYPES:
            raise RecordError(f"dtype must be one of {', '.join(DTYPES)}, got {data['dtype']!r}")
        items = _list(data["regions"], "regions")
        if not 1 <= len(items) <= MAX_REGIONS:
            raise RecordError(f"regions must name 1 to {MAX_REGIONS} regions, got {len(items)}")
        return cls(
            key_id=_hex(data["key_id"], "key_id", 8).hex(),
            nonce=_hex(data["nonce"], "nonce", NONCE_BYTES),
            shape=tuple(shape),
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
    window = _int(data["window"], f"{name}.window", 2, MAX_COORDINATE)
    pixels = _int(data["pixels"], f"{name}.pixels", 0, MAX_COORDINATE)
    moved = _int(data["moved"], f"{name}.moved", 0, pixels)
    try:
        region = Region(data["x"], data["y"], data["width"], data["height"], data["shape"])
    except (TypeError, ValueError) as error:
        raise RecordError(f"{name}: {error}") from None
    return RegionRecord(region, window, pixels, moved)


def _check_fields(data: dict[str, Any], fields: tuple[str, ...], name: str) -> None:
    missing = [field for field in fields if field not in data]
    unknown = [field for field in data if field not in fields]
    if missing or unknown:
        what = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(unknown)}"] * bool(unknown)
        raise RecordError(f"{name} {' and '.join(what)}")


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
