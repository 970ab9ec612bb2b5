"""The preview of a protected image: its view, how far it is from the original, faces before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import view
from ..faces import view_detector
from ..files.writing import encode
from .image_work import as_json
from .methods import MEDIA_TYPES
from .protect_work import Protecting
from .request_bodies import Upload
from .results import File, Protected


def preview_image(protecting: Protecting, upload: Upload) -> tuple[Protected, File, dict[str, Any]]:
    """A protected image, its view as PNG, and what can be said of both: measures, and faces before and after.

    The view of windows is what anyone can see of them without a key. Of other protections that is what they show.
    """
    work = protecting.work
    done = protecting(upload, measured=True)
    before, after = done.shown
    measures = work.measure(before, after)
    options = protecting.options
    detector = work.detector(options)
    seen = {"after": _faces(work.look(after, detector))}
    as_found = not options.region and options.margins == 0 and options.shape == "box"
    seen["before"] = _faces(done.found if as_found else work.look(before, detector))
    seen["view_before"] = seen["view_after"] = seen["after"]
    if done.windows is not None:  # the view is the original's, bit for bit
        seen["view_before"] = seen["view_after"] = _faces(work.look(after, view_detector(detector, done.windows)))
    work.check()
    shown = after if done.windows is None else view(after, done.windows, out=after)
    file = File("view", "view.png", MEDIA_TYPES["PNG"], b"".join(encode(shown, "PNG")))
    return done, file, {**measures, "faces": seen}


def _faces(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [as_json(face) for face in found]
