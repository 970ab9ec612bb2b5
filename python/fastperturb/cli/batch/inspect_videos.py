"""What ``inspect`` tells of a video."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...errors import RecordError, Tampered, VideoFileError, WrongKey
from ...key import Key
from ...video.describing import VideoFacts, describe_video
from ...video.restoring import check_sealed
from ...video.sealed_file import ORIGINAL
from ..errors import printable
from .done_marks import MARK_TEXT
from .live import Live
from .paths import Source
from .progress import Outcome


def inspect_video(source: Source, key: Key | None, live: Live, max_pixels: int) -> Outcome:
    """Format, streams, and what brings the original back; with a key, whether that is whole.

    Raises:
        VideoFileError: it is no video, or its frames have more pixels than ``max_pixels``.
        OSError: it cannot be read.
    """
    found = describe_video(source.path, max_pixels)
    facts: dict[str, Any] = {**asdict(found), "protected": MARK_TEXT in found.texts}
    del facts["texts"]
    problem = None
    if key is not None and found.sealed is not None:
        try:
            held = check_sealed(source.path, key, live.watch(source.path))
            facts |= {"restores": True, "holds": "file" if held.kind == ORIGINAL else "windows", "bytes": held.length}
            facts["made_by"] = "anyone"  # who has the public key: a sealed file tells nothing of its maker
        except (WrongKey, Tampered, RecordError, VideoFileError) as error:
            facts["restores"], problem = False, str(error)
    status = "failed" if problem else "inspected"
    return Outcome(source.path, status, message=problem, facts=facts, text=_as_text(source, found, facts))


def _as_text(source: Source, found: VideoFacts, facts: dict[str, Any]) -> str:
    length = "" if found.seconds is None else f", {found.seconds:.1f} s"
    frames = "" if found.frames is None else f", about {found.frames} frames"
    lines = [
        printable(str(source.path)),
        f"  video     {found.format}, {found.codec}, {found.width} x {found.height}, {found.pixels}, "
        f"{found.rate:.3g} frames/s{length}{frames}",
    ]
    lines += [f"  beside it {printable(stream)}" for stream in found.copied]
    lines += [f"  not kept  {printable(stream)}" for stream in found.left_out]
    lines.append(f"  protected {'by this program' if facts['protected'] else 'not by this program'}")
    if found.sealed is None:
        lines.append("  original  not sealed here")
    else:
        place = "inside" if found.sealed == "inside" else f"beside, in {printable(found.sealed)}"
        lines.append(f"  original  sealed {place}, opened by {found.recipients} X25519 key(s)")
    if "made_by" in facts:
        lines.append("  made by   anyone who has the public key")
    if "restores" in facts:
        what = {"file": "the file, byte for byte", "windows": "the frames, bit for bit"}.get(facts.get("holds", ""), "")
        lines.append(f"  key       {f'brings back {what}' if facts['restores'] else 'does not restore it'}")
    return "\n".join(lines) + "\n"
