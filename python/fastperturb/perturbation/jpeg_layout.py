"""How the coefficients of a JPEG lie, as a record says it: sampling factors and quantisation tables.

docs/format-2.md, "Coefficients of a JPEG", defines the bytes. Nothing here has been authenticated.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .. import _core
from ..errors import RecordError
from ..region import Region

_TABLE = struct.Struct("<B64H")
BLOCK_BYTES = 128
"""Of the 64 coefficients of a block, 16 bits each."""


@dataclass(frozen=True, slots=True)
class JpegLayout:
    """What a record says of a JPEG beside its size.

    Attributes:
        factors: blocks of an MCU, (across, down), of each component: one or three.
        quantisers: 64 numbers of each component, in zigzag order.

    Raises:
        RecordError: no JPEG of 8 bits has these.
    """

    factors: tuple[tuple[int, int], ...]
    quantisers: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if len(self.factors) not in (1, 3) or len(self.quantisers) != len(self.factors):
            raise RecordError(f"a JPEG must have 1 or 3 components, got {len(self.factors)}")
        if any(not 1 <= value <= 4 for pair in self.factors for value in pair):
            raise RecordError(f"the sampling factors of a JPEG must be 1 to 4, got {self.factors}")
        most = [max(pair[axis] for pair in self.factors) for axis in (0, 1)]
        if any(most[axis] % pair[axis] for pair in self.factors for axis in (0, 1)):
            raise RecordError(f"the sampling factors of a JPEG must divide each other, got {self.factors}")
        if self.blocks > 10:
            raise RecordError(f"an MCU of a JPEG must have up to 10 blocks, got {self.blocks}")
        if len(self.factors) == 1 and self.factors[0] != (1, 1):
            raise RecordError(f"a JPEG of one component must have factors of 1, got {self.factors[0]}")
        if any(not 1 <= value <= 65_535 for table in self.quantisers for value in table):
            raise RecordError("the quantisation tables of a JPEG must hold 1 to 65535")

    @classmethod
    def of(cls, frame: _core.JpegFrame) -> JpegLayout:
        """The layout of a file."""
        factors = tuple((across, down) for _, across, down, _ in frame.components)
        return cls(factors, tuple(tuple(frame.quantiser(index)) for index in range(len(factors))))

    @property
    def blocks(self) -> int:
        """Of an MCU."""
        return sum(across * down for across, down in self.factors)

    @property
    def mcu(self) -> tuple[int, int]:
        """Width and height of an MCU in pixels."""
        return 8 * max(across for across, _ in self.factors), 8 * max(down for _, down in self.factors)

    def grid(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Rows and columns of MCUs in a picture of ``shape``, height first."""
        width, height = self.mcu
        return -(-shape[0] // height), -(-shape[1] // width)

    def box(self, region: Region, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of the MCUs that a region's clipped box touches."""
        width, height = self.mcu
        rows, columns = region.clipped(shape[0], shape[1])
        return (
            slice(rows.start // height, -(-rows.stop // height)),
            slice(columns.start // width, -(-columns.stop // width)),
        )

    def seal_size(self, mcus: int) -> tuple[int, int, int]:
        """Of the seal of so many MCUs: bytes of its coefficients, of a step, and the most bytes of its plaintext."""
        raw = mcus * self.blocks * BLOCK_BYTES
        step = max(256, -(-mcus * self.mcu[0] * self.mcu[1] // 16))
        return raw, step, -(-(raw + 9) // step) * step

    def to_bytes(self) -> bytes:
        """As CORE has it."""
        pairs = zip(self.factors, self.quantisers, strict=True)
        return b"".join(_TABLE.pack(across * 16 + down, *table) for (across, down), table in pairs)

    @classmethod
    def from_bytes(cls, data: bytes) -> JpegLayout:
        """Reads what :meth:`to_bytes` wrote."""
        items = list(_TABLE.iter_unpack(data))
        return cls(tuple((item[0] >> 4, item[0] & 15) for item in items), tuple(tuple(item[1:]) for item in items))

    @staticmethod
    def length(components: int) -> int:
        """Bytes of so many components."""
        return components * _TABLE.size
