"""The program ``fastperturb``, also ``python -m fastperturb``; the extra ``cli`` brings what it needs."""

from __future__ import annotations

import sys

from ._optional import import_extra
from .errors import MissingExtra


def main() -> int:
    """Runs the command line on ``sys.argv``.

    Returns:
        The exit code: 0 if all went well, 1 if something failed, 2 for wrong usage, 130 if interrupted.
    """
    try:
        import_extra("click", "cli")
    except MissingExtra as error:
        print(f"fastperturb: {error}", file=sys.stderr)
        return 2
    from .cli.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
