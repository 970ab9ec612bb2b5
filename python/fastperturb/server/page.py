"""The page at /: its few files, read once, sent with a policy that lets it load and reach nothing else."""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter
from starlette.responses import Response

from .problems import Problem

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
}
_INDEX = "index.html"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_router() -> APIRouter:
    """The routes ``/`` and ``/static/NAME``."""
    files = read_files(__package__)
    router = APIRouter(include_in_schema=False)

    def file(name: str) -> Response:
        if name not in files:
            raise Problem("not-found")
        data, kind = files[name]
        return Response(data, headers={"Content-Type": kind, "Content-Security-Policy": POLICY})

    @router.head("/")
    @router.get("/")
    async def index() -> Response:
        return file(_INDEX)

    @router.head("/static/{name}")
    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        return file(name)

    return router


def read_files(package: str) -> dict[str, tuple[bytes, str]]:
    """The files of a package's folder ``static`` by name: content and media type."""
    folder = resources.files(package).joinpath("static")
    if not folder.is_dir():
        return {}
    found = {}
    for item in folder.iterdir():
        kind = _TYPES.get(item.name.rpartition(".")[2])
        if kind is not None and item.is_file():
            found[item.name] = item.read_bytes(), kind
    return found
