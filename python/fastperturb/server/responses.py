"""What goes out: an image's file, JSON, multipart/form-data or a ZIP archive, whichever was asked for and fits."""

from __future__ import annotations

import base64
import io
import json
import secrets
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from .. import Record
from .image_work import as_json
from .methods import FORMATS, MEDIA_TYPES
from .problems import Problem
from .results import File, Protected

PNG, JSON, MULTIPART, ZIP = "image/png", "application/json", "multipart/form-data", "application/zip"
LOSSLESS_TYPES = tuple(kind for name, kind in MEDIA_TYPES.items() if name != "JPEG")
MAX_RECORD_HEADER = 4096
"""Longest record that goes into a header too; proxies allow little more for all headers together."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # times of files in an archive: none is told


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


def accepts(accept: str | None, kind: str) -> bool:
    """Whether an Accept header takes a kind of answer."""
    return not accept or not accept.strip() or _weight(accept, kind) > 0.0


def check_accept(accept: str | None, wanted: str | None) -> None:
    """Refuses what could not be answered, before any work is done.

    Args:
        accept: the header.
        wanted: the option ``format``; None for any.

    Raises:
        Problem: the header takes nothing of what there could be.
    """
    images = tuple(MEDIA_TYPES.values()) if wanted is None else (MEDIA_TYPES[FORMATS[wanted]],)
    choose(accept, (*images, JSON, MULTIPART, ZIP))


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
    facts = {
        "protection": done.method.name,
        "format": done.format,
        "sealed": done.sealed,
        "reversible": done.reversible,
        "key_id": done.key_id if done.reversible else None,
        "recipients": [item.id for item in done.recipients],
        "metadata_sealed": done.metadata,
        "notes": list(done.notes),
        "note": None if done.reversible else _note(done),
        "moved": done.moved,
        "regions": [as_json(item) for item in done.regions],
        "record": None if done.record is None else record_facts(done.record),
    }
    if done.face_keys:
        facts["face_keys"] = [key.to_text() for key in done.face_keys]
    return facts


def record_facts(record: Record) -> dict[str, Any]:
    """A record as an object of JSON."""
    found: dict[str, Any] = json.loads(record.to_json())
    return found


def _note(done: Protected) -> str:
    if done.method.sealed:
        return "no seal was made: the faces were replaced for good and can never be restored"
    return "one-time key, dropped: the original can never be restored from this"


def protected_headers(done: Protected) -> dict[str, str]:
    """The same, in short, as headers."""
    headers = {
        "Fastperturb-Reversible": "true" if done.reversible else "false",
        "Fastperturb-Sealed": done.sealed,
        "Fastperturb-Metadata": "sealed" if done.metadata else "none",
        "Fastperturb-Regions": str(len(done.regions)),
        "Fastperturb-Moved": str(done.moved),
    }
    if done.recipients:
        headers["Fastperturb-Recipients"] = ",".join(item.id for item in done.recipients)
    if done.record is not None:
        if done.key_id is not None:
            headers["Fastperturb-Key-Id"] = done.key_id
        text = "" if done.record.sealed else done.record.to_json()
        if 0 < len(text) <= MAX_RECORD_HEADER:
            headers["Fastperturb-Record"] = text
    return headers


def answer(
    accept: str | None, files: Sequence[File], facts: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """Files and facts as the kind of answer that was asked for.

    A single file comes as itself where nothing else is asked for, several as a ZIP archive. JSON has each in base64 by
    its part's name, multipart/form-data has parts of those names, and both have the facts.

    Args:
        accept: the Accept header.
        files: the image first.
        facts: what JSON, multipart and archive say of them.
        headers: further ones.

    Raises:
        Problem: what was asked for cannot hold them.
    """
    kinds = (JSON, MULTIPART, ZIP) if len(files) == 1 else (ZIP, JSON, MULTIPART)
    kind = choose(accept, (files[0].kind, *kinds) if len(files) == 1 else kinds)
    headers = {**(headers or {}), "Vary": "Accept"}
    if kind == files[0].kind and len(files) == 1:
        return Response(files[0].data, headers=headers, media_type=kind)
    if kind == JSON:
        encoded = {file.part: _base64(file.data) for file in files if file.part != "record"}
        return JSONResponse({**encoded, **facts}, headers=headers)
    if kind == ZIP:
        return archive(files, facts, headers)
    return multipart([(file.part, file) for file in files], facts, headers)


def answer_several(
    accept: str | None, results: Sequence[tuple[str, Protected | Problem]], headers: Mapping[str, str] | None = None
) -> Response:
    """The results of several images, each with its number, name and facts or problem, in the order in which they came.

    Args:
        accept: the Accept header; the first of ZIP, JSON and multipart where all do.
        results: the name of each image and what became of it.
        headers: further ones.

    Raises:
        Problem: none of the images was protected, or an image alone was asked for.
    """
    kind = choose(accept, (ZIP, JSON, MULTIPART))
    failed = [item for _, item in results if isinstance(item, Problem)]
    told: list[dict[str, Any]] = []
    numbered: list[tuple[str, File]] = []
    for number, (name, item) in enumerate(_named_apart(results), 1):
        head = {"number": number, "name": name}
        if isinstance(item, Problem):
            told.append({**head, "problem": item.document()})
            continue
        files = _renamed(item.files, name)
        entry: dict[str, Any] = {**head, **facts_of(item), "files": [file.name for file in files]}
        if kind == JSON:
            entry |= {file.part: _base64(file.data) for file in files if file.part != "record"}
        told.append(entry)
        numbered += [(f"{file.part}-{number}", file) for file in files]
    if len(failed) == len(results):
        raise Problem("none-done", "each of 'images' says why", more={"images": told})
    headers = {
        **(headers or {}),
        "Vary": "Accept",
        "Fastperturb-Images": str(len(results)),
        "Fastperturb-Failed": str(len(failed)),
    }
    facts, status = {"images": told}, 207 if failed else 200
    if kind == JSON:
        return JSONResponse(facts, status, headers)
    if kind == ZIP:
        return archive([file for _, file in numbered], facts, headers, status)
    return multipart(numbered, facts, headers, status)


def _named_apart(
    results: Iterable[tuple[str, Protected | Problem]],
) -> Iterable[tuple[str, Protected | Problem]]:
    """Each result with a name that no other one has, so that no file of an archive hides another."""
    taken: set[str] = set()
    for number, (name, item) in enumerate(results, 1):
        stem, dot, suffix = (name or f"image-{number}").rpartition(".")
        stem, suffix = (stem, dot + suffix) if dot else (suffix, "")
        chosen, count = stem, 2
        while chosen.lower() in taken:
            chosen, count = f"{stem}-{count}", count + 1
        taken.add(chosen.lower())
        yield chosen + suffix, item


def _renamed(files: Sequence[File], name: str) -> list[File]:
    stem = name.rpartition(".")[0] or name
    first = files[0].name
    title = stem + "." + first.rpartition(".")[2]
    return [File(file.part, title + file.name.removeprefix(first), file.kind, file.data) for file in files]


def archive(files: Iterable[File], facts: Mapping[str, Any], headers: Mapping[str, str], status: int = 200) -> Response:
    """A ZIP archive of files as the command line lays them, and what is known of them as facts.json."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as written:
        for file in files:
            written.writestr(zipfile.ZipInfo(file.name, _EARLIEST), file.data)
        written.writestr(zipfile.ZipInfo("facts.json", _EARLIEST), json.dumps(_without_records(facts)))
    return Response(target.getbuffer(), status, dict(headers), ZIP)


def _without_records(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts without what is in files beside them."""
    kept = {name: value for name, value in facts.items() if name != "record"}
    if "images" in kept:
        kept["images"] = [_without_records(item) for item in kept["images"]]
    return kept


def multipart(
    parts: Iterable[tuple[str, File]], facts: Mapping[str, Any], headers: Mapping[str, str], status: int = 200
) -> Response:
    """The part ``facts``, as JSON, and a part for each file."""
    boundary = "fastperturb-" + secrets.token_hex(16)
    pieces = [_part(boundary, "facts", "", JSON), json.dumps(facts).encode("ascii")]
    for name, file in parts:
        pieces += [_part(boundary, name, f'; filename="{file.name}"', file.kind), file.data]
    body = b"".join([*pieces, f"\r\n--{boundary}--\r\n".encode("ascii")])
    return Response(body, status, dict(headers), f"{MULTIPART}; boundary={boundary}")


def _part(boundary: str, name: str, file: str, kind: str) -> bytes:
    text = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\nContent-Type: {kind}\r\n\r\n'
    return text.encode("utf-8")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
