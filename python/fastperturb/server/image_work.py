"""What the service does to images: bytes in, bytes and numbers out. Runs in the worker pool's threads.

``check`` is called between the steps, so that work that nobody waits for ends early. Errors are problems.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import Face, Record, Region, mse, psnr, ssim, view
from ..errors import ImageFileError, MissingExtra, RecordError
from ..faces import Detector, Find
from ..files import Picture
from ..files.header import Header, TooManyPixels
from ..files.reading import RECORD_TEXT, decode, read_header
from ..files.writing import encode
from .looking import Check, choose_find, detector_for, look
from .methods import MOST_COVER, check_cover
from .options import CompareOptions, FaceOptions, ViewOptions
from .problems import Problem
from .request_bodies import Bytes

MAX_RECORD_REGIONS = 1000
"""The most regions of a record that is written or read; a photograph with more faces is refused."""


@dataclass(slots=True)
class Facts:
    """What the log and the metrics may know of a request's work: numbers, and the name of a protection."""

    pixels: int = 0
    faces: int | None = None
    moved: int | None = None
    protection: str | None = None
    images: int = 0
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class ImageWork:
    """What every piece of work needs.

    Attributes:
        max_pixels: the most pixels of an image.
        check: raises if the work is to end.
        facts: to be filled in.
        max_result: the most bytes of a protected image with its record and seals, so that it can come back.
        finds: how hard to look for faces: where a request does not say, and at most.
    """

    max_pixels: int
    check: Check
    facts: Facts
    max_result: int
    finds: tuple[Find, Find] = ("fast", "everything")

    def open(self, data: Bytes) -> Picture:
        """Reads an image; its number of pixels is checked before any is decoded.

        Raises:
            Problem: another format, damaged, or too large.
        """
        self.read_header(data)
        return self.decode(data)

    def decode(self, data: Bytes) -> Picture:
        """The pixels of an image whose header was read; raises as :meth:`open`."""
        with _as_problems():
            return decode(data, max_pixels=self.max_pixels)

    def read_header(self, data: Bytes) -> Header:
        """The structure of an image, within its bounds; raises as :meth:`open`."""
        self.check()
        with _as_problems():
            header = read_header(data)
            header.check_size(self.max_pixels)
            if header.check_work is not None:
                header.check_work()
        self.facts.pixels += header.width * header.height
        return header

    def find(self, picture: Picture, options: FaceOptions) -> Sequence[Face | Region]:
        """The regions that are meant: own boxes, else faces."""
        own = options.regions()
        if own:
            self.facts.faces = (self.facts.faces or 0) + len(own)
            check_regions(own, picture.pixels.shape, "bad-options")
            return own
        self.check()
        faces = self.look(picture.pixels, self.detector(options), grow=options.margins, shape=options.shape)
        self.facts.faces = (self.facts.faces or 0) + len(faces)
        check_regions([face.region for face in faces], picture.pixels.shape, "bad-options")
        return faces

    def detector(self, options: FaceOptions) -> Detector:
        """What looks for faces as hard as a request asks.

        Raises:
            Problem: it asks for more than the operator allows.
            MissingExtra: weights are not installed here.
        """
        return detector_for(choose_find(options.find, *self.finds), options.min_score)

    def look(self, image: Any, detector: Detector, **how: Any) -> list[Face]:
        """The faces of an image, as ``fastperturb.locate`` gives them; ends between two looks if the work is to end."""
        return look(image, detector, self.check, **how)

    def locate(self, data: Bytes, options: FaceOptions) -> dict[str, Any]:
        """The faces of an image, as JSON can hold them."""
        picture = self.open(data)
        height, width = picture.pixels.shape[:2]
        return {"width": width, "height": height, "faces": [as_json(item) for item in self.find(picture, options)]}

    def view(self, data: Bytes, text: Bytes | None, options: ViewOptions) -> bytes:
        """What anyone can see of an image, as PNG: by its record, else of the faces that are found."""
        picture = self.open(data)
        record = the_record(picture.texts, text)
        where: Any = record if record is not None else self.find(picture, options)
        if record is None and not where:
            raise Problem("no-face", "there is neither a record nor a face")
        self.check()
        shown = picture.pixels
        if record is None or has_windows(record):
            try:
                shown = view(shown, where, options.strength(), interpolation=options.interpolation, out=shown)
            except ValueError as error:
                raise Problem("bad-options", str(error)) from None
        self.check()
        return b"".join(encode(shown, "PNG", icc=picture.icc))

    def compare(self, before: Bytes, after: Bytes, options: CompareOptions) -> dict[str, Any]:
        """How far two images are from each other."""
        first = self.open(before)
        second = self.open(after)
        records = [record for item in (first, second) if (record := the_record(item.texts, None)) is not None]
        region = None
        if options.inside:
            if not records:
                raise Problem("no-record", "neither image has one, so that nothing is known to be inside")
            region = [item.region for item in records[0].regions]
        self.check()
        return self.measure(first.pixels, second.pixels, region)

    def measure(self, a: Any, b: Any, region: Sequence[Region] | None = None) -> dict[str, Any]:
        """PSNR, SSIM and mean squared error; ``None`` for what is infinite or cannot be had."""
        try:
            decibels = psnr(a, b, region=region)
            error = mse(a, b, region=region)
        except (TypeError, ValueError) as problem:
            raise Problem("not-comparable", str(problem)) from None
        self.check()
        try:
            likeness: float | None = ssim(a, b, region=region)
        except ValueError:  # smaller than SSIM's window
            likeness = None
        finite = decibels if math.isfinite(decibels) else None
        return {"equal": error == 0.0, "psnr": finite, "ssim": likeness, "mse": error}


