"""``fastperturb inspect``: what a file is, what its record says, and whether a key fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ...errors import RecordError, Tampered, WrongKey
from ...files import Picture
from ...files.reading import find_record
from ...key import Key
from ...perturbation.single import restore as restore_image
from ...record import Record
from ..batch.job import read_picture, run_job
from ..batch.paths import Inputs, Source
from ..batch.progress import Outcome
from ..errors import printable
from ..options.common import Job, job_options, key_if_any
from ..options.sections import SectionCommand


@click.command(cls=SectionCommand, short_help="Tell what is known of files and their records.")
@job_options()
@key_if_any
def inspect(job: Job, key: Key | None) -> int:
    """Tell what is known of files: format, size, record, and with a key whether it restores them.

    Exit code 1 if a file is damaged, or with a key if it does not restore a file that has a record.
    """

    def step(source: Source) -> Outcome:
        facts, problem = _facts(source.path, read_picture(source, job), key)
        status, text = "failed" if problem else "inspected", _as_text(source.path, facts)
        return Outcome(source.path, status, message=problem, facts=facts, text=text)

    return run_job(job, step, Inputs(job.inputs), prints=True)


def _facts(path: Path, picture: Picture, key: Key | None) -> tuple[dict[str, Any], str | None]:
    pixels = picture.pixels
    facts: dict[str, Any] = {
        "format": picture.format,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "channels": 1 if pixels.ndim == 2 else pixels.shape[2],
        "dtype": pixels.dtype.name,
        "profile": picture.icc is not None,
    }
    try:
        record = find_record(path, picture.texts)
    except RecordError as error:
        return {**facts, "record": None}, str(error).removeprefix(f"{path}: ")
    facts["record"] = None if record is None else json.loads(record.to_json())
    if record is None or key is None:
        return facts, None
    try:
        restore_image(pixels, record, key, out=pixels)
    except (WrongKey, Tampered) as error:
        return {**facts, "restores": False}, str(error).partition(";")[0]
    return {**facts, "restores": True}, None


def _as_text(path: Path, facts: dict[str, Any]) -> str:
    kinds = {1: "grey", 3: "RGB", 4: "RGBA"}
    bits = 16 if facts["dtype"] == "uint16" else 8
    lines = [
        printable(str(path)),
        f"  picture   {facts['format']}, {facts['width']} x {facts['height']}, {kinds[facts['channels']]}, {bits} bit"
        + (", with a colour profile" if facts["profile"] else ""),
    ]
    if facts["record"] is None:
        lines.append("  record    none")
    else:
        record = Record.from_json(json.dumps(facts["record"]))
        lines.append(f"  record    version {record.version}, key {record.key_id}, {record.moved} pixels moved")
        for item in record.regions:
            r = item.region
            lines.append(
                f"  region    {r.shape} {r.width} x {r.height} at {r.x},{r.y}, "
                f"windows of {item.window}, {item.moved} pixels moved"
            )
    if "restores" in facts:
        lines.append(f"  key       {'restores it' if facts['restores'] else 'does not restore it'}")
    return "\n".join(lines) + "\n"
