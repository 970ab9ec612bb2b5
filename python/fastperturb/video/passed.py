"""What a pass over a video found: the times of its frames, its size and turn, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class Passed:
    """What a pass over a video found.

    Attributes:
        times: of each frame, in ticks.
        tick: in seconds.
        made_up: how many frames had no time, or one that was not after the one before.
        damage: what could not be read, in words.
        size: width and height of the upright picture.
        quarters: turns anticlockwise that bring every stored frame upright: those that the first frame says.
        turned: the numbers of the frames that say another turn, up to two of them.
        sha256: of the file, in hexadecimal digits; None where nobody read it for that.
    """

    times: list[int] = field(default_factory=list)
    tick: float = 0.0
    made_up: int = 0
    damage: str = ""
    size: tuple[int, int] = (0, 0)
    quarters: int = 0
    turned: list[int] = field(default_factory=list)
    sha256: str | None = None

    @property
    def seconds(self) -> NDArray[np.float64]:
        """The time of each frame."""
        return np.array(self.times, np.float64) * self.tick

    @property
    def notes(self) -> list[str]:
        """What a user should know of the frames."""
        notes = [self.damage] if self.damage else []
        if self.made_up:
            many = self.made_up > 1
            notes.append(f"{self.made_up} frame{'s' * many} had no time of {'their' if many else 'its'} own")
        if self.turned:
            which = f"frame {self.turned[0]}{' and others say' if len(self.turned) > 1 else ' says'}"
            notes.append(f"{which} another turn than the first frame, and all are shown as that one is")
        return notes
