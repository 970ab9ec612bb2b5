"""Where the paths that a user names lead, by way of all links."""

from __future__ import annotations

from pathlib import Path

import click


def real_path(path: Path) -> Path:
    """The path without links; what is not there yet may be among its parts.

    Raises:
        click.UsageError: its links lead in a circle, or nobody can say where.
    """
    try:
        return path.resolve()
    except RuntimeError:  # as Python says it up to 3.12
        raise click.UsageError(f"{path}: its links lead in a circle") from None
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror or error}") from None
