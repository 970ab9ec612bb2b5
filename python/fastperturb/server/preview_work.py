"""The preview of a protected image: its view, how far it is from the original, faces before and after."""

from __future__ import annotations

from typing import Any

from .. import view
from ..faces import view_detector
from ..files.writing import encode
from .image_work import as_json
from .methods import MEDIA_TYPES
from .protect_work import File, Protected, Protecting
from .request_bodies import Upload


def preview_image(protecting: Protecting, upload: Upload) -> tuple[Protected, File, dict[str, Any]]:
    """A protected image, its view as PNG, and what can be said of both: measures, and faces before and after.

    The view of windows is what anyone can see of them without a key. Of other protections that is what they show.
    """
    work = protecting.work
    done = protecting(upload, measured=True)
    before, after = done.shown
    measures = work.measure(before, after)
    detector = work.detector(protecting.options)
    looks: list[tuple[str, Any, Any]] = [("before", before, detector), ("after", after, detector)]
    if done.windows is not None:
        through = view_detector(detector, done.windows)
        looks += [("view_before", before, through), ("view_after", after, through)]
    seen = {}
    for name, image, look in looks:
        work.check()
        seen[name] = [as_json(face) for face in work.look(image, look)]
    seen.setdefault("view_before", seen["after"])
    seen.setdefault("view_after", seen["after"])
    work.check()
    shown = after if done.windows is None else view(after, done.windows, out=after)
    file = File("view", "view.png", MEDIA_TYPES["PNG"], b"".join(encode(shown, "PNG")))
    return done, file, {**measures, "faces": seen}
