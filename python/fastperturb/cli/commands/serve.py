"""``fastperturb serve``: the HTTP service; and ``fastperturb token``: a bearer token for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from ..._optional import import_extra
from ...faces.presets import PRESETS
from ...server import KeyRing, Limits, Settings, Tokens
from ...server import serve as run_service
from ...server.key_ring import read_recipients, recipients_from_environment
from ...server.settings import local_names
from ...server.tokens import SCOPES, TOKENS_VARIABLE, new_token
from ..errors import say
from ..options.numbers import Number
from ..options.sections import SectionCommand, option, shared

_KEYS, _ACCESS, _LIMITS = "Keys", "Who may use it", "Limits"
_FIND_VARIABLE = "FASTPERTURB_FIND"
_MEGABYTE = 2**20
_MEGABYTES = Number(0, 1_000_000, over=True)
_SECONDS = Number(0, 1_000_000_000, over=True)  # threads can wait for ten times that
_DEFAULT = Limits()


def _limits(max_megabytes: float, max_pixels: int, timeout: float, upload_timeout: float, **rest: Any) -> Limits:
    return Limits(
        body_bytes=math.ceil(max_megabytes * _MEGABYTE),
        pixels=max_pixels,
        seconds=timeout,
        upload_seconds=upload_timeout,
        workers=rest["workers"],
        queue=rest["queue"],
        images=rest["images"],
    )


def _settings(keys: Path | None, to: tuple[str, ...], tokens: Path | None, **rest: Any) -> Settings:
    recipients = read_recipients(to, "--to") or recipients_from_environment()
    try:
        ring = KeyRing.from_environment() if keys is None else KeyRing.from_folder(keys)
        known = Tokens.from_environment() if tokens is None else Tokens.from_file(tokens)
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from None
    return Settings(limits=Limits(), keys=ring, to=recipients, tokens=known, **rest)


_limit_options = shared(
    "limits",
    _limits,
    option("--max-megabytes", type=_MEGABYTES, default=_DEFAULT.body_bytes / _MEGABYTE, metavar="N", section=_LIMITS,
           help="Refuse larger bodies.  [default: 20]"),
    option("--max-pixels", type=int, default=_DEFAULT.pixels, metavar="N", section=_LIMITS,
           help=f"Refuse larger images (height x width).  [default: {_DEFAULT.pixels}]"),
    option("--timeout", type=_SECONDS, default=_DEFAULT.seconds, metavar="SECONDS", section=_LIMITS,
           help="Longest wait and work for a request.  [default: 30]"),
    option("--upload-timeout", type=_SECONDS, default=_DEFAULT.upload_seconds, metavar="SECONDS", section=_LIMITS,
           help="Longest that a body may take to arrive.  [default: 30]"),
    option("--workers", "-j", type=int, metavar="N", section=_LIMITS,
           help="Requests to work on at once; the default is one a processor."),
    option("--queue", type=int, default=_DEFAULT.queue, metavar="N", section=_LIMITS,
           help=f"How many more may wait; others get 429.  [default: {_DEFAULT.queue}]"),
    option("--max-images", "images", type=int, default=_DEFAULT.images, metavar="N", section=_LIMITS,
           help=f"Most images of one request.  [default: {_DEFAULT.images}]"),
)  # fmt: skip
_setting_options = shared(
    "settings",
    _settings,
    option("--keys", type=click.Path(path_type=Path), metavar="FOLDER", section=_KEYS,
           help="Folder of key files (*.key) and the file 'current' with the id of the key for new images; otherwise "
           "the keys' texts are taken from the environment, FASTPERTURB_KEYS. Without any, results can never be "
           "restored."),
    option("--to", multiple=True, metavar="FILE", section=_KEYS,
           help="Protect to this public key, a file or its text; may be repeated; otherwise FASTPERTURB_TO in the "
           "environment. Then no key is held here, and nothing can be restored."),
    option("--allow-restore", is_flag=True, section=_KEYS,
           help="Let tokens with the scope 'restore' restore with these keys."),
    option("--origin", type=click.Choice(["key", "any"]), default="key", section=_KEYS,
           help="Whose records to restore: those that a key made, or anyone's with the public key.  [default: key]"),
    option("--tokens", type=click.Path(path_type=Path), metavar="FILE", section=_ACCESS,
           help=f"File of token hashes that 'fastperturb token' printed; otherwise {TOKENS_VARIABLE} in the "
           "environment."),
    option("--no-auth", is_flag=True, section=_ACCESS,
           help="Ask for no token to protect images: a gateway in front must decide who may. Restoring still needs "
           "one."),
    option("--find", type=click.Choice(PRESETS), default="fast", envvar=_FIND_VARIABLE, section=_LIMITS,
           help="How hard to look for faces where a request does not say: fast, careful or everything; otherwise "
           f"{_FIND_VARIABLE} in the environment.  [default: fast]"),
    option("--most-find", type=click.Choice(PRESETS), default="everything", section=_LIMITS,
           help="How hard a request may ask to look, at most.  [default: everything]"),
    option("--reload-seconds", type=_SECONDS, default=5.0, metavar="SECONDS", section=_KEYS,
           help="How often keys and tokens are looked at again (or send SIGHUP).  [default: 5]"),
)  # fmt: skip


@click.command(cls=SectionCommand, short_help="Run the HTTP service.")
@_setting_options
@_limit_options
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, metavar="N", help="[default: 8000; 0: any]")
@click.option("--host-name", "host_names", multiple=True, metavar="NAME",
              help="Name by which it may be called, may be repeated; the default is any, or local names on a local "
              "address.")  # fmt: skip
@click.option("--drain-seconds", type=Number(0, 1_000_000_000), default=0.0, metavar="SECONDS",
              help="After SIGTERM: stay up, not ready, for so long before the port closes.  [default: 0]")  # fmt: skip
def serve(
    settings: Settings, limits: Limits, host: str, port: int, host_names: tuple[str, ...], drain_seconds: float
) -> int:
    """Run the HTTP service: images in, protected images out. docs/server.md says how to deploy it.

    It refuses an address that others can reach unless there are tokens, or --no-auth. SIGTERM finishes what is running
    and refuses what is new. The log goes to standard error, one JSON object a line, without content of images or keys.
    """
    import_extra("fastapi", "server")
    from dataclasses import replace

    names = tuple(name.lower() for name in host_names) or local_names(host)
    try:
        run_service(replace(settings, limits=limits, host_names=names), host, port, drain_seconds=drain_seconds)
    except ValueError as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    return 0


@click.command(short_help="Make a bearer token for the service.")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), default=("perturb",), show_default=True,
              help="What it allows; may be repeated.")  # fmt: skip
@click.option("--tokens", type=click.Path(path_type=Path), metavar="FILE", help="Add its hash to this file.")
def token(name: str, scopes: tuple[str, ...], tokens: Path | None) -> int:
    """Make a bearer token for the service, for NAME.

    The token is printed on standard output, once, and goes to its holder. The service's token file gets its hash alone.
    """
    try:
        text, line = new_token(name, scopes)
    except ValueError as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    if tokens is None:
        say(f"for the token file: {line}")
    else:
        if tokens.exists() and not tokens.is_file():  # a pipe is waited for until somebody reads it
            raise click.UsageError(f"{tokens}: not a regular file", click.get_current_context())
        with tokens.open("a", encoding="ascii") as file:
            file.write(line + "\n")
        say(f"hash added to {tokens}")
    click.echo(text)
    return 0
