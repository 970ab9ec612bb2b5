"""What a request's options do to an image: the protection, where its seals go, the file's format, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import Face, Region, Strength
from ..errors import FastperturbError
from ..protections import Blur, Noise
from ..protections.method import DEFAULT, PURPOSES, WINDOWS, Method, make_method
from .options import ProtectOptions
from .problems import Problem

FORMATS = {"png": "PNG", "webp": "WebP", "tiff": "TIFF", "jpg": "JPEG"}
"""Formats of protected images, by the option's value."""
MEDIA_TYPES = {"PNG": "image/png", "WebP": "image/webp", "TIFF": "image/tiff", "JPEG": "image/jpeg"}
READ_TYPES = {
    **MEDIA_TYPES,
    "BMP": "image/bmp",
    "PGM": "image/x-portable-graymap",
    "PPM": "image/x-portable-pixmap",
    "HEIF": "image/heic",
}
"""Of all files that can be read, which come back as they were where they were sealed."""
EXTENSIONS = {"PNG": ".png", "WebP": ".webp", "TIFF": ".tiff", "JPEG": ".jpg"}
PROTECTIONS = ["surrogate", "camouflage", "windows", "mosaic", "blur", "black", "noise", "features", "parts"]
"""Names of what ``protect`` can say; those that learn, or read files, are left out."""
MOST_COVER = 8
"""How often the regions of a record may cover the image: heads are rounded, and reach over each other."""
MAX_DRAWN_PIXELS = 2**24
"""The most pixels of a region that is drawn: what is drawn takes some 80 bytes each."""
_MAX_NOISE_PIXELS = 2**23  # of all regions; some 110 bytes each
_MAX_BLUR_WORK = 2**33  # products of a sample and a weight of the kernel: 2 to 4 s
_MAX_COPIED_PIXELS = 2**29  # protections that draw region by region copy the image for each


def choose_method(options: ProtectOptions, keyed: bool) -> Method:
    """The method that all options together mean, as the command line understands them.

    Args:
        options: of the request.
        keyed: whether somebody will have a key.

    Raises:
        Problem: they contradict each other, or ask for what a request cannot have. What came is not repeated.
    """
    text, place = PURPOSES[options.purpose] if options.purpose is not None else (DEFAULT, None)
    windows = options.strength() != Strength()
    if options.protect is None and windows:
        if options.purpose in ("publish", "archive"):
            raise _bad(f"strength options mean windows, purpose={options.purpose} a surrogate")
        text = WINDOWS
    method = _made(options.protect or text)
    if options.purpose == "paper" and method.sealed:
        raise _bad("purpose=paper means windows, and protect another protection")
    if method.protection is not None and windows:
        raise _bad("protect has its own strength: give no other option of it")
    if method.has_own_area and (options.grow != 0.0 or options.shape != "box"):
        raise _bad("it has an area of its own, a rounded ellipse over the head: no grow or shape; windows take them")
    if options.seals is not None and not method.sealed:
        raise _bad("seals is for what is sealed; windows come back by their key alone")
    if options.seals in ("inside", "beside") and not keyed:
        raise _bad("without a key that somebody has, no seal is made")
    for name in ("reproducible", "face_keys", "exact_file"):
        if getattr(options, name) and not keyed:
            raise _bad(f"{name} needs a key that somebody has")
    beside = (options.seals or place) == "beside" and method.sealed and keyed
    return Method(method.text, method.protection, beside)


def name_of(method: Method) -> str:
    """The name of what was asked for, without its settings: one of a few, whatever came."""
    return re.split("[:=?]", method.text)[0].strip()


def _made(text: str) -> Method:
    try:
        return make_method(text, files=False)
    except (TypeError, ValueError, FastperturbError) as error:
        raise _bad(f"protect: {str(error).partition(', got ')[0]}"[:500]) from None


def _bad(detail: str) -> Problem:
    return Problem("bad-options", detail)


def choose_format(options: ProtectOptions, came: str, method: Method, reversible: bool) -> str:
    """The format of the protected image.

    Args:
        options: of the request.
        came: the format of the image.
        method: what was done to it.
        reversible: whether somebody has the key.

    Raises:
        Problem: it would lose what cannot be lost.
    """
    if options.format is None:
        kept = ("PNG", "WebP", "TIFF", "JPEG") if method.sealed else ("PNG", "WebP", "TIFF")
        return came if came in kept else "PNG"
    if options.format == "jpg" and reversible and not method.sealed:
        raise _bad("JPEG changes pixels, so that windows could not be restored; png, webp and tiff keep them")
    return FORMATS[options.format]


def check_cost(method: Method, found: Sequence[Face | Region], shape: tuple[int, ...]) -> None:
    """Bounds memory and time of what cannot be stopped half-way.

    Args:
        method: what is to be done; windows of a strength that is given apart cost little.
        found: the faces, or the own boxes.
        shape: of the image, height first.

    Raises:
        Problem: a region is too large for this protection.
    """
    protection = method.protection
    if protection is None:
        return
    faces = [item if isinstance(item, Face) else Face(item) for item in found]
    try:
        regions = protection.regions(faces, shape)
    except ValueError as error:
        raise _bad(str(error)) from None
    check_cover(regions, shape, "bad-options", MOST_COVER)
    if not method.sealed:
        return
    sizes = [region.width * region.height for region in regions]
    inside = _areas(regions, shape)
    drawn = sizes if method.has_own_area else inside
    if max(drawn, default=0) > MAX_DRAWN_PIXELS:
        raise _bad(f"a region that is drawn may have up to {MAX_DRAWN_PIXELS} pixels; send a smaller image, or windows")
    if isinstance(protection, Noise) and sum(inside) > _MAX_NOISE_PIXELS:
        raise _bad(f"regions with noise may have up to {_MAX_NOISE_PIXELS} pixels together")
    if isinstance(protection, Blur):
        work = sum(_blur_work(region, protection.reach(region), shape) for region in regions)
        if work > _MAX_BLUR_WORK:
            raise _bad("so wide a blur of so large a region takes too long; take more cells, or a smaller image")
    if not method.has_own_area and len(regions) * shape[0] * shape[1] > max(_MAX_COPIED_PIXELS, shape[0] * shape[1]):
        raise _bad("so many regions of so large an image take too long with this protection")


def _blur_work(region: Region, reach: int, shape: tuple[int, ...]) -> int:
    """Samples that are read, those around a region's part of the image among them, times both passes of the kernel."""
    samples = shape[2] if len(shape) == 3 else 1
    for part, side in zip(region.clipped(shape[0], shape[1]), shape, strict=False):
        samples *= min(int(part.stop) + reach, side) - max(int(part.start) - reach, 0)
    return 2 * (2 * reach + 1) * samples


def check_cover(regions: Sequence[Region], shape: tuple[int, ...], problem: str, most: int) -> None:
    """Bounds the work that regions may ask for by how often they cover the image.

    Raises:
        Problem: they overlap too much.
    """
    covered = sum(_areas(regions, shape))
    if covered > most * shape[0] * shape[1] + 2**20:
        times = "twice" if most == 2 else f"{most} times"
        raise Problem(problem, f"the regions overlap too much: together they cover the image more than {times}")


def _areas(regions: Sequence[Region], shape: tuple[int, ...]) -> list[int]:
    """Pixels of each region's box that lie in the image."""
    clipped = [region.clipped(shape[0], shape[1]) for region in regions]
    return [int((rows.stop - rows.start) * (columns.stop - columns.start)) for rows, columns in clipped]
