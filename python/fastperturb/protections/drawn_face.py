"""The default template's picture: a calm adult face of no one, drawn by formulas as a shaded relief.

The forms are :mod:`.face_relief` on an oval, the light is one soft lamp; hair, ears, eyes, brows and lips are painted
with smooth edges. Lengths are in pixels of a frame 400 wide and 520 high, so it can be drawn at any size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from .canvas import HEIGHT, WIDTH, Canvas, Field, in_frame
from .face_relief import relief_slopes

LANDMARKS = tuple(in_frame(*point) for point in ((142, 269), (258, 269), (200, 342), (156, 392), (244, 392)))
"""Right eye, left eye, nose tip, right and left mouth corner, as of :class:`fastperturb.Face`."""

_SKIN = (0.850, 0.672, 0.570)
_HAIR = (0.235, 0.165, 0.120)
_GROUND = (0.640, 0.655, 0.665)
_OVAL = 131.0  # half the face's width


def draw_face(width: int = WIDTH, height: int = HEIGHT) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draws the face.

    Args:
        width: of the picture, in pixels.
        height: of the picture; 1.3 times the width keeps the aspect.

    Returns:
        RGB, uint8 (height, width, 3), and how much of each pixel is head and neck, uint8 (height, width).
    """
    canvas = Canvas(width, height)
    noise = _smooth_noise(width, height)
    _ground(canvas)
    _neck(canvas)
    _hair_behind(canvas)
    for side in (-1.0, 1.0):
        _ear(canvas, side)
    _skin(canvas, noise)
    _mouth(canvas)
    for side in (-1.0, 1.0):
        _eye(canvas, side)
        _brow(canvas, side)
        _nostril(canvas, side)
    _hair(canvas)
    colours = canvas.colours + (noise[1] * 0.007)[..., np.newaxis]
    return np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8), np.rint(canvas.matte * 255).astype(np.uint8)


def _beside(side: float, near: float, far: float) -> tuple[float, float]:
    """Left and right end of what lies between two distances, on one side (-1 or 1) of the middle line."""
    return (near, far) if side > 0 else (-far, -near)


def _bell(across: Field, down: Field, x: float, y: float, wide: float, high: float) -> Field:
    """A Gaussian hill of height 1."""
    bell: Field = np.exp(-0.5 * ((across - x) / wide) ** 2) * np.exp(-0.5 * ((down - y) / high) ** 2)
    return bell


