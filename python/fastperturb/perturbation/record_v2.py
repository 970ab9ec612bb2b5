"""Record version 2: how an image was protected, with all that brings it back.

docs/format-2.md defines it; record_v2_bytes.py has its bytes and JSON. Nothing here has been authenticated:
perturbation/format_v2.py makes records and format_v2_open.py opens them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..errors import RecordError
from ..key import Key
from ..record import CoreRegion, Record
from ..region import MAX_COORDINATE, Region
from .format_v2_recipients import is_for
from .jpeg_layout import JpegLayout
from .record_v2_bytes import to_bytes, to_json
from .record_v2_parts import (
    ITEM_BYTES,
    MAC_BYTES,
    NONCE_BYTES,
    WINDOWS,
    Entry,
    RegionV2,
    Rest,
    Scene,
    SealSize,
    Stanza,
    check_size,
    check_whole,
    plain_length,
    sample_seal_size,
    unchecked,
)

MAX_REGIONS = 65_535
MAX_STANZAS = 16
NO_REST = Rest()


@dataclass(frozen=True, slots=True)
class RecordV2(Record):
    """How an image was protected, with what brings it back. Not secret; authenticated by the record's secret.

    Attributes:
        shape: of the image, (height, width) or (height, width, channels).
        dtype: of the image: "uint8", "uint16" or "float32".
        regions: 1 to 65,535, in raster order of their corners as a rule; ownership does not depend on it but for ties.
        nonce, commitment: 24 and 32 bytes.
        entries: one a region.
        scene: the tag of the surroundings, or None.
        rest: where sealed metadata are.
        stanzas: up to 16 recipients.
        mac: 32 bytes: the MAC of all the above under the record's secret.
        seals: one a region, and the metadata last; None where there is none or where it is not at hand. They are not
            part of what two records are compared by, for the rest says which ones they must be.
        layout: of the coefficients, where regions and seals are of the coefficients of a JPEG and not of samples.

    Raises:
        RecordError: a value of another kind or out of range, or parts that cannot belong together.
    """

    shape: tuple[int, ...]
    dtype: str
    regions: tuple[RegionV2, ...]
    nonce: bytes
    commitment: bytes
    entries: tuple[Entry, ...]
    mac: bytes
    scene: Scene | None = None
    rest: Rest = NO_REST
    stanzas: tuple[Stanza, ...] = ()
    seals: tuple[bytes | None, ...] = field(default=(), repr=False, compare=False)
    layout: JpegLayout | None = None

    version = 2
    key_id = None

    def __post_init__(self) -> None:
        check_core(self.shape, self.dtype, self.regions, self.layout)
        check_size(self.nonce, "nonce", NONCE_BYTES)
        check_size(self.commitment, "commitment", MAC_BYTES)
        check_size(self.mac, "mac", MAC_BYTES)
        if len(self.entries) != len(self.regions):
            raise RecordError(f"a record must have an entry a region, got {len(self.entries)} of {len(self.regions)}")
        for index, (item, entry) in enumerate(zip(self.regions, self.entries, strict=True)):
            _check_entry(index, item, entry, self)
        _check_stanzas(self)
        if not self.seals:
            object.__setattr__(self, "seals", (None,) * (len(self.regions) + 1))
        _check_seals(self)

    @classmethod
    def made(cls, *values: object) -> RecordV2:
        """A record out of all its values, in order, of which only the recipients were not made or checked before.

        Raises:
            RecordError: more than 16 recipients, or one that names a face that is not there.
        """
        record = unchecked(cls, *values)
        _check_stanzas(record)
        return record

    def opens_with(self, key: Key) -> bool:
        """Whether a recipient is this key, by its hint, or its public half, by opening what is for it.

        Raises:
            MissingExtra: there are public keys, and cryptography is older than 48.
        """
        return any(is_for(key, stanza, self.nonce, self.commitment) for stanza in self.stanzas)

    def to_bytes(self) -> bytes:
        """The record with the seals that are in it.

        Raises:
            RecordError: such a seal is not at hand.
        """
        return to_bytes(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text: a wrapper of its bytes, without a second copy of any number."""
        return to_json(self, indent=indent)

    @property
    def places(self) -> tuple[Entry | Rest, ...]:
        """All that says where a seal is: the entries, and the metadata last."""
        return (*self.entries, self.rest)

    @property
    def sealed(self) -> bool:
        """Whether every region comes back out of a seal, whatever happens to the pixels that are shown."""
        return all(entry.length for entry in self.entries)

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the seals that the record has and that are not at hand; the metadata are the last number."""
        pairs = zip(self.places, self.seals, strict=True)
        return tuple(i for i, (place, seal) in enumerate(pairs) if place.length and seal is None)

    def core_regions(self) -> list[CoreRegion]:
        """The regions as the core takes them."""
        return [item.core_region() for item in self.regions]

    def with_mac(self, mac: bytes) -> RecordV2:
        """The record with another MAC; the rest has been checked already."""
        other = unchecked(RecordV2, *(getattr(self, name) for name in self.__match_args__))
        other.set_mac(mac)
        return other

    def set_mac(self, mac: bytes) -> None:
        """Gives a record that nobody else has seen yet its MAC, which depends on all the rest of it."""
        check_size(mac, "mac", MAC_BYTES)
        object.__setattr__(self, "mac", mac)

    def beside_bytes(self) -> bytes:
        """The content of the file beside the picture: commitment and all seals that belong there; empty if none do.

        Raises:
            RecordError: such a seal is not at hand.
        """
        parts = [seal for place, seal in zip(self.places, self.seals, strict=True) if place.state == "beside"]
        if any(part is None for part in parts):
            raise RecordError("the seals beside the picture are not at hand")
        return b"".join([self.commitment, *(part for part in parts if part)]) if parts else b""

    @property
    def places_beside(self) -> bool:
        """Whether seals belong into the file beside the picture."""
        return any(place.state == "beside" for place in self.places)

    def with_beside(self, data: bytes) -> RecordV2:
        """The record with the seals out of the file beside the picture.

        Raises:
            RecordError: the file belongs to another record, or has another length than the record says.
        """
        length = MAC_BYTES + sum(place.length for place in self.places if place.state == "beside")
        if data[:MAC_BYTES] != self.commitment:
            raise RecordError("the seals are those of another picture")
        if len(data) != length:
            raise RecordError(f"the file of seals must have {length} bytes, got {len(data)}")
        seals, start = list(self.seals), MAC_BYTES
        for index, place in enumerate(self.places):
            if place.state == "beside":
                seals[index], start = bytes(data[start : start + place.length]), start + place.length
        return replace(self, seals=tuple(seals))

    def seal_size(self, owned: int) -> SealSize:
        """Of the seal of so many pixels or, of a JPEG, MCUs."""
        if self.layout is not None:
            return SealSize(*self.layout.seal_size(owned))
        return sample_seal_size(owned * pixel_bytes(self.shape, self.dtype))

    def check_lengths(self, owned: Sequence[int]) -> None:
        """Checks lengths of seals, at hand or not, and windows' pixels against the pixels that each region owns.

        Of a JPEG, ``owned`` are numbers of MCUs.

        Raises:
            RecordError: a length that no seal of so many pixels has; more pixels to move than the region owns.
        """
        if len(owned) != len(self.regions):
            raise ValueError(f"owned must name {len(self.regions)} numbers of pixels, got {len(owned)}")
        for index, (entry, pixels) in enumerate(zip(self.entries, owned, strict=True)):
            if entry.length:
                check_length(index, entry.length, self.seal_size(pixels), exact=True)
            if self.regions[index].pixels > pixels:
                raise RecordError(
                    f"region {index} must move 0 to the {pixels} pixels that it owns, got {self.regions[index].pixels}"
                )


def pixel_bytes(shape: tuple[int, ...], dtype: str) -> int:
    """Bytes of one pixel."""
    return ITEM_BYTES[dtype] * (shape[2] if len(shape) == 3 else 1)


def check_core(
    shape: tuple[int, ...], dtype: str, regions: Sequence[RegionV2], layout: JpegLayout | None = None
) -> None:
    """Checks what a record says of the image and of its regions.

    Raises:
        RecordError: out of range, a region outside the image, or boxes that cover more than docs/format-2.md allows.
    """
    if not isinstance(shape, tuple) or len(shape) not in (2, 3):
        raise RecordError(f"shape must have 2 or 3 numbers, got {shape!r:.80}")
    for length, most in zip(shape, (MAX_COORDINATE, MAX_COORDINATE, 4), strict=False):
        check_whole(length, "a length of shape", 1, most)
    if dtype not in ITEM_BYTES:
        raise RecordError(f"dtype must be one of {', '.join(ITEM_BYTES)}, got {dtype!r:.80}")
    if layout is not None:
        _check_layout(shape, dtype, regions, layout)
    if not 1 <= len(regions) <= MAX_REGIONS:
        raise RecordError(f"a record must have 1 to {MAX_REGIONS} regions, got {len(regions)}")
    covered, most = 0, shape[0] * shape[1] + 2**20
    for index, item in enumerate(regions):
        area = _clipped_area(item.region, shape)
        if area == 0:
            raise RecordError(f"region {index} must touch the image")
        covered += area
        if covered // 16 > most:
            raise RecordError("the regions' boxes must not cover more than 16 images and 2^24 pixels")


def _check_layout(shape: tuple[int, ...], dtype: str, regions: Sequence[RegionV2], layout: JpegLayout) -> None:
    components = shape[2] if len(shape) == 3 else 1
    if dtype != "uint8" or len(layout.factors) != components or (len(shape) == 3 and components != 3):
        raise RecordError(f"a JPEG must have uint8 samples and 1 or 3 components, got {dtype} and shape {shape}")
    if max(shape[:2]) > 65_535:
        raise RecordError(f"a JPEG must have sides of up to 65535 pixels, got {shape[1]} x {shape[0]}")
    if any(item.method == WINDOWS for item in regions):
        raise RecordError("the regions of a JPEG must not be windows, whose pixels no JPEG keeps")


def _clipped_area(region: Region, shape: tuple[int, ...]) -> int:
    x, y = region.x, region.y
    down = min(y + region.height, shape[0]) - (y if y > 0 else 0)
    across = min(x + region.width, shape[1]) - (x if x > 0 else 0)
    return down * across if down > 0 and across > 0 else 0


def _check_entry(index: int, item: RegionV2, entry: Entry, record: RecordV2) -> None:
    if item.method == WINDOWS and entry.state != "none":
        raise RecordError(f"region {index} of windows must have no seal, got one that is {entry.state}")
    if entry.length:
        if record.layout is None:
            most = _clipped_area(item.region, record.shape)
        else:
            rows, columns = record.layout.box(item.region, record.shape)
            most = (rows.stop - rows.start) * (columns.stop - columns.start)
        check_length(index, entry.length, record.seal_size(most), exact=False)


def check_length(index: int, length: int, size: SealSize, *, exact: bool) -> None:
    """Checks the length of a seal of that size or, unless exact, of up to that size.

    Raises:
        RecordError: no such seal has that length.
    """
    plain = plain_length(length)
    if not 0 < plain <= size.most or (exact and plain % size.step):
        raise RecordError(f"the seal of region {index} cannot have {length} bytes")


def _check_stanzas(record: RecordV2) -> None:
    if len(record.stanzas) > MAX_STANZAS:
        raise RecordError(f"a record may have up to {MAX_STANZAS} recipients, got {len(record.stanzas)}")
    for stanza in record.stanzas:
        if stanza.face is not None and stanza.face >= len(record.regions):
            raise RecordError(f"a recipient names face {stanza.face} of {len(record.regions)}")


def _check_seals(record: RecordV2) -> None:
    if len(record.seals) != len(record.places):
        raise RecordError(f"seals must name {len(record.places)} seals, got {len(record.seals)}")
    for index, (place, seal) in enumerate(zip(record.places, record.seals, strict=True)):
        if seal is not None and (not isinstance(seal, bytes) or len(seal) != place.length or not place.length):
            raise RecordError(f"seal {index} must have {place.length} bytes, got {len(seal)}")
