"""Pictures for the review: read by the package, with bounds; reduced copies and parts as JPEG; detection."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..._optional import import_opencv
from ...checks import Image
from ...errors import FastperturbError
from ...files import MAX_PIXELS
from ...files.reading import decode, read_bytes, read_header
from ..problems import Problem
from .items import Found, Item
from .session import Review

LEAST_SIDE, MOST_SIDE = 64, 2560
THUMBNAIL = 160
_KEPT_BYTES = 64 * 2**20  # of encoded reduced copies
_LARGE = 2**25  # pixels; of more than this one is decoded at a time
_QUALITY = 88


def stamp_of(path: Path, data: bytes | None = None) -> dict[str, Any]:
    """What a file is known by: bytes, time of change in nanoseconds, SHA-256.

    Raises:
        OSError: it cannot be read.
    """
    facts = path.stat()
    data = read_bytes(path) if data is None else data
    return {"bytes": facts.st_size, "mtime_ns": facts.st_mtime_ns, "sha256": hashlib.sha256(data).hexdigest()}


class Pictures:
    """Reads the pictures of a review.

    Args:
        review: whose items these are.
        detect: finds faces in pixels, and what are perhaps some.
        max_pixels: the most pixels of a picture.
    """

    def __init__(self, review: Review, detect: Callable[[Image], Found], max_pixels: int = MAX_PIXELS) -> None:
        self._review = review
        self._detect = detect
        self._max_pixels = max_pixels
        self._lock = threading.Lock()
        self._shown: tuple[int, Image] | None = None
        self._copies: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._copies_lock = threading.Lock()

    def look(self, item: Item) -> None:
        """Looks at an item once in this review: is it whole, is it the one of its boxes, what is found."""
        try:
            if item.state == "done" and self._is_unchanged(item):
                return
            data = read_bytes(item.path)
            stamp = stamp_of(item.path, data)
            if item.stamp is not None and item.stamp.get("sha256") != stamp["sha256"]:
                self._review.mark_stale(item)
            elif item.state == "done":
                self._review.confirm(item, stamp)
                return
            with self._alone(data):
                pixels = decode(data, max_pixels=self._max_pixels).pixels
                height, width = pixels.shape[:2]
                found = self._detect(pixels)
                self._keep((item.number, THUMBNAIL, None), _reduced(_for_screen(pixels), THUMBNAIL))
            self._review.take_found(item, found, (width, height), stamp)
        except (OSError, FastperturbError, ValueError, MemoryError) as error:
            text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._review.mark_broken(item, " ".join(text.split()) or type(error).__name__)

    def copy(self, item: Item, side: int, part: tuple[int, int, int, int] | None = None) -> bytes:
        """A JPEG of an item, upright, with a longer side of up to ``side`` pixels.

        Args:
            item: of the review.
            side: 64 to 2560 pixels.
            part: x, y, width, height of what to show, in pixels of the upright picture; None for all of it.

        Raises:
            Problem: it cannot be read, or the part lies outside.
        """
        key = (item.number, side, part)
        with self._copies_lock:
            if key in self._copies:
                self._copies.move_to_end(key)
                return self._copies[key]
        try:
            with self._lock:
                pixels = self._pixels(item, keep=part is not None)
        except OSError as error:
            raise Problem("not-found", f"the picture cannot be read: {error.strerror}") from None
        except FastperturbError as error:
            raise Problem("damaged-image", str(error)) from None
        if part is not None:
            x, y, width, height = part
            pixels = pixels[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
            if not pixels.size:
                raise Problem("bad-request", "this part lies outside the picture")
        data = _reduced(pixels, side)
        self._keep(key, data)
        return data

    def _is_unchanged(self, item: Item) -> bool:
        facts = item.path.stat()
        stamp = item.stamp or {}
        return bool(stamp.get("bytes") == facts.st_size and stamp.get("mtime_ns") == facts.st_mtime_ns)

    def _pixels(self, item: Item, keep: bool) -> Image:
        """The pixels for the screen. Those of one picture are kept, the one that a person looks into the parts of."""
        if self._shown is not None and self._shown[0] == item.number:
            return self._shown[1]
        data = read_bytes(item.path)
        header = read_header(data)
        if keep or header.width * header.height > _LARGE:
            self._shown = None
        pixels = _for_screen(decode(data, max_pixels=self._max_pixels).pixels)
        if keep:
            self._shown = item.number, pixels
        return pixels

    @contextmanager
    def _alone(self, data: bytes) -> Iterator[None]:
        """For a picture that is so large that no other may be in memory beside it."""
        header = read_header(data)
        if header.width * header.height <= _LARGE:
            yield
            return
        with self._lock:
            self._shown = None
            yield

    def _keep(self, key: tuple[Any, ...], data: bytes) -> None:
        with self._copies_lock:
            self._copies[key] = data
            while sum(map(len, self._copies.values())) > _KEPT_BYTES:
                self._copies.popitem(last=False)


def _for_screen(pixels: Image) -> Image:
    """8 bit grey or RGB; what is transparent lies over grey."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.uint16)
        pixels = ((pixels[..., :3] * alpha + 128 * (255 - alpha)) // 255).astype(np.uint8)
    return pixels


def _reduced(pixels: Image, side: int) -> bytes:
    cv2 = import_opencv()
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data.tobytes())
