"""Bodies of requests: streamed with a limit on bytes and time, and taken apart in memory.

Nothing of a body is ever written to disk, as the framework's own forms would be. Multipart is RFC 7578.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from ..files.metadata_sealed import check_name
from .problems import Problem
from .settings import Limits
from .worker_pool import ClientGone, Receive

MAX_PARTS = 8
"""Beside those that may come more than once."""
_MAX_HEADERS = 4096  # bytes of a part's headers
_LINGER_BYTES, _LINGER_SECONDS = 2**20, 1.0


Bytes = bytes | bytearray
_NOT_IN_NAMES = re.compile(r"[^\w .()+-]")
_MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Upload:
    """A part of a body.

    Attributes:
        data: its bytes.
        name: of the file that it was, without folders and with nothing in it that a path or a header could trip over;
            "" if it has none.
        said: its name as it was sent, without folders; "" if none could be a file's.
        changed: when it was last changed, in milliseconds since 1970; None if that was not told.
    """

    data: Bytes
    name: str = ""
    said: str = ""
    changed: int | None = None


class Parts(dict[str, "bytes | bytearray"]):
    """The parts of a body by name; the first of those that came more than once, of which :attr:`uploads` has all."""

    def __init__(self, uploads: Mapping[str, list[Upload]]) -> None:
        super().__init__({name: found[0].data for name, found in uploads.items()})
        self.uploads = uploads


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request, not yet taken apart: that takes time for a large one, and is for a worker to do.

    Attributes:
        data: its bytes.
        boundary: of multipart/form-data; ``None`` for a body that is the part ``image`` alone.
    """

    data: bytearray
    boundary: bytes | None

    def parts(self, needed: Collection[str], more: Collection[str] = (), several: Mapping[str, int] = {}) -> Parts:
        """The body by parts.

        Args:
            needed: names of the parts that must be there.
            more: names of the parts that may be.
            several: how often each of those parts may come that may come more than once.

        Raises:
            Problem: it is not multipart as its boundary says, or has other parts.
        """
        uploads: Mapping[str, list[Upload]] = {"image": [Upload(self.data)]}
        if self.boundary is not None:
            uploads = _split(self.data, self.boundary, several)
            self.data.clear()  # it is held twice no longer than that
        unknown = set(uploads) - {*needed, *more}
        if unknown:
            allowed = ", ".join(sorted({*needed, *more}))
            raise Problem("bad-parts", f"there is a part that is none of {allowed}; options go into the query string")
        if not all(item.data for name in needed for item in uploads.get(name, [Upload(b"")])):
            raise Problem("bad-parts", f"needed, and not empty: {', '.join(sorted(needed))}")
        return Parts(uploads)


