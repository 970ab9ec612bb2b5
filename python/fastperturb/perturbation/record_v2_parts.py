"""The parts of record version 2 as values: regions, entries, recipients, and the lengths that seals can have.

docs/format-2.md defines them. Every value is checked when it is made; nothing has been authenticated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, TypeVar, get_args

from ..errors import RecordError
from ..record import CoreRegion, core_region
from ..region import MAX_COORDINATE, Region

Made = TypeVar("Made")
State: TypeAlias = Literal["none", "here", "beside", "erased"]
STATES: tuple[State, ...] = get_args(State)
NONCE_BYTES = 24
MAC_BYTES = 32
SALT_BYTES = 16
IV_BYTES = 12
TAG_BYTES = 16
MAX_REST_BYTES = 16 * 2**20
REST_STEP = 4096
CHUNK_BYTES = 65_536
"""Plain bytes of a seal that are encrypted at once."""
SEAL_STEPS = 9
"""A seal's plaintext is at most so many steps long."""
MIN_WINDOW = 4
WINDOWS = 1
"""The method whose regions come back by their permutation key, without a seal."""
METHOD_NAMES = {
    WINDOWS: "windows",
    2: "camouflage",
    3: "surrogate",
    4: "mosaic",
    5: "blur",
    6: "black",
    7: "noise",
    8: "k-same",
    9: "autoencoder",
}
ITEM_BYTES = {"uint8": 1, "uint16": 2, "float32": 4}
_NO_SALT = bytes(SALT_BYTES)


