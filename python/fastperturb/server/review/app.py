"""The review as an ASGI application: page, queue, pictures, changes; and the detector that runs beside."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ... import __version__
from ...threads import available_cpus
from .. import problems
from ..page import POLICY, read_files
from ..problems import Problem
from .bodies import as_json, json_of, whole
from .clip_routes import ClipRoutes
from .frames import Frames
from .guard import Guard
from .pictures import LEAST_SIDE, MOST_SIDE, Pictures
from .session import Review
from .videos import Videos

_SAVE_SECONDS = 10.0
_SHARED = ("style.css", "geometry.js", "ui.js", "icon.svg")
"""What the page takes from the service's own."""


def new_token() -> str:
    """A secret of 256 bits for one review."""
    return secrets.token_urlsafe(32)


def build(review: Review, pictures: Pictures, token: str, port: int, videos: Videos | None = None) -> Guard:
    """The application.

    Args:
        review: what is reviewed.
        pictures: reads and shows its pictures.
        videos: looks at its videos, if it has any.
        token: what requests must carry.
        port: the port that is listened on.
    """
    routes = _Routes(review, pictures, videos)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        looking = asyncio.ensure_future(routes.look_at_all())
        try:
            yield
        finally:
            routes.stop()
            await asyncio.gather(looking, return_exceptions=True)  # what is in hand is finished, and then saved
            await run_in_threadpool(review.save)
            routes.clips.frames.close()

    app = Starlette(
        routes=routes.all(),
        lifespan=lifespan,
        exception_handlers={Problem: problems.on_problem, HTTPException: problems.on_http_error},
    )
    return Guard(app, token, port)


class _Routes:
    """What answers each address."""

    def __init__(self, review: Review, pictures: Pictures, videos: Videos | None) -> None:
        self.review = review
        self.pictures = pictures
        self.videos = videos
        self.clips = ClipRoutes(review, Frames())
        self.stopping = False
        service, own = read_files("fastperturb.server"), read_files("fastperturb.server.review")
        self._files = {name: service[name] for name in _SHARED if name in service} | own

    def stop(self) -> None:
        """Nothing more is looked at."""
        self.stopping = True
        if self.videos is not None:
            self.videos.stopping = True

    def all(self) -> list[Route]:
        return [
            Route("/", self.page),
            Route("/static/{name}", self.page),
            Route("/api/review", self.queue),
            Route("/api/pictures/{number:place}", self.details),
            Route("/api/pictures/{number:place}", self.change, methods=["PUT"]),
            Route("/api/pictures/{number:place}/image", self.image),
            *self.clips.all(),
            Route("/api/save", self.save, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        name = request.path_params.get("name", "review.html")
        if name not in self._files:
            raise Problem("not-found")
        data, kind = self._files[name]
        return Response(data, headers={"Content-Type": kind, "Content-Security-Policy": POLICY})

    async def queue(self, request: Request) -> Response:
        since = whole(request.query_params.get("since", "-1"), "since")
        return as_json({**self.review.queue(since), "version": __version__})

    async def details(self, request: Request) -> Response:
        return as_json(await run_in_threadpool(self.review.details, request.path_params["number"]))

    async def change(self, request: Request) -> Response:
        wanted = await json_of(request)
        number = request.path_params["number"]
        item = await run_in_threadpool(self.review.change, number, wanted)
        return as_json({"item": item, **self.review.queue(self.review.revision)})

    async def image(self, request: Request) -> Response:
        item = self.review.item(request.path_params["number"])
        side = whole(request.query_params.get("side", str(MOST_SIDE)), "side")
        if not LEAST_SIDE <= side <= MOST_SIDE:
            raise Problem("bad-request", f"side must be {LEAST_SIDE} to {MOST_SIDE}")
        part = None
        if "part" in request.query_params:
            values = [whole(text, "part") for text in request.query_params["part"].split(",")]
            if len(values) != 4 or min(values[2:]) < 1:
                raise Problem("bad-request", "part must be x,y,width,height")
            part = values[0], values[1], values[2], values[3]
        data = await run_in_threadpool(self.pictures.copy, item, side, part)
        return Response(data, media_type="image/jpeg")

    async def save(self, request: Request) -> Response:
        wanted = await json_of(request)
        overwrite = isinstance(wanted, dict) and wanted.get("overwrite") is True
        await run_in_threadpool(self.review.save, overwrite)
        return as_json(self.review.queue(self.review.revision))

    async def look_at_all(self) -> None:
        """Looks at each picture once, about in order, as many at a time as there are processors; saves now and then."""
        items = iter(self.review.items)
        loop = asyncio.get_running_loop()
        saved = loop.time()

        async def worker() -> None:
            nonlocal saved
            for item in items:
                if self.stopping:
                    return
                if item.state != "broken":
                    await loop.run_in_executor(None, self.pictures.look, item)
                if loop.time() - saved > _SAVE_SECONDS:
                    saved = loop.time()
                    await loop.run_in_executor(None, self.review.save)

        await asyncio.gather(*(worker() for _ in range(available_cpus())))
        for clip in self.review.clips:
            if self.videos is not None and not self.stopping:
                await loop.run_in_executor(None, self.videos.look, clip)
                await loop.run_in_executor(None, self.review.save)
        await loop.run_in_executor(None, self.review.save)
