"""Several images of a request, each protected by itself within the limits of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .problems import Problem
from .protect_work import Protecting
from .request_bodies import Upload
from .results import Protected


def protect_several(protecting: Protecting, uploads: Sequence[Upload]) -> list[Protected | Problem]:
    """Each image of a request by itself, one after the other: its result, or what is wrong with it.

    Args:
        protecting: what is to be done; its limits are for all images together.
        uploads: the images.

    Raises:
        Problem: the time is up, or nobody waits any more. Then nothing is passed on of any of them.
    """
    results: list[Protected | Problem] = []
    whole, room = protecting.work, protecting.room
    for upload in uploads:
        left = whole.max_pixels - whole.facts.pixels
        try:
            done = replace(protecting, work=replace(whole, max_pixels=max(1, left)), room=room)(upload)
        except Problem as problem:
            if problem.name == "timeout":
                raise
            whole.facts.failed = (whole.facts.failed or 0) + 1
            results.append(_of_several(problem, whole.max_pixels))
        else:
            room -= sum(len(file.data) for file in done.files)
            results.append(done)
    return results


def _of_several(problem: Problem, pixels: int) -> Problem:
    if problem.name != "too-many-pixels":
        return problem
    return Problem(problem.name, f"together the images of a request may have up to {pixels} pixels")
