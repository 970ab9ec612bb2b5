"""``fastperturb rekey``: other keys for protected files, whose pixels and seals stay as they are."""

from __future__ import annotations

from pathlib import Path

import click

from ...key import Key
from ...perturbation import rekey as rekey_record
from ...recipients import Recipient, check_recipients
from ..batch.changing import change_records
from ..options.common import Job, job_options
from ..options.keys import SECTION, key_needed, read_key, read_public_keys
from ..options.sections import SectionCommand, option, shared

_VIDEOS = (
    "a protected video, which rekey does not cover: it still opens with the old keys and no others; keep them, or "
    "restore it and protect it anew"
)


def _new_recipients(new_key_files: tuple[Path, ...], to: tuple[Path, ...]) -> tuple[Recipient, ...]:
    keys = [read_key(path) for path in new_key_files]
    named = [*(key for key in keys if key is not None), *read_public_keys(to)]
    if not named:
        raise ValueError("who opens the files from now on must be named: --new-key-file FILE or --to PUBLIC_KEY")
    return check_recipients(named)


_recipients = shared(
    "recipients",
    _new_recipients,
    option(
        "--new-key-file",
        "new_key_files",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        section=SECTION,
        help="A key that opens the files from now on; may be given several times. The old one does not, unless it is "
        "named here.",
    ),
    option(
        "--to",
        "to",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        section=SECTION,
        help="Public key (keygen --public) of somebody who can restore from now on; may be given several times. "
        "Whoever holds only the old key no longer can.",
    ),
)


@click.command(cls=SectionCommand, short_help="Let other keys open protected files.")
@job_options()
@key_needed
@_recipients
def rekey(job: Job, key: Key, recipients: tuple[Recipient, ...]) -> int:
    """Let other keys open protected files, where they lie. Pixels and seals stay as they are.

    Copies that were made before still open with the old key: this replaces a key, and does not help where one leaked.

    Videos are not covered: protected ones count as failed. They still need the old key, until they are restored with it
    and protected anew.
    """
    return change_records(job, lambda record: rekey_record(record, key, recipients), "rekeyed", _VIDEOS)
