"""The application put together: routes, errors, the outermost layer, and what runs beside the requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from .. import __version__
from . import health, key_routes, openapi, page, problems, routes
from .logs import describe, log
from .middleware import RequestMiddleware
from .service import Service
from .settings import Settings


def build(settings: Settings) -> FastAPI:
    """The application; see :func:`fastperturb.server.create_app`."""
    service = Service(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        reloading = asyncio.ensure_future(_keep_reloading(service))
        try:
            yield
        finally:
            reloading.cancel()
            await asyncio.get_running_loop().run_in_executor(None, service.pool.close)
            log("stopped")

    app = FastAPI(
        title="fastperturb",
        version=__version__,
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # behind TLS it would send photograph and token on to http://
        separate_input_output_schemas=False,
    )
    app.state.service = service
    app.add_exception_handler(problems.Problem, problems.on_problem)
    app.add_exception_handler(RequestValidationError, problems.on_invalid)
    app.add_exception_handler(HTTPException, problems.on_http_error)
    app.add_middleware(RequestMiddleware, service=service)
    with_keys = [] if settings.to else [key_routes.router]  # who holds no secret has nothing to restore with
    for router in (routes.router, *with_keys, health.router, page.page_router()):
        app.include_router(router)
    _complete_document(app)
    return app


async def _keep_reloading(service: Service) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(service.settings.reload_seconds)
        try:
            await loop.run_in_executor(None, service.reload)
        except Exception as error:  # ended here, keys that are deleted later would stay in use without a word
            log("reloading failed", logging.ERROR, **describe(error))


def _complete_document(app: FastAPI) -> None:
    """Puts the problem document into OpenAPI in place of the framework's own form of errors."""
    document: dict[str, Any] = app.openapi()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = openapi.PROBLEM_SCHEMA
    schemas["ImageProblem"] = openapi.IMAGE_PROBLEM_SCHEMA
    app.openapi_schema = document
