"""Runs a review under uvicorn, on this machine's own address alone, until Ctrl-C."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

import uvicorn

from ..uvicorn_runner import listen
from .app import build, new_token
from .guard import HOST
from .pictures import Pictures
from .session import Review
from .videos import Videos

_GRACE_SECONDS = 5


def run(
    review: Review, pictures: Pictures, port: int, ready: Callable[[str], None], videos: Videos | None = None
) -> None:
    """Serves the page until SIGINT or SIGTERM; then saves, and returns.

    Args:
        review: what is reviewed.
        pictures: reads its pictures.
        port: to listen on; 0 for any that is free.
        ready: is told the address with its secret, once it is listened on.
        videos: looks at its videos, if it has any.

    Raises:
        OSError: the port cannot be listened on.
    """
    listener = listen(HOST, port)
    number = listener.getsockname()[1]
    token = new_token()
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is told on the page and by the command
    config = uvicorn.Config(
        build(review, pictures, token, number, videos),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        http="h11",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=16 * 2**10,
    )
    ready(f"http://{HOST}:{number}/#{token}")
    with contextlib.suppress(KeyboardInterrupt):  # which is how one ends it
        uvicorn.Server(config).run(sockets=[listener])