async def read_body(
    request: Request, limits: Limits, needed: Collection[str], enlarge: Callable[[], None] | None = None
) -> Body:
    """The body of a request.

    Args:
        request: its body has not been read.
        limits: on its bytes, and on the time that it takes to arrive.
        needed: names of the parts that it must have; several cannot come without multipart.
        enlarge: called once a body has more bytes than ``limits.body_bytes``, which it may if it can hold a protected
            image; raises if there is no room for it now.

    Raises:
        Problem: too large, too slow, encoded, or of another kind than images and forms.
        ClientGone: the client went away.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    multipart = kind == b"multipart/form-data"
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("unsupported-media", "send the body as it is, without Content-Encoding")
    if not multipart and kind not in (b"", b"application/octet-stream") and not kind.startswith(b"image/"):
        raise Problem(
            "unsupported-media", "Content-Type must be image/*, application/octet-stream or multipart/form-data"
        )
    if not multipart and not set(needed) <= {"image"}:
        raise Problem("unsupported-media", f"send multipart/form-data with the parts {', '.join(sorted(needed))}")
    return Body(await _read(request, limits, enlarge), options.get(b"boundary", b"") if multipart else None)


async def _read(request: Request, limits: Limits, enlarge: Callable[[], None] | None) -> bytearray:
    most = limits.body_bytes if enlarge is None else limits.most_body_bytes

    def check(size: int) -> None:
        if size > most:
            raise Problem("body-too-large", f"a body may have up to {most} bytes")
        if size > limits.body_bytes and enlarge is not None:
            enlarge()

    with contextlib.suppress(ValueError):  # a length that is none is refused by the server itself
        check(int(request.headers.get("content-length", "0")))
    body = bytearray()
    stream = request.stream()

    async def collect() -> None:
        async for piece in stream:
            check(len(body) + len(piece))
            body.extend(piece)

    try:
        await asyncio.wait_for(collect(), limits.upload_seconds)
    except (asyncio.TimeoutError, TimeoutError):
        detail = f"a body must arrive within {limits.upload_seconds:g} s"
        raise Problem("upload-timeout", detail) from None
    except ClientDisconnect:
        raise ClientGone from None
    return body


async def linger(receive: Receive, unread: Callable[[], bool]) -> None:
    """Throws away a little of a body that is refused, so that its sender gets to read why and not a reset.

    Args:
        receive: the request's ASGI channel.
        unread: whether there is more of the body.
    """

    async def discard() -> None:
        seen = 0
        while unread() and seen <= _LINGER_BYTES:
            seen += len((await receive()).get("body", b""))

    with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
        await asyncio.wait_for(discard(), _LINGER_SECONDS)


class _Collector:
    """What the parser of multipart bodies reports, gathered by name."""

    def __init__(self, several: Mapping[str, int]) -> None:
        self.uploads: dict[str, list[Upload]] = {}
        self._several = several
        self._header, self._value, self._disposition = b"", b"", b""
        self._headers = 0
        self._part = bytearray()
        self.ended = False

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._end,
        }

    def _end(self) -> None:
        self.ended = True

    def _begin(self) -> None:
        self._disposition, self._headers = b"", 0

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._count(end - start)

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count(end - start)

    def _count(self, size: int) -> None:
        self._headers += size
        if self._headers > _MAX_HEADERS:
            raise Problem("bad-parts", f"a part's headers may have up to {_MAX_HEADERS} bytes")

    def _on_header(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = b"", b""

    def _on_headers(self) -> None:
        kind, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("latin-1")
        if kind != b"form-data" or not name:
            raise Problem("bad-parts", "each part needs Content-Disposition: form-data; name=...")
        found = self.uploads.setdefault(name, [])
        most = self._several.get(name, 1)
        if len(found) == most:
            raise Problem("bad-parts", "a part is given twice" if most == 1 else f"a part may come {most} times")
        if len(self.uploads) > MAX_PARTS:
            raise Problem("bad-parts", f"a body may have up to {MAX_PARTS} parts")
        self._part = bytearray()
        last = re.split(r"[/\\]", options.get(b"filename", b"").decode("utf-8", "replace"))[-1]
        found.append(Upload(self._part, clean_name(last), _said_name(last)))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._part += data[start:end]


def clean_name(name: str) -> str:
    """A name with nothing in it that a path or a header could trip over; "" if nothing is left."""
    return _NOT_IN_NAMES.sub("_", name).strip(" .")[:_MAX_NAME]


def _said_name(name: str) -> str:
    try:
        return check_name(name) if "\N{REPLACEMENT CHARACTER}" not in name else ""
    except ValueError:
        return ""


def _split(body: bytearray, boundary: bytes, several: Mapping[str, int]) -> Mapping[str, list[Upload]]:
    if not 1 <= len(boundary) <= 70:  # RFC 2046, 5.1.1
        raise Problem("bad-parts", "multipart/form-data needs a boundary of 1 to 70 characters")
    collector = _Collector(several)
    try:
        parser = MultipartParser(boundary, collector.callbacks())  # type: ignore[arg-type]
        with memoryview(body) as view:
            for start in range(_first_boundary(body, boundary), len(body), 2**16):  # the parser copies what it is given
                parser.write(bytes(view[start : start + 2**16]))
                if collector.ended:
                    break  # what follows the last boundary is to be ignored (RFC 2046, 5.1.1)
        parser.finalize()
    except FormParserError:
        raise Problem("bad-parts", "the body is not multipart/form-data as its boundary says") from None
    if not collector.ended:
        raise Problem("bad-parts", "the body ends before its last boundary")
    return collector.uploads


def _first_boundary(body: bytearray, boundary: bytes) -> int:
    """Where the first boundary is; what stands before it is to be ignored (RFC 2046, 5.1.1)."""
    if body.startswith(b"--" + boundary):
        return 0
    place = body.find(b"\r\n--" + boundary)
    return 0 if place < 0 else place + 2
