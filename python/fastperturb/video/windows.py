"""The permutation in windows for videos: whole units of samples move, other ones in every frame.

Of a static picture in many frames no attacker gets more than the mean of each window then (docs/security.md). What
brings the frames back is a list of regions and a secret, sealed as a file is; no frame's pixels are in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _core
from ..errors import RecordError, Tampered, VideoFileError
from ..record import CoreRegion, core_region
from ..region import MAX_ELLIPSE_SIDE, Region
from ..strength.strength import MIN_WINDOW, Strength
from ..strict_texts import read_json
from .canvas import Canvas, Spot
from .planes import PLANAR, Samples, UnitArea, unit_area

_VIEWS = {1: ("u1", 1), 2: ("<u2", 1), 3: ("u1", 3), 4: ("u1", 4), 6: ("<u2", 3), 8: ("<u2", 4), 12: ("<f4", 3)}
"""As what the core moves units of so many bytes."""
_CHECK_BYTES = 8
_SECRET_BYTES = 32
_MAX_SIDE = 1 << 30
_FORMAT = "fastperturb-video-windows"
MAX_RECORD_BYTES = 1 << 30


@dataclass(slots=True)
class WindowsRecord:
    """What restores the frames of a permuted video; secret.

    Attributes:
        secret: that the permutations are drawn from.
        size: width and height of the stored frames.
        pixels: name of their format.
        coverage: share of the units that move.
        windows: of each track, the side of its windows in units.
        frames: for each frame its regions, in units: track, x, y, width, height, 1 for an ellipse.
        checks: for each frame eight bytes that its protected samples are known by.
    """

    secret: bytes
    size: tuple[int, int] = (0, 0)
    pixels: str = ""
    coverage: float = 1.0
    windows: dict[int, int] = field(default_factory=dict)
    frames: list[list[list[int]]] = field(default_factory=list)
    checks: list[bytes] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """As JSON."""
        return json.dumps(
            {
                "format": _FORMAT,
                "version": 1,
                "secret": self.secret.hex(),
                "size": self.size,
                "pixels": self.pixels,
                "coverage": self.coverage,
                "windows": [[track, side] for track, side in self.windows.items()],
                "frames": self.frames,
                "checks": base64.b64encode(b"".join(self.checks)).decode("ascii"),
            },
            separators=(",", ":"),
        ).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> WindowsRecord:
        """Reads what :meth:`to_bytes` wrote; raises RecordError for anything else: with a public key anybody writes."""
        try:
            fields = read_json(data)
            if fields["format"] != _FORMAT or fields["version"] != 1:
                raise ValueError("another format or version")
            checks = base64.b64decode(fields["checks"], validate=True)
            width, height = _numbers(fields["size"], 2)
            if min(width, height) < 1:
                raise ValueError("no pixels")
            pairs = [_numbers(pair, 2) for pair in fields["windows"]]
            windows = {pair[0]: pair[1] for pair in pairs}
            if len(windows) != len(pairs) or any(t < 0 or w < MIN_WINDOW for t, w in windows.items()):
                raise ValueError("windows out of range")
            frames = [[_spot(spot, windows, width, height) for spot in spots] for spots in fields["frames"]]
            if len(checks) != _CHECK_BYTES * len(frames):
                raise ValueError("not a check for each frame")
            coverage, secret, pixels = fields["coverage"], bytes.fromhex(fields["secret"]), fields["pixels"]
            if pixels not in PLANAR:
                raise ValueError("an unknown pixel format")
            if type(coverage) not in (int, float) or not 0 < coverage <= 1:
                raise ValueError("coverage out of range")
            if len(secret) != _SECRET_BYTES:
                raise ValueError(f"a secret of {len(secret)} bytes")
            cut = [checks[at : at + _CHECK_BYTES] for at in range(0, len(checks), _CHECK_BYTES)]
            return cls(secret, (width, height), pixels, float(coverage), windows, frames, cut)
        except (ValueError, TypeError, KeyError, RecursionError, AttributeError) as error:
            raise RecordError(f"what restores this video cannot be read: {error}") from None


def _numbers(values: Any, count: int) -> list[int]:
    found = list(values)
    if len(found) != count or not all(type(value) is int and abs(value) < 1 << 31 for value in found):
        raise ValueError(f"{count} whole numbers were to be here")
    return found


def _spot(values: Any, windows: dict[int, int], width: int, height: int) -> list[int]:
    """One region of a frame as :class:`WindowsPainter` notes it: of a track with windows, and in the frame."""
    found = _numbers(values, 6)
    track, x, y, across, down, ellipse = found
    inside = x < width and y < height and x + across > 0 and y + down > 0
    most = MAX_ELLIPSE_SIDE if ellipse else _MAX_SIDE
    sides = min(across, down) >= 1 and max(across, down) <= most
    if track not in windows or ellipse not in (0, 1) or not (inside and sides):
        raise ValueError("a region out of range")
    return found


class WindowsPainter:
    """Moves the units of the regions of each frame within windows, and notes what brings them back.

    Args:
        strength: windows or cells, and how much of a region moves; no target.

    Raises:
        ValueError: the strength names a target.
    """

    def __init__(self, strength: Strength) -> None:
        if any(value is not None for value in (strength.pixels, strength.psnr, strength.distance, strength.mse)):
            raise ValueError(
                "windows of videos take a window or cells, and a coverage: no pixels, psnr, distance or mse"
            )
        self._strength = strength
        coverage = 1.0 if strength.coverage is None else float(strength.coverage)
        self.record = WindowsRecord(secrets.token_bytes(_SECRET_BYTES), coverage=coverage)

    def paint(self, canvas: Canvas, spots: Sequence[Spot]) -> None:
        """Moves the units of all regions of a frame."""
        record = self.record
        found = []
        for spot in spots:
            area = canvas.area(spot.region)
            if area is None:
                continue
            unit = max(canvas.layout.across, canvas.layout.down)
            side = max(MIN_WINDOW, round(self._strength.window_for(spot.region) / unit))
            record.windows.setdefault(spot.track, side)
            box = area.box
            found.append(
                [
                    spot.track,
                    box.x // canvas.layout.across,
                    box.y // canvas.layout.down,
                    box.width // canvas.layout.across,
                    box.height // canvas.layout.down,
                    int(spot.region.shape == "ellipse"),
                ]
            )
        move_units(canvas, record, len(record.frames), found, inverse=False)
        self.note(canvas, found)

    def note(self, canvas: Canvas, found: list[list[int]]) -> None:
        """Notes a frame that is ready."""
        if not self.record.frames:
            self.record.size = (canvas.frame.width, canvas.frame.height)
            self.record.pixels = canvas.layout.name
        self.record.frames.append(found)
        self.record.checks.append(check_of(canvas, self.record.secret))


def restore_frame(canvas: Canvas, record: WindowsRecord, index: int) -> None:
    """Brings a frame back.

    Raises:
        Tampered: its samples are not those that were written.
        VideoFileError: the video has another size, or more frames.
    """
    if index >= len(record.frames):
        raise Tampered(f"the video has more frames than the {len(record.frames)} that were written")
    if (canvas.frame.width, canvas.frame.height) != record.size or canvas.layout.name != record.pixels:
        had = f"{record.size[0]} x {record.size[1]}, {record.pixels}"
        got = f"{canvas.frame.width} x {canvas.frame.height}, {canvas.layout.name}"
        raise Tampered(f"the video was {had} when it was written, and is {got}")
    if check_of(canvas, record.secret) != record.checks[index]:
        raise Tampered(f"frame {index} was changed since it was written; nothing is restored")
    move_units(canvas, record, index, record.frames[index], inverse=True)


def check_of(canvas: Canvas, secret: bytes) -> bytes:
    """Eight bytes that the samples of a frame are known by: keyed BLAKE2b of its planes."""
    digest = hashlib.blake2b(key=secret, digest_size=_CHECK_BYTES, person=b"fp video check")
    for plane in canvas.planes:
        digest.update(np.ascontiguousarray(plane).data)
    return digest.digest()


def move_units(canvas: Canvas, record: WindowsRecord, index: int, spots: list[list[int]], *, inverse: bool) -> None:
    """Moves the units of a frame's regions forth, or back with ``inverse``."""
    if not spots:
        return
    layout = canvas.layout
    height, width = canvas.frame.height // layout.down, canvas.frame.width // layout.across
    if canvas.frame.height % layout.down or canvas.frame.width % layout.across:
        raise VideoFileError(
            f"windows need sides that {layout.name} divides, got {canvas.frame.width} x {canvas.frame.height}"
        )
    left, top = max(0, min(s[1] for s in spots)), max(0, min(s[2] for s in spots))
    right, bottom = min(width, max(s[1] + s[3] for s in spots)), min(height, max(s[2] + s[4] for s in spots))
    if right <= left or bottom <= top:
        return
    inside = unit_area(
        Region(left * layout.across, top * layout.down, (right - left) * layout.across, (bottom - top) * layout.down),
        layout,
        canvas.frame.width,
        canvas.frame.height,
    )
    assert inside is not None  # noqa: S101
    units = _gather(canvas, inside)
    core = [_core_for(spot, record.windows.get(spot[0], MIN_WINDOW), (left, top)) for spot in spots]
    owned = _core.owned_pixels(units.shape[0], units.shape[1], core, 2)
    core = [
        region._replace(pixels=max(2, round(count * record.coverage)) if count >= 2 else 0)
        for region, count in zip(core, owned, strict=True)
    ]
    keys = [_frame_key(record.secret, index, spot[0]) for spot in spots]
    moved = np.empty_like(units)
    _core.permute([(units, moved, core, keys, False)], inverse, 1, [])
    _scatter(canvas, inside, moved)


