"""Clips with known truth: photographs that move, turn, grow, are covered, leave, enter and are cut, frame by frame.

Every frame comes with the outlines of the faces that are in it, carried along from the photograph, and with what covers
them. The photographs are those of tests/fetch_data.py; nothing of them is kept.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from photographs import photographs

from fastperturb.faces import HEAD, YuNet, grow_region

WIDTH, HEIGHT, RATE = 1280, 720, 30


class Outline(NamedTuple):
    """A face in a frame: points around the ellipse in its box, and around that of its head."""

    face: np.ndarray
    head: np.ndarray


class Shot(NamedTuple):
    """A frame, its faces, the farthest first, and polygons that lie before all of them."""

    image: np.ndarray
    faces: list[Outline]
    covers: list[np.ndarray]


class Clip(NamedTuple):
    """A clip of ``count`` frames; ``shot(i)`` makes one."""

    name: str
    count: int
    shot: object


class Source(NamedTuple):
    """A photograph with the boxes of its faces."""

    image: np.ndarray
    faces: list


@lru_cache(maxsize=32)
def source(name):
    """A photograph in RGB with its faces, as many as a person sees in it, best first."""
    photograph = next(item for item in photographs() if item.path.name == name)
    image = photograph.read()
    image = image[..., :3] if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    faces = YuNet(max_pixels=None).detect(image)[: photograph.faces]
    assert len(faces) == photograph.faces, name
    return Source(np.ascontiguousarray(image), [face.region for face in faces])


def ellipse(region):
    angles = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    middle = (region.x + region.width / 2, region.y + region.height / 2)
    return middle + np.stack([np.cos(angles) * region.width / 2, np.sin(angles) * region.height / 2], axis=1)


def outlines(regions, matrix):
    return [
        Outline(*(ellipse(box) @ matrix[:, :2].T + matrix[:, 2] for box in (region, grow_region(region, HEAD))))
        for region in regions
    ]


def placing(point, to, scale, degrees=0.0):
    """(2, 3): takes ``point`` of a photograph to ``to``, scaled, and turned clockwise."""
    c, s = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
    turn = np.array([[c, -s], [s, c]])
    return np.column_stack([turn, np.array(to) - turn @ np.array(point)])


def warped(image, matrix, ground=(104, 108, 112)):
    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if scale < 0.5:  # against aliasing
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([1 / scale, 1 / scale, 1.0])
    return cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=ground)


def finished(image, number, noise=3.0, quality=80, light=1.0):
    """As a camera gives it: some noise, and compressed."""
    grain = np.random.default_rng(number).normal(0, noise, image.shape)
    noisy = np.clip(image * light + grain, 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


@lru_cache(maxsize=4)
def backdrop(name="object_detection_input.jpg"):
    """A meadow without people: the right half of a photograph."""
    image = next(item for item in photographs() if item.path.name == name).read()[..., :3]
    height, width = image.shape[:2]
    part = image[height - round(0.5 * width * HEIGHT / WIDTH) :, width // 2 :]
    return cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def centre(region):
    return region.x + region.width / 2, region.y + region.height / 2


def whole(name, matrix_of, count, title, **look):
    """A camera that moves over a photograph."""
    found = source(name)

    def shot(i):
        matrix = matrix_of(i)
        return Shot(finished(warped(found.image, matrix), i, **look), outlines(found.faces, matrix), [])

    return Clip(title, count, shot)


@lru_cache(maxsize=16)
def cut_out(name, index=0):
    """A head with a soft edge: premultiplied colours, matte, and the box of the face, in one small picture."""
    found = source(name)
    region = found.faces[index]
    wide = grow_region(region, (0.6, 0.75, 0.6, 0.5))
    rows, columns = wide.clipped(*found.image.shape[:2])
    part = found.image[rows, columns].astype(np.float32)
    matte = np.zeros(part.shape[:2], np.float32)
    head = grow_region(region, (0.4, 0.55, 0.4, 0.3))
    points = ellipse(head) - [columns.start, rows.start]
    cv2.fillPoly(matte, [np.round(points).astype(np.int32)], 1.0)
    soft = region.width / 16
    matte = cv2.GaussianBlur(matte, (0, 0), soft)[..., None]
    face = type(region)(region.x - columns.start, region.y - rows.start, region.width, region.height)
    return part * matte, matte, face


def paste(image, head, matrix):
    colours, matte, face = head
    shown = warped(colours, matrix, (0, 0, 0))
    alpha = warped(matte, matrix, (0, 0, 0))[..., None]
    return image * (1 - alpha) + shown, outlines([face], matrix)[0]


def heads(title, count, place, *, cover=None, blur=None, **look):
    """Heads that move before a still backdrop.

    Args:
        place: i -> list of (name, index, x, y, width of the face, degrees), the farthest first.
        cover: i -> (x, y, width, height) of a board before them, or None.
        blur: i -> (dx, dy) over which a frame is smeared.
    """

    def shot(i):
        image, faces = backdrop().astype(np.float32), []
        for name, index, x, y, width, degrees in place(i):
            head = cut_out(name, index)
            matrix = placing(centre(head[2]), (x, y), width / head[2].width, degrees)
            image, outline = paste(image, head, matrix)
            faces.append(outline)
        if blur is not None:
            image = smeared(image, *blur(i))
        covers = []
        if cover is not None and cover(i) is not None:
            x, y, width, height = cover(i)
            board = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float64)
            cv2.fillPoly(image, [np.round(board).astype(np.int32)], (70.0, 90.0, 60.0))
            covers.append(board)
        return Shot(finished(image, i, **look), faces, covers)

    return Clip(title, count, shot)


def smeared(image, dx, dy):
    length = max(1, round(math.hypot(dx, dy)))
    if length < 2:
        return image
    kernel = np.zeros((2 * length + 1,) * 2, np.float32)
    for step in np.linspace(-0.5, 0.5, 4 * length):
        kernel[round(length + dy * step), round(length + dx * step)] += 1
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def spliced(title, parts):
    """Clips one after the other: (clip, first, last) of each."""
    numbers = [(clip, i) for clip, first, last in parts for i in range(first, last)]
    return Clip(title, len(numbers), lambda i: numbers[i][0].shot(numbers[i][1]))


def empty(count):
    return Clip("empty", count, lambda i: Shot(finished(backdrop(), i), [], []))


STILL, GROUP, TABLE, PAIR = "face_detection_input.jpg", "multi_face.jpg", "t1.jpg", "gender_detection_input.jpg"
ONE, TWO, THREE = "biden.jpg", "single_face.jpg", "obama.jpg"


def clips(count=90):
    """All clips, by name."""
    t = lambda i: i / (count - 1)  # noqa: E731
    wave = lambda i, times: math.sin(2 * math.pi * times * t(i))  # noqa: E731
    sway = np.random.default_rng(5).normal(0, 1, (count, 3)).cumsum(0) * [2.0, 2.0, 0.3]
    middle = (960, 540)
    made = [
        whole(STILL, lambda i: placing(middle, (640, 360), 0.7), count, "still camera, five faces"),
        whole(STILL, lambda i: placing(middle, (760 - 240 * t(i), 360), 0.75), count, "pan, five faces"),
        whole(
            GROUP, lambda i: placing((500, 330), (640, 360), 1.0 * 2.2 ** (t(i) - 0.5)), count, "zoom in, five faces"
        ),
        whole(
            TABLE, lambda i: placing((640, 440), (640, 360), 0.35 * 2 ** (1 - t(i))), count, "zoom out to small faces"
        ),
        whole(GROUP, lambda i: placing((500, 330), (640, 360), 1.0, 360 * t(i)), count, "the picture turns once"),
        whole(
            PAIR,
            lambda i: placing((400, 266), (640 + sway[i, 0] * 4, 360 + sway[i, 1] * 4), 1.5, sway[i, 2]),
            count,
            "hand-held, two faces",
        ),
        heads("walks across", count, lambda i: [(ONE, 0, -120 + 1520 * t(i), 340 + 12 * wave(i, 6), 150, 0)]),
        heads("nods and tilts", count, lambda i: [(TWO, 0, 640, 360 + 40 * wave(i, 3), 160, 50 * wave(i, 2))]),
        heads(
            "comes near",
            count,
            lambda i: [(ONE, 0, 500 + 200 * t(i), 330 + 60 * t(i), 26 * 12 ** t(i), 0)],
        ),
        heads(
            "two cross",
            count,
            lambda i: [(THREE, 0, 250 + 780 * t(i), 330, 120, 0), (ONE, 0, 1030 - 780 * t(i), 370, 150, 0)],
        ),
        heads(
            "covered by a board",
            count,
            lambda i: [(TWO, 0, 640 + 30 * wave(i, 1), 360, 150, 0)],
            cover=lambda i: (-300 + 1500 * t(i), 0, 260, 720),
        ),
        heads(
            "half covered, then free",
            count,
            lambda i: [(THREE, 0, 500 + 120 * t(i), 360, 150, 0)],
            cover=lambda i: (420 + 120 * t(i), 365, 330, 300) if 20 < i < 65 else None,
        ),
        heads(
            "enters and leaves, twice",
            count,
            lambda i: [(TWO, 0, 640 + 800 * wave(i, 1), 380, 140, 0)],
        ),
        heads(
            "runs, smeared",
            count,
            lambda i: [(ONE, 0, 640 + 420 * wave(i, 2), 360, 130, 0)],
            blur=lambda i: (0.5 * 420 * 2 * math.pi * 2 / count * math.cos(4 * math.pi * t(i)), 0),
        ),
        heads(
            "dark and noisy",
            count,
            lambda i: [(THREE, 0, 300 + 600 * t(i), 360, 110, 10)],
            noise=10,
            quality=50,
            light=0.3,
        ),
        heads(
            "small, three walk",
            count,
            lambda i: [
                (n, 0, x + 90 * t(i), 300 + 9 * x / 90, 28, 0) for n, x in ((ONE, 200), (TWO, 520), (THREE, 860))
            ],
        ),
    ]
    pan, walk, group = made[1], made[6], made[2]
    made.append(spliced("three cuts", [(pan, 0, 30), (made[7], 10, 34), (group, 40, 60), (walk, 30, 46)]))
    one = heads("one", 1, lambda i: [(ONE, 0, 700, 350, 180, 0)])
    made.append(spliced("a face in one frame", [(empty(40), 0, 40), (one, 0, 1), (empty(80), 41, 80)]))
    bright = Clip("flash", 1, lambda i: Shot(np.full((HEIGHT, WIDTH, 3), 250, np.uint8), [], []))
    made.append(spliced("a flash", [(made[7], 0, 40), (bright, 0, 1), (made[7], 41, count)]))
    return {clip.name: clip for clip in made}
