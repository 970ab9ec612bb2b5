"""``python -m fastperturb.integrations.ray IN OUT``: a folder of images on a Ray cluster; a re-run does what is left.

Every file becomes OUT/…/NAME.png, NAME being its whole name (photo.jpg.png), so that no two go to one place.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ... import PublicKey, Strength
from ..._optional import import_extra
from ...errors import MissingExtra
from ..key_places import KeyPlace
from ..methods import DEFAULT
from ..places import is_address
from ..protector import FaceOptions
from ..row_jobs import PROBLEMS, JobKey, RowJob
from . import perturb_dataset

_ROWS_A_BLOCK = 64  # what is lost and done again if an actor dies
_SECONDS_A_LINE = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program.

    Returns:
        The exit code: 0 if every image went well, 1 if some did not, 2 for wrong usage.
    """
    options = _parser().parse_args(arguments)
    try:
        ray = import_extra("ray", "ray")
        paths = list(_files(options.input, options.output))
        job = _job(options)
    except (MissingExtra, OSError, KeyError, TypeError, ValueError) as error:
        print(f"fastperturb: {error}", file=sys.stderr)
        return 2
    if not paths:
        print(f"fastperturb: no files in {options.input}", file=sys.stderr)
        return 1
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    where: dict[str, Any] = {"address": options.address} if options.address else {"include_dashboard": False}
    ray.init(logging_level="warning", log_to_driver=False, **where)
    try:
        return _report(_run(ray, job, paths, options.workers), len(paths))
    finally:
        ray.shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fastperturb.integrations.ray", description=__doc__)
    parser.add_argument("input", type=_folder, metavar="IN", help="folder of images that every machine can read")
    parser.add_argument("output", type=_folder, metavar="OUT", help="folder that every machine can write")
    parser.add_argument("--key-file", help="key file on every machine; otherwise FASTPERTURB_KEY in its environment")
    parser.add_argument("--key-id", help="public id that the key must have; needed if this machine has no key")
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="PUB",
        help="file of a public key, which this machine reads for all; may be given again. Without --key-file and "
        "--key-id no machine has a key, and none can restore",
    )
    parser.add_argument("--protect", metavar="NAME[:SETTINGS]", help=f"what is shown instead of a face ({DEFAULT})")
    parser.add_argument("--seals", choices=["inside", "beside"], default="inside", help="'beside': in NAME.png.seal")
    parser.add_argument("--record-beside", action="store_true", help="records to NAME.png.json, not inside the files")
    parser.add_argument("--detector", help="as text, such as 'yunet?threshold=0.5'")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--cells", type=int, help="windows, so many across a face's shorter side")
    size.add_argument("--window", type=int, help="windows of so many pixels a side")
    parser.add_argument("--grow", type=float, default=0.0, help="margin around a face as a share of its size")
    parser.add_argument("--shape", choices=["box", "ellipse"])
    parser.add_argument("--no-face", choices=["raise", "whole", "pass"], default="raise", help="'raise' writes nothing")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are not this job's results")
    parser.add_argument("--address", help="of a running cluster, such as 'auto'; otherwise one is started here")
    parser.add_argument("--workers", type=_count, help="actors; otherwise one a processor")
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {text!r}")
    return int(text)


def _folder(text: str) -> Path:
    if is_address(text):
        raise argparse.ArgumentTypeError(f"must be a folder that all machines mount, got {text!r}")
    return Path(text)


def _job(options: argparse.Namespace) -> RowJob:
    faces = FaceOptions(
        protection=_protection(options),
        detector=options.detector,
        grow=options.grow,
        shape=options.shape,
        no_face=options.no_face,
    )
    root, output = (os.path.abspath(path) for path in (options.input, options.output))  # noqa: PTH100
    return RowJob(
        key=_keys(options),
        options=faces,
        output=output,
        root=root,
        seals=options.seals,
        record_beside=options.record_beside,
        overwrite=options.overwrite,
    )


def _protection(options: argparse.Namespace) -> str | Strength | None:
    """What the options mean: windows with a size of them, as on the command line."""
    if options.cells is None and options.window is None:
        protection: str | None = options.protect
        return protection
    if options.protect is not None:
        raise ValueError(f"--protect has its own strength: no --cells or --window, got --protect {options.protect}")
    return Strength(window=options.window, cells=options.cells)


def _keys(options: argparse.Namespace) -> list[JobKey]:
    """The recipients; a secret key is one where there is no other, or where it is named."""
    keys: list[JobKey] = [PublicKey.from_file(path) for path in options.to]
    if options.key_file or options.key_id or not keys:
        place = KeyPlace(options.key_file and os.path.abspath(options.key_file), key_id=options.key_id)  # noqa: PTH100
        if options.key_id is None:  # all machines must have the one that is here
            place = KeyPlace(place.file, place.variable, place.load().id)
        keys.insert(0, place)
    return keys


def _files(folder: Path, output: Path) -> Iterator[str]:
    """The absolute paths of all files but hidden ones, records and seals."""
    try:
        top, out = folder.resolve(), output.resolve()
    except RuntimeError:  # as Python says it up to 3.12
        raise ValueError(f"the links of {folder} or {output} lead in a circle") from None
    if not top.is_dir():
        raise NotADirectoryError(20, "the input must be a folder", str(folder))
    if out == top or top in out.parents or out in top.parents:
        raise ValueError(f"the input and the output must lie apart, got {folder} and {output}")
    for place, folders, names in os.walk(os.path.abspath(folder)):  # noqa: PTH100
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not name.endswith((".json", ".seal")):
                yield os.path.join(place, name)  # noqa: PTH118


def _run(ray: Any, job: RowJob, paths: list[str], workers: int | None) -> Iterator[dict[str, Any]]:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    blocks = max(1, -(-len(paths) // _ROWS_A_BLOCK))
    rows = ray.data.from_items([{"path": path} for path in paths], override_num_blocks=blocks)
    pool = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    done = perturb_dataset(rows, job, workers=min(pool, blocks), batch_size=_ROWS_A_BLOCK)
    return iter(done.select_columns(["path", "status", "error"]).iter_rows())


def _report(rows: Iterator[dict[str, Any]], total: int) -> int:
    counts: Counter[str] = Counter()
    said = time.monotonic()
    for row in rows:
        counts[row["status"]] += 1
        if time.monotonic() - said > _SECONDS_A_LINE:
            said = time.monotonic()
            print(f"fastperturb: {sum(counts.values())} of {total} files so far", file=sys.stderr)
        if row["error"] is not None:
            print(f"fastperturb: {row['path']!r}: {row['error']}", file=sys.stderr)
    parts = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    print(f"fastperturb: {sum(counts.values())} of {total} files: {parts}", file=sys.stderr)
    return 1 if any(counts[status] for status in PROBLEMS) or sum(counts.values()) < total else 0


if __name__ == "__main__":
    sys.exit(main())