def _core_for(spot: list[int], window: int, corner: tuple[int, int]) -> CoreRegion:
    _, x, y, width, height, ellipse = spot
    region = Region(x - corner[0], y - corner[1], width, height, "ellipse" if ellipse else "box")
    return core_region(region, max(MIN_WINDOW, window), 0)


def _frame_key(secret: bytes, index: int, track: int) -> bytes:
    place = index.to_bytes(8, "little") + track.to_bytes(8, "little")
    return hashlib.blake2b(place, key=secret, digest_size=32, person=b"fp video units").digest()


def _gather(canvas: Canvas, area: UnitArea) -> Samples:
    """The units of an area, (height, width, ...), all samples of each beside each other; alpha is left out."""
    layout, parts = canvas.layout, []
    for index, plane in enumerate(canvas.planes):
        if layout.roles[index] == "a":
            continue
        steps = layout.steps(index)
        rows, columns = area.place(steps, layout, plane.shape)
        across, down = layout.across // steps[0], layout.down // steps[1]
        block = plane[rows, columns].reshape((rows.stop - rows.start) // down, down, -1, across)
        parts.append(block.transpose(0, 2, 1, 3).reshape(block.shape[0], block.shape[2], down * across))
    units = np.concatenate(parts, axis=2)
    size = units.shape[2] * units.itemsize
    if size not in _VIEWS:
        raise VideoFileError(f"windows are not for {layout.name}, whose units have {size} bytes")
    dtype, _ = _VIEWS[size]
    found: Samples = np.ascontiguousarray(units).view(dtype)
    return found


def _scatter(canvas: Canvas, area: UnitArea, units: Samples) -> None:
    """Writes the units of :func:`_gather` back."""
    layout, start = canvas.layout, 0
    samples = units.view(canvas.planes[0].dtype)
    for index, plane in enumerate(canvas.planes):
        if layout.roles[index] == "a":
            continue
        steps = layout.steps(index)
        rows, columns = area.place(steps, layout, plane.shape)
        across, down = layout.across // steps[0], layout.down // steps[1]
        block = samples[:, :, start : start + across * down]
        start += across * down
        shaped = block.reshape(*block.shape[:2], down, across).transpose(0, 2, 1, 3)
        plane[rows, columns] = shaped.reshape(block.shape[0] * down, block.shape[1] * across)