def _smooth_noise(width: int, height: int) -> tuple[Field, Field]:
    """Coarse and fine mottling around 0, of the same hash everywhere."""
    cv2 = import_opencv()
    row, column = np.arange(height, dtype=np.uint32)[:, np.newaxis], np.arange(width, dtype=np.uint32)
    value = column * np.uint32(374761393) + row * np.uint32(668265263)
    value = (value ^ (value >> np.uint32(13))) * np.uint32(1274126177)
    grain = ((value ^ (value >> np.uint32(16))) & np.uint32(0xFFFF)).astype(np.float32) / 32768.0 - 1.0
    fine = cv2.GaussianBlur(grain, (0, 0), 0.9) * 1.6
    rough = cv2.resize(grain[: height // 12, : width // 12], (width, height), interpolation=cv2.INTER_CUBIC)
    return rough, fine


def _half_width(down: Field) -> Field:
    """Half the width of the face's oval in a row, at least 1."""
    part = np.where(down < 255, (255 - down) / 205, (down - 255) / 217)
    power = np.where(down < 255, 2.4, 2.3)
    width: Field = (_OVAL * np.sqrt(np.clip(1 - np.minimum(part, 1) ** power, 6e-5, 1))).astype(np.float32)
    return width


def _ground(canvas: Canvas) -> None:
    """A plain backdrop, lighter behind the head's left side."""
    light = 1.0 + 0.10 * _bell(canvas.across, canvas.down, -120, 200, 184, 212)
    light -= 0.10 * (canvas.down / HEIGHT) ** 2
    canvas.colours[:] = light[..., np.newaxis] * np.asarray(_GROUND, np.float32)


def _neck(canvas: Canvas) -> None:
    part, across, down = canvas.window(-220, 220, 380, 600)
    half = 76 + 0.0011 * np.clip(down - 452, 0, None) ** 2.2
    cover = canvas.edge(half - np.abs(across), 1.5)
    round_ = np.sqrt(np.clip(1 - (across / half) ** 2, 0, 1))
    light = 0.46 + 0.34 * round_ - 0.0010 * across
    shadow = np.exp(-0.5 * ((down - 455) / 30) ** 2) * np.exp(-((across / 95) ** 4))
    light = light * (1 - 0.45 * shadow)
    light = light + 0.05 * np.exp(-(((np.abs(across) - 40) / 12) ** 2)) * np.clip((down - 470) / 40, 0, 1)
    canvas.paint(part, _skin_colour(light), cover)
    canvas.matte[part] = np.maximum(canvas.matte[part], cover)


def _skin_colour(light: Field) -> Field:
    """Skin under so much light: shadows are warmer, as light comes through."""
    light = np.clip(light, 0.02, None)
    return np.stack([c * light**p for c, p in zip(_SKIN, (0.88, 1.08, 1.16), strict=True)], axis=-1)


def _ear(canvas: Canvas, side: float) -> None:
    part, across, down = canvas.window(*_beside(side, 112, 172), 235, 375)
    x = side * across
    lean = x - 139 - 0.11 * (300 - down)
    inside = 1 - np.sqrt(
        (lean / 17.5) ** 2 + ((down - 303) / np.where(down < 303, np.float32(44), np.float32(52))) ** 2
    )
    cover = canvas.edge(inside * 17, 1.2)
    light = 0.76 - 0.06 * side
    hollow = _bell(lean, down, -2, 300, 6, 22) + 0.5 * _bell(lean, down, -9, 318, 5, 20)
    rim = np.exp(-(((inside - 0.25) / 0.16) ** 2)) * np.clip((lean + 4) / 8, 0, 1)
    canvas.paint(part, _skin_colour(light * (1 - 0.42 * hollow) + 0.05 * rim), cover)
    canvas.tint(part, (1.03, 0.93, 0.92), cover)
    canvas.matte[part] = np.maximum(canvas.matte[part], cover)


def _skin(canvas: Canvas, noise: tuple[Field, Field]) -> None:
    part, across, down = canvas.window(-132, 132, 50, 475)
    half = _half_width(down)
    away = across / half
    cover = canvas.edge((0.985 - np.abs(away)) * half, 1.5) * canvas.edge(472 - down, 1.5) * canvas.edge(down - 52)
    height = 118 * np.sqrt(np.clip(1 - away**2, 0.02, 1) * (half / _OVAL))
    right, below = relief_slopes(across[0], down[:, 0])
    right -= away * (118**2 / _OVAL) / height  # the oval's own slopes
    below += np.gradient(height, canvas.pixel, axis=0)
    length = 1 / np.sqrt(1 + right * right + below * below)
    lamp = (0.26 * right + 0.44 * below + 0.86) * length
    fill = (-0.5 * right + 0.1 * below + 0.8) * length
    light = 0.29 + 0.64 * np.clip(0.80 * lamp + 0.20, 0, 1) + 0.14 * np.clip(fill, 0, 1)
    light = light - 0.10 * _sockets(across, down)
    light *= 1 + 0.014 * noise[0][part]
    gloss = np.clip((0.16 * right + 0.30 * below + 0.94) * length, 0, 1) ** 38
    colour = _skin_colour(light) + (0.055 * gloss)[..., np.newaxis]
    blush = sum(_bell(across, down, s * 72, 335, 30, 26) for s in (-1, 1)) + 0.8 * _bell(across, down, 0, 345, 20, 16)
    colour *= 1 + blush[..., np.newaxis] * np.asarray((0.012, -0.055, -0.045), np.float32)
    canvas.paint(part, colour, cover)
    canvas.matte[part] = np.maximum(canvas.matte[part], cover)


def _sockets(across: Field, down: Field) -> Field:
    """The shade at the root of the nose and under the brows."""
    shade = np.zeros((down.shape[0], across.shape[1]), np.float32)
    for side in (-1, 1):
        shade += 0.55 * _bell(across, down, side * 30, 262, 15, 13) + 0.35 * _bell(across, down, side * 58, 255, 30, 9)
    return shade


def _mouth(canvas: Canvas) -> None:
    part, across, down = canvas.window(-70, 70, 360, 440)
    u = np.abs(across) / 47
    line = 395 - 4.2 * u**2 + 2.0 * np.exp(-((across / 9) ** 2))
    cupid = 1.6 * np.exp(-((across / 5) ** 2)) - 1.2 * np.exp(-(((np.abs(across) - 9) / 6) ** 2))
    rest = np.clip(1 - u**2, 0, 1)
    upper = line - 12.5 * rest**0.85 + cupid
    lower = line + 17.0 * rest**0.75
    lip = canvas.edge(np.minimum(down - upper, lower - down), 3.2) * (u < 1.1)
    canvas.tint(part, (0.915, 0.70, 0.70), lip * 0.85)
    canvas.tint(part, (0.90, 0.84, 0.84), lip * np.clip((line - down) / 8 + 0.5, 0, 1))
    gloss = _bell(across, down, -6, 404, 17, 3.2)
    part_colours = canvas.colours[part]
    part_colours += (0.045 * gloss)[..., np.newaxis]
    width = 1.0 + 1.1 * rest
    seam = np.exp(-(((down - line) / width) ** 2)) * np.clip((1.08 - u) * 9, 0, 1)
    canvas.tint(part, (0.42, 0.30, 0.30), seam * 0.9)
    for side in (-1, 1):
        canvas.tint(part, (0.72, 0.62, 0.60), 0.55 * _bell(across, down, side * 49.5, 391.5, 4.5, 4))
    canvas.tint(part, (0.86, 0.80, 0.79), 0.5 * _bell(across, down, 0, 418, 26, 4.5))


def _nostril(canvas: Canvas, side: float) -> None:
    part, across, down = canvas.window(*_beside(side, 1, 40), 325, 370)
    x = side * across
    hole = np.exp(-0.5 * ((x - 13.5 + 0.35 * (down - 353)) / 5.2) ** 2 - 0.5 * ((down - 353) / 2.7) ** 2)
    canvas.tint(part, (0.40, 0.27, 0.25), np.clip(0.95 * hole, 0, 1))
    crease = np.exp(-0.5 * ((x - 30 - 0.02 * (down - 345) ** 2 * -1) / 2.6) ** 2 - 0.5 * ((down - 346) / 9) ** 2)
    canvas.tint(part, (0.80, 0.72, 0.70), 0.6 * crease)


def _eye(canvas: Canvas, side: float) -> None:
    part, across, down = canvas.window(*_beside(side, 14, 104), 232, 300)
    x = side * across - 58  # outwards from the eye's middle
    u = x / 27.5
    rest = np.clip(1 - u * u, 0, 1)
    corner = 271 - 1.6 * u
    upper = corner - 11.8 * rest**0.72
    lower = corner + 6.8 * rest**0.85
    opening = canvas.edge(np.minimum(down - upper, lower - down), 1.6) * (np.abs(u) < 1.02)
    shade = np.clip((down - upper) / 9, 0, 1)
    ball = 0.58 + 0.22 * shade - 0.14 * u * u
    canvas.paint(part, ball[..., np.newaxis] * np.asarray((1.0, 0.955, 0.925), np.float32), opening)
    canvas.tint(part, (0.98, 0.74, 0.70), opening * np.clip((-u - 0.72) * 3.5, 0, 1) * 0.8)  # the inner corner
    far = np.hypot(across - side * 57.5, down - 268)
    iris = opening * canvas.edge(11.8 - far, 2.0)
    lit = 0.55 + 0.5 * np.clip((down - 262) / 14, 0, 1) + 0.10 * np.sin(9 * np.arctan2(down - 268, x))
    colour = lit[..., np.newaxis] * np.asarray((0.36, 0.245, 0.155), np.float32)
    canvas.paint(part, colour, iris)
    canvas.tint(part, (0.35, 0.33, 0.33), iris * np.clip((far - 8.8) / 3, 0, 1))
    canvas.paint(part, (0.035, 0.03, 0.03), opening * canvas.edge(4.9 - far, 1.5))
    canvas.tint(part, (0.55, 0.52, 0.52), opening * np.clip(1 - (down - upper) / 5, 0, 1))
    canvas.paint(
        part, (1.0, 1.0, 0.99), opening * canvas.edge(2.3 - np.hypot(across - side * 57.5 + 4, down - 263), 1.6) * 0.92
    )
    _lids(canvas, part, x, u, down, upper, lower)


def _lids(
    canvas: Canvas, part: tuple[slice, slice], x: Field, u: Field, down: Field, upper: Field, lower: Field
) -> None:
    """Lashes and creases around an eye."""
    along = np.clip((1.12 - np.abs(u + 0.04)) * 8, 0, 1)
    thick = 1.5 + 0.7 * np.clip(u + 0.6, 0, 1.4)
    lash = np.exp(-(((down - upper + 0.6) / thick) ** 2)) * along
    canvas.tint(part, (0.20, 0.15, 0.14), lash * 0.93)
    below = np.exp(-(((down - lower - 0.4) / 1.3) ** 2)) * along
    canvas.tint(part, (0.62, 0.50, 0.47), below * (0.45 + 0.25 * np.clip(u, 0, 1)))
    fold = upper - 6.5 - 1.5 * np.clip(u, -1, 1) + 3 * np.clip(np.abs(u) - 0.8, 0, 1)
    crease = np.exp(-(((down - fold) / 1.9) ** 2)) * np.clip((1.2 - np.abs(u)) * 2.5, 0, 1)
    canvas.tint(part, (0.70, 0.61, 0.58), crease * 0.75)
    bag = np.exp(-(((down - lower - 8 - 2 * u) / 3.2) ** 2)) * np.clip((1.1 - np.abs(u)) * 2, 0, 1)
    canvas.tint(part, (0.93, 0.89, 0.88), bag * 0.5)


def _brow(canvas: Canvas, side: float) -> None:
    part, across, down = canvas.window(*_beside(side, 18, 112), 214, 262)
    x = side * across
    t = np.clip((x - 26) / 72, 0, 1)
    middle = 244 - 12.5 * np.sin(np.pi * np.clip(t * 0.80, 0, 1)) ** 1.2 + 3.5 * t**4
    thick = 6.0 * (1 - 0.62 * t**2.2) * np.clip((x - 22) / 12, 0.35, 1)
    body = np.exp(-(np.abs((down - middle) / thick) ** 2.2))
    ends = np.clip((x - 22) / 13, 0, 1) * np.clip((103 - x) / 14, 0, 1)
    comb = x + (1.2 - 0.7 * t) * (down - middle)
    hairs = 0.90 + 0.07 * np.sin(0.83 * comb) + 0.05 * np.sin(1.37 * comb + 2)
    canvas.paint(part, (0.23, 0.165, 0.125), body * ends * hairs * 0.80)


def _outline(across: Field, down: Field) -> Field:
    """How far inside the hair's outer edge a place lies, in pixels, about."""
    high = np.where(down < 205, np.float32(176), np.float32(190))
    far = np.sqrt((across / 153) ** 2 + ((down - 205) / high) ** 2)
    return (1 - far) * 153


def _hair_behind(canvas: Canvas) -> None:
    part, across, down = canvas.window(-190, 190, 15, 350)
    cover = canvas.edge(_outline(across, down), 2.0) * np.clip((318 - down) / 24, 0, 1)
    canvas.paint(part, np.asarray(_HAIR, np.float32) * 0.62, cover)
    canvas.matte[part] = np.maximum(canvas.matte[part], cover)


def _hair(canvas: Canvas) -> None:
    part, across, down = canvas.window(-190, 190, 15, 330)
    x, y = across - 40, down - 14 + 0.0012 * across * across
    from_crown = np.hypot(x, y)
    angle = np.arctan2(x, np.maximum(y, 1))
    sweep = angle * 21 + 0.004 * from_crown * np.sign(x)
    strands = (
        0.45 * np.sin(sweep) + 0.30 * np.sin(2.6 * sweep + 1.3) + 0.25 * np.sin(4.7 * sweep + 0.6 + 0.02 * from_crown)
    )
    line = 131 + 34 * np.clip(np.abs(across) / 100, 0, 2) ** 2.4 - 0.10 * across * np.exp(-((across / 90) ** 4))
    temple = 106 + 0.10 * (down - 190) + 10 * np.clip((down - 215) / 60, 0, 1) ** 2
    below = np.maximum(line + 5 * strands - down, np.abs(across) - temple + 1.5 * strands)
    reach = np.clip((292 + 3 * strands - down) / 14, 0, 1)
    cover = canvas.edge(_outline(across, down) + 0.8 * strands, 2.2) * canvas.edge(below, 7.0) * reach
    band = np.exp(-(((_outline(across, down) - 44 - 6 * strands) / 17) ** 2)) * np.clip(
        1.2 - np.abs(across + 30) / 150, 0, 1
    )
    light = 0.86 + 0.45 * band - 0.0012 * across + 0.15 * strands * (0.6 + band)
    light = light * np.clip(0.45 + _outline(across, down) / 42, 0, 1) * (1 - 0.25 * np.clip((down - 200) / 90, 0, 1))
    canvas.tint(part, (0.80, 0.74, 0.72), canvas.edge(below + 9, 16) * canvas.edge(_outline(across, down)) * reach)
    canvas.paint(part, light[..., np.newaxis] * np.asarray(_HAIR, np.float32), cover)
    canvas.matte[part] = np.maximum(canvas.matte[part], cover)
