"""The HTTP service: protects images, and shows, compares and (where allowed) restores them. ``docs/server.md``.

``fastperturb serve`` runs it; :func:`create_app` gives the ASGI application to those who run it themselves. The extra
``server`` brings FastAPI, uvicorn, prometheus-client and python-multipart, which are imported when first used.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .._optional import import_extra
from .key_ring import KeyRing
from .settings import Limits, Settings
from .tokens import Tokens

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["KeyRing", "Limits", "Settings", "Tokens", "create_app", "serve"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service as an ASGI application.

    Args:
        settings: keys, tokens and limits; without them there are no keys (results can never be restored) and no token
            is asked for, so that it must not be reachable by others than those who may use it.

    Raises:
        MissingExtra: the extra ``server`` is not installed.
    """
    _import_all()
    from .app import build

    return build(Settings() if settings is None else settings)


def serve(settings: Settings, host: str, port: int, *, drain_seconds: float = 0.0) -> None:
    """Runs the service until SIGTERM or SIGINT; then finishes what it is working on, and returns.

    Args:
        settings: as for :func:`create_app`.
        host: the address to listen on.
        port: the port; 0 for any that is free (the log names it).
        drain_seconds: how long after the signal to stay up, not ready and refusing work, so that a load balancer sees
            it before the port closes.

    Raises:
        ValueError: an address that others can reach, without tokens and without ``no_auth``; ``drain_seconds`` that is
            not 0 or more, and finite.
        OSError: the address cannot be listened on.
        MissingExtra: the extra ``server`` is not installed.
    """
    if not 0 <= drain_seconds < math.inf:
        raise ValueError(f"drain_seconds must be 0 or more and finite, got {drain_seconds!r}")
    _import_all()
    from .uvicorn_runner import run

    run(settings, host, port, drain_seconds)


def _import_all() -> None:
    for module in ("fastapi", "uvicorn", "prometheus_client", "python_multipart"):
        import_extra(module, "server")