def sealed_length(plain: int) -> int:
    """How long ``plain`` bytes, at least one, are once they are encrypted in chunks."""
    return plain + TAG_BYTES * -(-plain // CHUNK_BYTES)


def plain_length(sealed: int) -> int:
    """How many plain bytes a seal of that length holds; 0 if no seal has that length."""
    plain = sealed - TAG_BYTES * -(-sealed // (CHUNK_BYTES + TAG_BYTES))
    return plain if plain > 0 and sealed_length(plain) == sealed else 0


def seal_step(raw: int) -> int:
    """Plain bytes of seals are padded to a multiple of this; ``raw`` is the size of the pixels that are sealed."""
    return max(256, -(-raw // 8))


class SealSize(NamedTuple):
    """What the length of a seal can be: bytes of what it holds, of a step of its plaintext, and of the most of it."""

    raw: int
    step: int
    most: int


def sample_seal_size(raw: int) -> SealSize:
    """Of the seal of so many bytes of samples."""
    step = seal_step(raw)
    return SealSize(raw, step, SEAL_STEPS * step)


@dataclass(frozen=True, slots=True)
class RegionV2:
    """Where a region is and what was done to it.

    Attributes:
        region: its box and shape, before clipping.
        method: 1 windows, 2 camouflage, 3 surrogate, 4 mosaic, 5 blur, 6 black, 7 noise, 8 k-same, 9 autoencoder, 255
            another one; 1 to 255.
        revision: of the method, 0 to 65,535.
        window: side of its windows in pixels, at least 4; 0 unless the method is windows.
        pixels: how many pixels were to move; 0 unless the method is windows.

    Raises:
        RecordError: a value of another kind or out of range.
    """

    region: Region
    method: int
    revision: int = 0
    window: int = 0
    pixels: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.region, Region):
            raise RecordError(f"region must be a Region, got {type(self.region).__name__}")
        check_whole(self.method, "method", 1, 255)
        check_whole(self.revision, "revision", 0, 65_535)
        windows = self.method == WINDOWS
        check_whole(self.window, "window", MIN_WINDOW if windows else 0, MAX_COORDINATE if windows else 0)
        check_whole(self.pixels, "pixels", 0, MAX_COORDINATE if windows else 0)

    @property
    def moved(self) -> int:
        """How many pixels were to move; those that no window could move, single ones, are among them."""
        return self.pixels

    @property
    def method_name(self) -> str:
        """What was done, in a word."""
        return METHOD_NAMES.get(self.method, "other")

    def core_region(self) -> CoreRegion:
        """The region as the core takes it; windows of 4 where there are none."""
        return core_region(self.region, self.window or MIN_WINDOW, self.pixels)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the record says of one region's seal and of its shown pixels.

    Attributes:
        state: where the seal is: "none" was made, "here", "beside" in a file of its own, or "erased".
        length: of the seal in bytes, 0 unless it is here or beside.
        salt: 16 bytes of which its key is made, zeros if there is none.
        iv, tag: 12 and 16 bytes: GMAC of the shown pixels that the region owns.
        mac: 32 bytes that bind all this, the region and its number to its face key.
    """

    state: State
    length: int
    salt: bytes
    iv: bytes
    tag: bytes
    mac: bytes

    def __post_init__(self) -> None:
        _check_seal(self.state, self.length, self.salt)
        check_size(self.iv, "iv", IV_BYTES)
        check_size(self.tag, "tag", TAG_BYTES)
        check_size(self.mac, "mac", MAC_BYTES)


@dataclass(frozen=True, slots=True)
class Scene:
    """GMAC of all pixels that no region owns: 12 and 16 bytes."""

    iv: bytes
    tag: bytes

    def __post_init__(self) -> None:
        check_size(self.iv, "iv", IV_BYTES)
        check_size(self.tag, "tag", TAG_BYTES)


@dataclass(frozen=True, slots=True)
class Rest:
    """Where sealed metadata are, and how long: state, length in bytes, and a salt of 16 bytes; as in :class:`Entry`."""

    state: State = "none"
    length: int = 0
    salt: bytes = _NO_SALT

    def __post_init__(self) -> None:
        _check_seal(self.state, self.length, self.salt)
        plain = plain_length(self.length)
        if self.length and (plain % REST_STEP or not 0 < plain <= MAX_REST_BYTES):
            raise RecordError(f"metadata must be sealed in steps of {REST_STEP} bytes up to 16 MiB, got {self.length}")


@dataclass(frozen=True, slots=True)
class Stanza:
    """The record's secret, or one face key, encrypted for somebody.

    Attributes:
        kind: 1 a master key, 2 a public key, 3 a public key for one face.
        body: bytes as docs/format-2.md says.
    """

    kind: int
    body: bytes

    def __post_init__(self) -> None:
        check_whole(self.kind, "the kind of a recipient", 1, 3)
        least, most = ((56, 56), (34, 4096), (36, 4096))[self.kind - 1]
        if not isinstance(self.body, bytes) or not least <= len(self.body) <= most:
            raise RecordError(
                f"a recipient of kind {self.kind} must have {least} to {most} bytes, got {self.body!r:.80}"
            )

    @property
    def face(self) -> int | None:
        """The region whose face key a stanza of kind 3 holds."""
        return int.from_bytes(self.body[:4], "little") if self.kind == 3 else None


def _check_seal(state: object, length: object, salt: object) -> None:
    if state not in STATES:
        raise RecordError(f"state must be one of {', '.join(STATES)}, got {state!r:.80}")
    check_size(salt, "salt", SALT_BYTES)
    if state in ("here", "beside"):
        check_whole(length, "the length of a seal", 1, 2**63 - 1)
    elif length != 0 or salt != _NO_SALT:
        raise RecordError(f"a seal that is {state} must have length 0 and a salt of zeros")


def unchecked(kind: type[Made], *values: object) -> Made:
    """An instance of a dataclass out of all its values, which were made here: what is read is checked."""
    made = object.__new__(kind)
    for name, value in zip(kind.__match_args__, values, strict=True):  # type: ignore[attr-defined]
        object.__setattr__(made, name, value)
    return made


def check_whole(value: object, name: str, least: int, most: int) -> None:
    """Raises RecordError unless the value is an int in that range."""
    if type(value) is not int or not least <= value <= most:
        raise RecordError(f"{name} must be a whole number from {least} to {most}, got {value!r:.80}")


def check_size(value: object, name: str, size: int) -> None:
    """Raises RecordError unless the value is bytes of that length."""
    if not isinstance(value, bytes) or len(value) != size:
        raise RecordError(f"{name} must be {size} bytes, got {value!r:.80}")
