"""A network that guesses clear faces out of protected ones, and the crops that it sees.

A small U-Net (Ronneberger, Fischer, Brox 2015) with a narrow layer across the whole face, fitted by torch (extra
``train``) on protected and clear pairs. It begins from the view, and learns what to add.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import Face
from ..._optional import import_opencv
from ..datasets.sample import Pixels
from .alignment import as_rgb
from .learning import descend, seeded_torch

SIDE = 64
_AROUND = 1.7  # of the box's longer side
_CHANNELS = (24, 32, 48)
_NARROW = 64
_STEPS, _BATCH, _RATE = 120, 16, 6e-3

Planes = NDArray[np.float32]


class Square(NamedTuple):
    """A square of an image, which may reach beyond its edges."""

    x: int
    y: int
    side: int

    @classmethod
    def around(cls, face: Face) -> Square:
        """The face with hair and some of what surrounds it."""
        box = face.region
        side = max(8, round(_AROUND * max(box.width, box.height)))
        return cls(box.x + box.width // 2 - side // 2, box.y + box.height // 2 - side // 2, side)

    def cut(self, image: NDArray[Any]) -> NDArray[Any]:
        """(64, 64) or (64, 64, 3): the square, its edges repeated where the image ends."""
        cv2 = import_opencv()
        height, width = image.shape[:2]
        beyond = max(0, -self.x, -self.y, self.x + self.side - width, self.y + self.side - height)
        padded = cv2.copyMakeBorder(image, *(beyond,) * 4, cv2.BORDER_REPLICATE)
        left, top = self.x + beyond, self.y + beyond
        part = padded[top : top + self.side, left : left + self.side]
        return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA))

    def paste(self, square: NDArray[np.uint8], image: Pixels, mask: NDArray[np.bool_]) -> Pixels:
        """A copy of ``image`` with a (64, 64, 3) square where ``mask`` is true and the square reaches."""
        cv2 = import_opencv()
        large = cv2.resize(square, (self.side, self.side), interpolation=cv2.INTER_CUBIC)
        if image.ndim == 2:
            large = large[..., 0]
        height, width = image.shape[:2]
        rows = slice(max(0, self.y), min(height, self.y + self.side))
        columns = slice(max(0, self.x), min(width, self.x + self.side))
        made, free = np.array(image), mask[rows, columns]
        own = large[rows.start - self.y : rows.stop - self.y, columns.start - self.x : columns.stop - self.x]
        made[rows, columns][free] = own[free]
        return made


def see(square: Square, shown: Pixels, view: Pixels, mask: NDArray[np.bool_]) -> Planes:
    """(7, 64, 64): what is shown, its view, and 1 where the protection changed it."""
    planes = [plane(square.cut(as_rgb(image))) for image in (shown, view)]
    covered = square.cut(mask.astype(np.uint8) * 255).astype(np.float32) / 255
    return np.concatenate([*planes, covered[None]])


def plane(crop: NDArray[Any]) -> Planes:
    """(3, 64, 64), 0 to 1, of a crop."""
    return np.asarray(crop.transpose(2, 0, 1) / np.float32(255), np.float32, order="C")


class Restoration:
    """Fitted on pairs; gives a guess for each crop.

    Args:
        seen: crops as :func:`see` makes them.
        clear: (count, 3, 64, 64), 0 to 1.
        seed: of first weights, order and variations.

    Raises:
        MissingExtra: torch is not installed.
    """

    def __init__(self, seen: Sequence[Planes], clear: Sequence[Planes], seed: int) -> None:
        with seeded_torch(seed) as torch:
            self._network = _network(torch)
            shown, wanted = (torch.from_numpy(np.stack(part)) for part in (seen, clear))
            for step in descend(torch, self._network, _RATE, _STEPS):
                drawn = torch.randint(0, len(shown), (_BATCH,))
                batch, aim = shown[drawn], wanted[drawn]
                mirrored = torch.rand(_BATCH) < 0.5
                batch[mirrored], aim[mirrored] = batch[mirrored].flip(3), aim[mirrored].flip(3)
                covered = batch[:, 6:]
                error = ((self._network(batch) - aim) ** 2 * covered).sum() / covered.sum().clamp(min=1)
                step(error)

    def guess(self, seen: Planes) -> NDArray[np.uint8]:
        """(64, 64, 3), RGB."""
        with seeded_torch(0) as torch, torch.no_grad():
            found = self._network(torch.from_numpy(seen[None]))[0].numpy()
        return np.asarray(np.rint(np.clip(found.transpose(1, 2, 0), 0, 1) * 255), np.uint8, order="C")


def _network(torch: Any) -> Any:
    """Half the resolution at once, by putting 2 x 2 pixels into channels: a quarter of the work."""
    nn = torch.nn
    first, second, third = _CHANNELS
    flat = third * (SIDE // 8) ** 2

    def layer(before: int, after: int, stride: int = 1) -> Any:
        return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1), nn.GroupNorm(4, after), nn.ReLU())

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.ModuleList([layer(28, first), layer(first, second, 2), layer(second, third, 2)])
            self.across = nn.Sequential(
                nn.Flatten(), nn.Dropout(0.3), nn.Linear(flat, _NARROW), nn.ReLU(), nn.Linear(_NARROW, flat)
            )
            self.up = nn.ModuleList([layer(third + second, second), layer(second + first, first)])
            self.last = nn.Conv2d(first, 12, 3, 1, 1)

        def forward(self, seen: Any) -> Any:
            found = [nn.functional.pixel_unshuffle(seen, 2)]
            for step in self.down:
                found.append(step(found[-1]))
            now = found[3] + self.across(found[3]).reshape(found[3].shape)
            for step, beside in zip(self.up, (found[2], found[1]), strict=True):
                now = step(torch.cat([nn.functional.interpolate(now, scale_factor=2), beside], 1))
            return seen[:, 3:6] + nn.functional.pixel_shuffle(self.last(now), 2)

    return Network()
