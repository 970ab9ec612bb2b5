"""Runs the application under uvicorn, and stops it gracefully."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from types import FrameType

import uvicorn
from fastapi import FastAPI

from .._optional import import_opencv
from .app import build
from .logs import log, set_up
from .service import Service
from .settings import Settings, check_address

_GRACE_SECONDS = 5.0  # beyond what a request may take, for its answer to be sent
_BACKLOG = 128


def run(settings: Settings, host: str, port: int, drain_seconds: float) -> None:
    """Runs the service; see :func:`fastperturb.server.serve`."""
    check_address(host, settings)
    set_up()
    import_opencv().setNumThreads(1)  # requests are what runs in parallel
    app = build(settings)
    service: Service = app.state.service
    server = _Server(_config(app, settings, host, port), service, drain_seconds)
    listener = listen(host, port)
    current = settings.keys.current
    log(
        "listening",
        address=host,
        port=listener.getsockname()[1],
        authentication=_authentication(settings),
        restores=settings.allow_restore,
        keys=len(settings.keys),
        recipients=[item.id for item in settings.to] or None,
        current_key=current.id if current else None,
        workers=service.pool.workers,
        places=service.pool.places,
    )
    if settings.no_auth:
        log("no token is asked for: a gateway in front must decide who may send images", logging.WARNING)
    for line in settings.keys.problems:
        log("key ring", logging.WARNING, problem=line)
    if not settings.reversible:
        log("no keys: no image can ever be restored", logging.WARNING)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=service.reload, daemon=True).start())
    server.run(sockets=[listener])


def _authentication(settings: Settings) -> str:
    if settings.asks_for_tokens:
        return "tokens"
    return "none: it must stand behind a gateway" if settings.no_auth else "none: local use only"


def _config(app: FastAPI, settings: Settings, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        http="h11",  # strict, and the same whatever else is installed
        backlog=_BACKLOG,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=int(settings.limits.seconds + settings.limits.upload_seconds + _GRACE_SECONDS),
        h11_max_incomplete_event_size=16 * 2**10,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that the log names its port, and who connects from now on is answered."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class _Server(uvicorn.Server):
    """Lets a load balancer see that it is about to stop before it does."""

    def __init__(self, config: uvicorn.Config, service: Service, drain_seconds: float) -> None:
        super().__init__(config)
        self._service = service
        self._drain_seconds = drain_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains and stops; a second one stops at once, as uvicorn has it."""
        first = not self._service.stopping
        self._service.stopping = True
        if first and self._drain_seconds > 0 and self._loop is not None:
            log("draining", seconds=self._drain_seconds)
            stop = super().handle_exit
            self._loop.call_soon_threadsafe(self._loop.call_later, self._drain_seconds, stop, sig, frame)
            return
        super().handle_exit(sig, frame)
