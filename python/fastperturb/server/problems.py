"""Errors as problem documents (RFC 9457), for every answer that is not a success."""

from __future__ import annotations

from collections.abc import Mapping
from traceback import clear_frames
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:fastperturb:problem:"
_MOST_CAUSES = 20

TITLES = {
    "bad-request": (400, "The request cannot be read"),
    "unauthorised": (401, "A valid bearer token is needed"),
    "forbidden": (403, "The token does not allow this"),
    "restore-off": (403, "Restoring with the service's keys is switched off"),
    "cross-site": (403, "Requests from other sites' pages are refused"),
    "not-found": (404, "There is nothing here"),
    "unknown-key": (404, "The key ring has no key with this id"),
    "wrong-method": (405, "This method is not for this address"),
    "not-acceptable": (406, "No answer of the kinds that were asked for"),
    "upload-timeout": (408, "The body took too long to arrive"),
    "result-too-large": (422, "The protected image would be too large"),
    "already-protected": (409, "The image is protected already"),
    "body-too-large": (413, "The body is too large"),
    "too-many-pixels": (413, "The image has too many pixels"),
    "unsupported-media": (415, "Not an image of a kind that can be read"),
    "misdirected": (421, "Not the name of this service"),
    "bad-options": (422, "The options cannot be used"),
    "bad-parts": (422, "The parts of the body are not the ones that are needed"),
    "damaged-image": (422, "The image is damaged"),
    "no-face": (422, "No face was found"),
    "no-record": (422, "There is no record of how the image was protected"),
    "bad-record": (422, "The record cannot be read"),
    "bad-key": (422, "The key cannot be read"),
    "bad-recipients": (422, "The recipients cannot be used"),
    "wrong-key": (422, "The image was protected with another key"),
    "no-seals": (422, "The seals of the image are needed, and are not here"),
    "bad-seals": (422, "The seals are not those of the image"),
    "erased": (422, "There is no seal to do this with"),
    "unknown-origin": (422, "Anyone could have made the record"),
    "none-done": (422, "None of the images was protected"),
    "tampered": (422, "Image or record were changed since they were written"),
    "not-comparable": (422, "The images cannot be compared"),
    "too-busy": (429, "Too many requests are waiting"),
    "internal": (500, "Something went wrong inside the service"),
    "not-supported": (501, "The service lacks a package for this"),
    "no-current-key": (503, "The key ring names no key for new images"),
    "timeout": (503, "The work took too long"),
    "out-of-memory": (503, "The image needs more memory than there is"),
    "stopping": (503, "The service is about to stop"),
}
"""Status and title of each problem, by the last part of its type."""


class Problem(Exception):
    """What went wrong, as the client sees it.

    Args:
        name: one of :data:`TITLES`.
        detail: what to do about it; never holds content of images or keys.
        headers: further headers of the answer.
        more: further members of the document.
    """

    def __init__(
        self,
        name: str,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def document(self) -> dict[str, Any]:
        """The problem document, but for the request's id."""
        status, title = TITLES[self.name]
        document: dict[str, Any] = {"type": TYPE_PREFIX + self.name, "title": title, "status": status}
        if self.detail:
            document["detail"] = self.detail
        return document | self.more

    def response(self, request_id: str, **more: Any) -> JSONResponse:
        """The answer; its ``instance`` is the request's id, under which the log has it too."""
        document = self.document()
        document.update(more, instance=f"urn:fastperturb:request:{request_id}")
        return JSONResponse(document, document["status"], self.headers, MEDIA_TYPE)


def request_id(request: Request) -> str:
    """The id that the outermost layer gave the request."""
    return str(getattr(request.scope.get("facts"), "request_id", "-"))


def let_go(error: BaseException) -> None:
    """Empties the functions that an error came through: they refer to the body, and to the error in a circle."""
    found: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if found is None:
            return
        clear_frames(found.__traceback__)
        found = found.__cause__ or found.__context__


async def on_problem(request: Request, error: Exception) -> JSONResponse:
    """Answers a :class:`Problem`."""
    assert isinstance(error, Problem)  # noqa: S101  registered for nothing else
    let_go(error)
    facts = request.scope.get("facts")
    if facts is not None:
        facts.problem = error.name
    return error.response(request_id(request))


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answers options that are not as the OpenAPI document says. What came is not repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [
        {"parameter": str((*item["loc"][1:], "")[0])[:80], "detail": str(item["msg"])[:300]}
        for item in error.errors()[:20]
    ]
    detail = "; ".join(f"{item['parameter']}: {item['detail']}" for item in errors)
    problem = Problem("bad-options", detail)
    facts = request.scope.get("facts")
    if facts is not None:
        facts.problem = problem.name
    return problem.response(request_id(request), errors=errors)


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answers what the framework refuses: unknown addresses and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101
    names = {404: "not-found", 405: "wrong-method"}
    problem = Problem(names.get(error.status_code, "bad-request"), headers=error.headers)
    return await on_problem(request, problem)
