"""Bodies of the review's requests and answers: JSON, within bounds."""

from __future__ import annotations

import json
from typing import Any

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from ...strict_texts import Repeated, read_json
from ..problems import Problem

MOST_BODY = 4 * 2**20


class _Place(IntegerConvertor):
    """A whole number in an address, of few digits: what has more is nobody's, and int() would refuse it."""

    regex = "[0-9]{1,12}"


register_url_convertor("place", _Place())


def as_json(data: Any) -> Response:
    """ASCII, for names of files need not be text in any encoding."""
    return Response(json.dumps(data), media_type="application/json")


def whole(text: str, name: str) -> int:
    """A whole number of a query; raises Problem if it is none."""
    if not text.removeprefix("-").isdecimal() or len(text) > 12 or not text.isascii():
        raise Problem("bad-request", f"{name} must be a whole number")
    return int(text)


async def json_of(request: Request) -> Any:
    """The body of a request, which must be JSON and say so: forms of other pages cannot."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem("bad-request", "the body must be application/json")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise Problem("body-too-large", f"up to {MOST_BODY} bytes", {"Connection": "close"})
    try:
        return read_json(body)
    except Repeated:
        raise Problem("bad-request", "the body gives a name twice in one object") from None
    except (ValueError, RecursionError):
        raise Problem("bad-request", "the body is not JSON") from None
