"""The addresses of the review's videos: their tracks, changes of them, and single frames."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..problems import Problem
from .bodies import as_json, json_of, whole
from .frames import LEAST_SIDE, MOST_SIDE, Frames
from .session import Review


class ClipRoutes:
    """What answers them.

    Args:
        review: whose videos these are.
        frames: shows their frames.
    """

    def __init__(self, review: Review, frames: Frames) -> None:
        self.review = review
        self.frames = frames

    def all(self) -> list[Route]:
        """The routes."""
        frame = "/api/videos/{number:place}/frames/{frame:place}"
        return [
            Route("/api/videos/{number:place}", self.details),
            Route("/api/videos/{number:place}", self.change, methods=["POST"]),
            Route(frame, self.frame),
            Route(frame + "/image", self.image),
        ]

    async def details(self, request: Request) -> Response:
        """The tracks of a video."""
        return as_json(await run_in_threadpool(self.review.clip_details, request.path_params["number"]))

    async def change(self, request: Request) -> Response:
        """Takes changes over."""
        wanted = await json_of(request)
        answer = await run_in_threadpool(self.review.change_clip, request.path_params["number"], wanted)
        return as_json({**answer, **self.review.queue(self.review.revision)})

    async def frame(self, request: Request) -> Response:
        """The boxes of a frame."""
        at = request.path_params
        return as_json(await run_in_threadpool(self.review.clip_at, at["number"], at["frame"]))

    async def image(self, request: Request) -> Response:
        """A frame; with ``track`` what is around its region."""
        number, frame = request.path_params["number"], request.path_params["frame"]
        side = whole(request.query_params.get("side", str(MOST_SIDE)), "side")
        if not LEAST_SIDE <= side <= MOST_SIDE:
            raise Problem("bad-request", f"side must be {LEAST_SIDE} to {MOST_SIDE}")
        self.review.clip_at(number, frame)
        clip = self.review.clip(number)
        region = None
        if "track" in request.query_params:
            wanted = whole(request.query_params["track"], "track")
            track = next((track for track in clip.tracks if track.id == wanted), None)
            region = None if track is None else await run_in_threadpool(track.region, frame)
            if region is None:
                raise Problem("not-found", "this track is not in this frame")
        data = await run_in_threadpool(self.frames.copy, clip, frame, side, region)
        return Response(data, media_type="image/jpeg")
