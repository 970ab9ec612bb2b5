"""Addresses for those who run the service: alive, ready, numbers."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from .access import needs
from .problems import MEDIA_TYPE, TYPE_PREFIX, request_id
from .service import service_of

router = APIRouter(tags=["service"])


@router.get("/healthz", response_model=None)
async def healthz() -> JSONResponse:
    """Whether the process is alive: its event loop answers."""
    return JSONResponse({"status": "alive"})


_NOT_READY = {
    503: {"description": "Not ready.", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
}


@router.get("/readyz", response_model=None, responses=_NOT_READY)  # type: ignore[arg-type]
async def readyz(request: Request) -> JSONResponse:
    """Whether work should be sent here: not while stopping, and not without a key for new images."""
    reason = service_of(request).not_ready()
    if reason is None:
        return JSONResponse({"status": "ready"})
    document = {
        "type": TYPE_PREFIX + "not-ready",
        "title": "Not ready",
        "status": 503,
        "detail": reason,
        "instance": f"urn:fastperturb:request:{request_id(request)}",
    }
    return JSONResponse(document, 503, media_type=MEDIA_TYPE)


@router.get("/metrics", response_model=None, dependencies=[Depends(needs("metrics"))])
async def metrics(request: Request) -> Response:
    """Numbers in Prometheus's text format. With tokens, it needs one with the scope `metrics`."""
    return Response(service_of(request).instruments.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
