"""What goes out: PNG, JSON or multipart/form-data, whichever was asked for; PNG or JSON where nothing was."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from .image_work import Protected, as_json
from .problems import Problem

PNG, JSON, MULTIPART = "image/png", "application/json", "multipart/form-data"
MAX_RECORD_HEADER = 4096
"""Longest record that goes into a header too; proxies allow little more for all headers together."""


def choose(accept: str | None, offered: Sequence[str]) -> str:
    """The kind of answer that suits an Accept header best (RFC 9110, 12.5.1); the first offered where all do.

    Raises:
        Problem: none does.
    """
    if not accept or not accept.strip():
        return offered[0]
    weights = {kind: _weight(accept, kind) for kind in offered}
    best = max(offered, key=lambda kind: weights[kind])  # the first of equals
    if weights[best] == 0.0:
        raise Problem("not-acceptable", f"there are {', '.join(offered)}")
    return best


def _weight(accept: str, kind: str) -> float:
    found = (-1, 0.0)  # how closely a range names the kind, and its weight
    for item in accept.split(",")[:50]:
        name, *settings = (part.strip().lower() for part in item.split(";"))
        closeness = {kind: 2, kind.split("/", maxsplit=1)[0] + "/*": 1, "*/*": 0}.get(name, -1)
        if closeness > found[0]:
            found = closeness, next((_quality(text[2:]) for text in settings if text.startswith("q=")), 1.0)
    return found[1]


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def facts_of(done: Protected) -> dict[str, Any]:
    """What a client should know of a protected image, as JSON can hold it."""
    return {
        "reversible": done.reversible,
        "key_id": done.key_id,
        "note": None if done.reversible else "one-time key, dropped: the original can never be restored from this",
        "moved": done.record.moved,
        "regions": [as_json(item) for item in done.found],
        "record": json.loads(done.record.to_json()) if done.reversible else None,
    }


def protected_headers(done: Protected) -> dict[str, str]:
    """The same, in short, as headers."""
    headers = {
        "Fastperturb-Reversible": "true" if done.reversible else "false",
        "Fastperturb-Regions": str(len(done.found)),
        "Fastperturb-Moved": str(done.record.moved),
    }
    if done.key_id is not None:
        headers["Fastperturb-Key-Id"] = done.key_id
        text = done.record.to_json()
        if len(text) <= MAX_RECORD_HEADER:
            headers["Fastperturb-Record"] = text
    return headers


def answer(
    kind: str, images: Mapping[str, bytes], facts: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """Images and facts as the kind of answer that was chosen.

    Args:
        kind: :data:`PNG` (the first image alone), :data:`JSON` (images in base64) or :data:`MULTIPART`.
        images: PNG files by name.
        facts: in JSON beside the images; in multipart the part ``facts``.
        headers: further ones.
    """
    headers = {**(headers or {}), "Vary": "Accept"}
    if kind == PNG:
        return Response(next(iter(images.values())), headers=headers, media_type=PNG)
    if kind == JSON:
        encoded = {name: base64.b64encode(data).decode("ascii") for name, data in images.items()}
        return JSONResponse({**encoded, **facts}, headers=headers)
    boundary = "fastperturb-" + secrets.token_hex(16)
    pieces = [_part(boundary, "facts", "", JSON), json.dumps(facts).encode("ascii")]
    for name, data in images.items():
        pieces += [_part(boundary, name, f'; filename="{name}.png"', PNG), data]
    body = b"".join([*pieces, f"\r\n--{boundary}--\r\n".encode("ascii")])
    return Response(body, headers=headers, media_type=f"{MULTIPART}; boundary={boundary}")


def _part(boundary: str, name: str, file: str, kind: str) -> bytes:
    text = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\nContent-Type: {kind}\r\n\r\n'
    return text.encode("ascii")
