"""The program put together: its commands, and how any error becomes one line and an exit code."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from importlib import import_module

import click

from .. import __version__
from ..errors import FastperturbError, UnverifiedWarning
from .errors import describe, say
from .streams import make_stdout_lenient, separate_stderr

INTERRUPTED = 130


_HELP = """Hide the faces in photographs behind drawn ones, seal the originals, and bring them back bit for bit.

\b
fastperturb keygen -o my.key
fastperturb perturb photos -o protected --key-file my.key
fastperturb restore protected -o restored --key-file my.key

Files or folders in, a mirrored tree out, in which JPEGs stay JPEGs and other pictures are lossless. A run that was
interrupted goes on where it stopped.

Exit codes: 0 every file went well, 1 some failed, 2 wrong usage, 3 none failed but some show no face (of 'sheet': there
is something to look at), 130 interrupted.
"""


MODULES = {
    "compare": "compare",
    "demo": "demo",
    "detectors": "detectors",
    "evaluate": "evaluate",
    "facekey": "facekey",
    "forget": "forget",
    "inspect": "inspect",
    "keygen": "keygen",
    "locate": "locate",
    "perturb": "perturb",
    "rekey": "rekey",
    "restore": "restore",
    "review": "review",
    "score": "score",
    "serve": "serve",
    "sheet": "sheet",
    "threshold": "threshold",
    "token": "serve",
    "train": "train",
    "view": "view",
}
"""Where each command is. Only the one that is asked for is imported: all of them take a tenth of a second."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        command: click.Command = getattr(import_module(f".commands.{MODULES[cmd_name]}", __package__), cmd_name)
        return command


@click.group(
    cls=_Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message="fastperturb %(version)s")
def program() -> None:
    """Run one of the commands; what the help page says is in :data:`_HELP`."""


def run(arguments: Sequence[str]) -> int:
    """Runs one command.

    Returns:
        The exit code.
    """
    make_stdout_lenient()
    separate_stderr()
    warnings.simplefilter("ignore", UnverifiedWarning)  # the commands say the same in a line that names the file
    try:
        with program.make_context("fastperturb", list(arguments)) as context:
            return int(program.invoke(context) or 0)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.UsageError as error:
        hint = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
        return _fail(error.format_message().rstrip(".") + hint, error.exit_code)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the flush at exit does not complain
        return 1
    except (FastperturbError, OSError) as error:
        return _fail(describe(error), 1)


def _fail(message: str, code: int) -> int:
    say(message)
    return code