@contextlib.contextmanager
def _as_problems() -> Iterator[None]:
    """Tells what is wrong with a file as a problem."""
    try:
        yield
    except TooManyPixels as error:
        raise Problem("too-many-pixels", str(error).replace(" (max_pixels)", "")) from None
    except ImageFileError as error:
        name = "damaged-image" if str(error).startswith("damaged") else "unsupported-media"
        raise Problem(name, str(error)) from None
    except MissingExtra as error:  # HEIC and AVIF, where the service has no decoder of them
        raise Problem("unsupported-media", f"not supported: HEIC and AVIF, by this service: {error}") from None


def the_record(texts: Mapping[str, str], text: Bytes | None) -> Record | None:
    """The record that came with an image, among the texts inside it or beside it.

    Raises:
        Problem: it is none, or both came and differ.
    """
    inside, beside = (
        None if one is None else check_record(one, MAX_RECORD_REGIONS) for one in (texts.get(RECORD_TEXT), text)
    )
    if inside is not None and beside is not None and inside != beside:
        raise Problem("bad-record", "the image holds another record than the one that was sent with it")
    return inside if beside is None else beside


def check_record(text: str | Bytes, most: int) -> Record:
    """The record of a text, its regions bounded.

    Raises:
        Problem: it is none, or asks for too much work.
    """
    try:
        record = Record.from_json(text, max_regions=most)
    except RecordError as error:
        raise Problem("bad-record", str(error)[:500]) from None
    check_regions([item.region for item in record.regions], record.shape, "bad-record", MOST_COVER)
    return record


def check_regions(regions: Sequence[Region], shape: tuple[int, ...], problem: str, most: int = 2) -> None:
    """Bounds the work that regions may ask for: their number, and how often they cover the image.

    Raises:
        Problem: there are too many, or they overlap too much.
    """
    if len(regions) > MAX_RECORD_REGIONS:
        raise Problem(problem, f"there may be up to {MAX_RECORD_REGIONS} regions, got {len(regions)}")
    check_cover(regions, shape, problem, most)


def has_windows(record: Record) -> bool:
    """Whether a view of windows can be drawn of an image; of others, what is shown is all that can be seen."""
    return all(item.window for item in record.regions)


def as_json(item: Face | Region) -> dict[str, Any]:
    """A face or region as JSON can hold it."""
    region = item.region if isinstance(item, Face) else item
    data: dict[str, Any] = {"x": region.x, "y": region.y, "width": region.width, "height": region.height}
    data["shape"] = region.shape
    if isinstance(item, Face):
        data["score"] = round(item.score, 4)
        data["landmarks"] = [[round(x, 1), round(y, 1)] for x, y in item.landmarks]
        data["turn"] = item.turn
        if item.found_by:
            data["found_by"] = list(item.found_by)
    return data
