"""``fastperturb inspect``: what a file is, what its record says, and with a key what is still whole."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from ...errors import RecordError, Tampered, WrongKey
from ...files import Picture
from ...files.jpeg_open import is_of_jpeg, open_jpeg
from ...files.metadata import choose, read_metadata, sealed_metadata
from ...files.metadata_blocks import NOTHING
from ...files.metadata_choice import CHOICES
from ...files.metadata_record import sealed_file
from ...files.reading import decode, find_record_alone, read_bytes, with_seals_beside
from ...key import Key
from ...perturbation.record_v2 import RecordV2
from ...perturbation.verdicts import examine
from ...record import Record
from ..batch.bringing_back import bring_back, check_seals
from ..batch.inspect_videos import inspect_video
from ..batch.job import run_job
from ..batch.jpeg_job import bring_back_jpeg
from ..batch.live import Live
from ..batch.paths import Inputs, Source
from ..batch.progress import Outcome
from ..errors import printable
from ..options.common import Job, job_options
from ..options.keys import key_if_any
from ..options.sections import SectionCommand

_RECIPIENTS = {1: "master key", 2: "public key", 3: "public key of a face"}
_SEALS = {"none": "no seal", "here": "sealed here", "beside": "sealed beside", "erased": "seal erased"}
_MAKERS = {
    "key": "who has this key",
    "recipients": "who has this key, or another of those who open it",
    "anyone": "anyone who has the public key",
}
_WORDS = {True: "unchanged", False: "changed", None: "unknown"}


@click.command(cls=SectionCommand, short_help="Tell what is known of files and their records.")
@job_options()
@key_if_any
def inspect(job: Job, key: Key | None) -> int:
    """Tell what is known of files: format, size, record, what each region holds, and with a key what is still whole.

    There are three verdicts: on the record, on the pixels of each region, and on the surroundings. Exit code 1 if a
    file is damaged, or with a key if it does not restore a file that has a record.
    """
    live = Live()

    def step(source: Source) -> Outcome:
        if source.video:
            return inspect_video(source, key, live, job.max_pixels)
        data = read_bytes(source.path)
        facts, problem = _facts(source.path, data, decode(data, max_pixels=job.max_pixels), key)
        status, text = "failed" if problem else "inspected", _as_text(source.path, facts)
        return Outcome(source.path, status, message=problem, facts=facts, text=text)

    return run_job(job, step, Inputs(job.inputs, videos=True), prints=True, live=live)


def _facts(path: Path, data: bytes, picture: Picture, key: Key | None) -> tuple[dict[str, Any], str | None]:
    pixels = picture.pixels
    facts: dict[str, Any] = {
        "format": picture.format,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "channels": 1 if pixels.ndim == 2 else pixels.shape[2],
        "dtype": pixels.dtype.name,
        "profile": picture.icc is not None,
        "in_the_clear": _in_the_clear(data),
    }
    try:
        facts["record"] = None
        record = find_record_alone(path, picture.texts)
        facts["record"] = None if record is None else _decoded(record)
        if record is not None and record.missing:
            record = with_seals_beside(path, record)
            facts["record"] = _decoded(record)
    except RecordError as error:
        return facts, str(error).removeprefix(f"{path}: ")
    if record is None or key is None:
        return facts, None
    try:
        jpeg = open_jpeg(data) if is_of_jpeg(record) else None
        verdicts = examine(pixels, record, key) if jpeg is None else jpeg.examine(record, key)
        facts["verdicts"] = {
            "record": verdicts.record,
            "regions": list(verdicts.regions),
            "surroundings": verdicts.surroundings,
        }
        facts["made_by"] = verdicts.origin
        if record.sealed or record.missing:
            check_seals(path, record)
        if jpeg is None:
            bring_back(pixels, record, key)
        else:
            bring_back_jpeg(jpeg, record, key, (), {}, True)
        facts["original"] = _original(record, key)
    except (WrongKey, Tampered, RecordError) as error:
        return {**facts, "restores": False}, str(error).partition("; --no-verify")[0]
    return {**facts, "restores": True}, None


def _in_the_clear(data: bytes) -> list[str]:
    """The choices of ``perturb --keep`` of which a file holds something, colours aside."""
    found = read_metadata(data)
    return [name for name in CHOICES if name != "icc" and choose(found, frozenset((name,))) != NOTHING]


def _original(record: Record, key: Key) -> dict[str, Any] | None:
    """What was sealed of the file itself."""
    sealed = sealed_file(record, key)
    if sealed is None:
        return None
    found = sealed_metadata(sealed)
    changed = None
    if sealed.changed is not None:
        with contextlib.suppress(OverflowError, ValueError, OSError):
            changed = datetime.fromtimestamp(sealed.changed / 1e9, timezone.utc).isoformat(timespec="seconds")
    sizes = {"exif": found.exif, "xmp": found.xmp, "profile": found.icc or b"", "behind_picture": found.trailer}
    return {
        "name": sealed.name,
        "format": sealed.format,
        "changed": changed,
        "exact_file": bool(sealed.exact),
        "metadata_bytes": len(found.parts),
        **{f"{name}_bytes": len(data) for name, data in sizes.items()},
    }


def _decoded(record: Record) -> dict[str, Any]:
    """The fields of a record, as JSON can hold them; without keys, tags and seals where it is of version 2."""
    if not isinstance(record, RecordV2):
        fields: dict[str, Any] = json.loads(record.to_json())
        return fields
    return {
        "format": "fastperturb-record",
        "version": record.version,
        "shape": list(record.shape),
        "dtype": record.dtype,
        "of": "pixels" if record.layout is None else "coefficients",
        "regions": [
            {
                "x": item.region.x,
                "y": item.region.y,
                "width": item.region.width,
                "height": item.region.height,
                "shape": item.region.shape,
                "method": item.method_name,
                "revision": item.revision,
                "window": item.window,
                "pixels": item.pixels,
                "seal": entry.state,
                "seal_bytes": entry.length,
                "seal_at_hand": seal is not None,
            }
            for item, entry, seal in zip(record.regions, record.entries, record.seals, strict=False)
        ],
        "recipients": [_RECIPIENTS.get(stanza.kind, "unknown") for stanza in record.stanzas],
        "surroundings": record.scene is not None,
        "metadata": {"seal": record.rest.state, "seal_bytes": record.rest.length},
    }


def _as_text(path: Path, facts: dict[str, Any]) -> str:
    kinds = {1: "grey", 3: "RGB", 4: "RGBA"}
    bits = 16 if facts["dtype"] == "uint16" else 8
    lines = [
        printable(str(path)),
        f"  picture   {facts['format']}, {facts['width']} x {facts['height']}, {kinds[facts['channels']]}, {bits} bit"
        + (", with a colour profile" if facts["profile"] else ""),
    ]
    if facts["in_the_clear"]:
        lines.append(f"  metadata  in the clear: {', '.join(facts['in_the_clear'])}")
    record = facts["record"]
    lines += ["  record    none"] if record is None else _record_lines(record)
    if "verdicts" in facts:
        verdicts = facts["verdicts"]
        lines.append(f"  whole     record {_WORDS[verdicts['record']]}")
        lines += [f"            region {i} {_WORDS[whole]}" for i, whole in enumerate(verdicts["regions"])]
        lines.append(f"            surroundings {_surroundings(record, verdicts)}")
    if facts.get("original"):
        original = facts["original"]
        lines.append(
            f"  original  {printable(original['name']) or 'no name'}, {original['format']}, {original['changed']}"
        )
        lines.append(f"            {original['metadata_bytes']} bytes of metadata sealed")
    if facts.get("made_by") in _MAKERS:
        lines.append(f"  made by   {_MAKERS[facts['made_by']]}")
    if (
        facts.get("restores")
        and not _all_whole(facts["verdicts"])
        and facts["format"] == "JPEG"
        and record.get("of") != "coefficients"
    ):
        lines.append("            JPEG changes pixels; the seals are whole")
    if "restores" in facts:
        lines.append(f"  key       {'restores it' if facts['restores'] else 'does not restore it'}")
    return "\n".join(lines) + "\n"


def _all_whole(verdicts: dict[str, Any]) -> bool:
    return False not in (verdicts["record"], *verdicts["regions"], verdicts["surroundings"])


def _surroundings(record: dict[str, Any], verdicts: dict[str, Any]) -> str:
    return _WORDS[verdicts["surroundings"]] if record.get("surroundings") else "not recorded"


def _record_lines(record: dict[str, Any]) -> list[str]:
    if record["version"] == 1:
        moved = sum(item["moved"] for item in record["regions"])
        lines = [f"  record    version 1, key {record['key_id']}, {moved} pixels moved"]
    else:
        recipients = ", ".join(record["recipients"]) or "nobody"
        of = ", of a JPEG's coefficients" if record["of"] == "coefficients" else ""
        lines = [f"  record    version {record['version']}{of}, opened by: {recipients}"]
    for index, item in enumerate(record["regions"]):
        place = f"{item['shape']} {item['width']} x {item['height']} at {item['x']},{item['y']}"
        lines.append(f"  region {index}  {place}, {_held(item)}")
    metadata = record.get("metadata", {"seal": "none"})
    if metadata["seal"] != "none":
        lines.append(f"  metadata  {_SEALS[metadata['seal']]}, {metadata['seal_bytes']} bytes")
    return lines


def _held(item: dict[str, Any]) -> str:
    """What a region holds."""
    if item.get("method", "windows") == "windows":
        moved = item.get("moved", item["pixels"])
        return f"windows of {item['window']}, {moved} pixels moved"
    if not item["seal_bytes"]:
        return f"{item['method']}, {_SEALS[item['seal']]}: replaced for good"
    lost = "" if item["seal_at_hand"] else ", not at hand"
    return f"{item['method']}, {_SEALS[item['seal']]}, {item['seal_bytes']} bytes{lost}"
