"""Addresses for those who run the service: alive, ready, numbers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from .access import needs
from .problems import MEDIA_TYPE, TITLES, TYPE_PREFIX, request_id
from .service import service_of

router = APIRouter(tags=["service"])


@router.head("/healthz", include_in_schema=False, response_model=None)
@router.get("/healthz", response_model=None)
async def healthz() -> JSONResponse:
    """Whether the process is alive: its event loop answers."""
    return JSONResponse({"status": "alive"})


_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready.", "content": _PROBLEM}}
_NUMBERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The numbers.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    401: {"description": TITLES["unauthorised"][1], "content": _PROBLEM},
    403: {"description": TITLES["forbidden"][1], "content": _PROBLEM},
}


@router.head("/readyz", include_in_schema=False, response_model=None)
@router.get("/readyz", response_model=None, responses=_NOT_READY)
async def readyz(request: Request) -> JSONResponse:
    """Whether work should be sent here: not while stopping, and not without a key for new images.

    A service that holds no secret says that it protects only, and to whom.
    """
    service = service_of(request)
    reason = service.not_ready()
    if reason is None:
        return JSONResponse({"status": "ready", **service.describe()})
    document = {
        "type": TYPE_PREFIX + "not-ready",
        "title": "Not ready",
        "status": 503,
        "detail": reason,
        "instance": f"urn:fastperturb:request:{request_id(request)}",
    }
    return JSONResponse(document, 503, media_type=MEDIA_TYPE)


@router.head("/metrics", include_in_schema=False, response_model=None, dependencies=[Depends(needs("metrics"))])
@router.get(
    "/metrics",
    response_model=None,
    response_class=Response,
    responses=_NUMBERS,
    dependencies=[Depends(needs("metrics"))],
)
async def metrics(request: Request) -> Response:
    """Numbers in Prometheus's text format. With tokens, it needs one with the scope `metrics`."""
    return Response(service_of(request).metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
