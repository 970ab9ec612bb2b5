"""The contests of replaced and sealed faces: ``python bench/compare.py faces [--isa NAME ...]``.

Ours copies, draws, compresses, encrypts and authenticates, so that a key undoes it; what peers draw over the same box
nobody can undo. Ranks and seals have peers that do the same work. Waves and noise stand for a photograph.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import cv2
import numpy as np

import fastperturb as fp
from compare import Candidate, Contest
from fastperturb import _core
from fastperturb.files import perturb_jpeg
from fastperturb.perturbation import seal_coding
from fastperturb.protections import Camouflage, Mosaic, Surrogate
from ranks import KEY, by_argsort, by_lot_and_argsort, make_case
from sealed_faces import picture

SIZES = (((250, 250), fp.Region(50, 50, 150, 150)), ((1080, 1920), fp.Region(660, 240, 600, 600)))
FOR_GOOD = "for good"


def contests(threads: int) -> Iterator[Contest]:
    """A face of 150 and one of 600 pixels: drawn and sealed, in a JPEG too; the kernels of ranks and seals alone."""
    if threads != 1:
        raise SystemExit("a face is protected on one thread")
    cv2.setNumThreads(1)
    for shape, face in SIZES:
        image = picture(*shape)
        size = f"{face.width}x{face.height} in {shape[1]}x{shape[0]}x3"
        yield from _drawn(image, face, size)
        yield _in_a_jpeg(image, face, size)
        yield _sealed(image, face)
    for side in (150, 600):
        yield _ranked(side)


def _drawn(image: np.ndarray, face: fp.Region, size: str) -> Iterator[Contest]:
    key, head = fp.Key.generate(), Surrogate().regions_for([face], image.shape)
    peers = _peers(image, head[0])
    for name, faces, protection in (
        ("surrogate", face, Surrogate()),
        ("camouflage", face, Camouflage()),
        ("mosaic", head, Mosaic(cells=8)),
    ):
        found = Contest(f"{name} and seal, {size}", 1.0, "faces")
        found.candidates.append(Candidate("fastperturb", partial(fp.perturb, image, faces, key, protection)))
        found.candidates += [Candidate(peer, call, note=FOR_GOOD) for peer, call in peers.items()]
        yield found


def _peers(image: np.ndarray, region: fp.Region) -> dict[str, Callable[[], Any]]:
    """What others draw over the box of a region, in a copy of the image as ours."""
    rows, columns = region.clipped(*image.shape[:2])
    side = (columns.stop - columns.start, rows.stop - rows.start)

    def blurred() -> np.ndarray:
        out = image.copy()
        out[rows, columns] = cv2.GaussianBlur(out[rows, columns], (0, 0), 10)
        return out

    def pixelated() -> np.ndarray:
        out = image.copy()
        small = cv2.resize(out[rows, columns], (8, 10), interpolation=cv2.INTER_AREA)
        out[rows, columns] = cv2.resize(small, side, interpolation=cv2.INTER_NEAREST)
        return out

    calls: dict[str, Callable[[], Any]] = {"cv2.GaussianBlur, sigma 10": blurred, "cv2.resize, mosaic": pixelated}
    try:
        from deface.deface import draw_det
    except ImportError as error:
        print(f"deface: {error}: left out", file=sys.stderr)
        return calls
    corners = (columns.start, rows.start, columns.stop, rows.stop)
    for name, how in (("blur", {"replacewith": "blur", "ellipse": True}), ("mosaic", {"replacewith": "mosaic"})):
        calls[f"deface, {name}"] = lambda how=how: draw_det(image.copy(), 1.0, 0, *corners, **how)
    return calls


def _in_a_jpeg(image: np.ndarray, face: fp.Region, size: str) -> Contest:
    data = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    key, head = fp.Key.generate(), Surrogate().regions_for([face], image.shape)[0]

    def again(draw: Callable[[np.ndarray], Any]) -> bytes:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        draw(decoded)
        return bytes(cv2.imencode(".jpg", decoded, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])

    def blur(decoded: np.ndarray) -> None:
        rows, columns = head.clipped(*decoded.shape[:2])
        decoded[rows, columns] = cv2.GaussianBlur(decoded[rows, columns], (0, 0), 10)

    found = Contest(f"surrogate and seal in a JPEG, bytes to bytes, {size}", 1.0, "files")
    found.candidates += [
        Candidate("fastperturb", lambda: perturb_jpeg(data, face, key, Surrogate())),
        Candidate("OpenCV: decode, blur, encode", lambda: again(blur), note=f"{FOR_GOOD}, all of it compressed again"),
    ]
    return found


def _sealed(image: np.ndarray, face: fp.Region) -> Contest:
    region = Surrogate().regions_for([face], image.shape)[0]
    rows, columns = region.clipped(*image.shape[:2])
    crop = np.ascontiguousarray(image[rows, columns])
    y, x = np.mgrid[rows, columns]
    wide, high = region.width, region.height
    mask = ((2 * (x - region.x) + 1 - wide) * high) ** 2 + ((2 * (y - region.y) + 1 - high) * wide) ** 2
    inside = np.ascontiguousarray(mask <= (wide * high) ** 2)
    blank = crop * inside[..., np.newaxis].astype(np.uint8)
    found = Contest(f"the seal's coder, head of {wide}x{high}", inside.sum() * 3 / 1e6, "MB")
    found.candidates += [
        Candidate("fastperturb", lambda: seal_coding.encode(crop, inside)),
        Candidate("lossless WebP, OpenCV", lambda: cv2.imencode(".webp", blank, [cv2.IMWRITE_WEBP_QUALITY, 101])),
        Candidate("PNG level 1, OpenCV", lambda: cv2.imencode(".png", blank, [cv2.IMWRITE_PNG_COMPRESSION, 1])),
    ]
    return found


def _ranked(side: int) -> Contest:
    image, ground = make_case(side, 3, np.uint8)
    out = image.copy()
    order = _core.PlaceOrder(ground, None, None, KEY, False)
    found = Contest(f"pixels by rank, {side}x{side}x3", side * side / 1e6, "Mpx")
    found.candidates += [
        Candidate("fastperturb, template kept in order", lambda: _core.match_ranks(image, out, order)),
        Candidate("NumPy argsort", lambda: by_argsort(image, ground), note="ties in raster order"),
        Candidate("NumPy argsort, ties by lot", lambda: by_lot_and_argsort(image, ground)),
    ]
    return found
