"""The addresses that need a key: restoring, giving a record other recipients, and erasing seals. Not where none is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from .. import Record, rekey
from ..recipients import check_recipients
from . import openapi_keys, responses
from .access import BEARER, bearer, check_any_token, check_token
from .change_work import Changed, change_record, forgotten
from .image_work import ImageWork
from .key_parts import MAX_TO, current_key, key_of_ring, key_to_restore, public_keys
from .options import ForgetOptions, Options, RestoreOptions, no_option_twice
from .problems import Problem
from .request_bodies import Parts
from .restore_work import RestoreChoice, Restored, restore_image
from .routes import work_on
from .service import service_of

router = APIRouter(prefix="/v1", tags=["keys"], dependencies=[Depends(no_option_twice)])


@router.post("/restore", dependencies=[Depends(BEARER)], **openapi_keys.RESTORE)
async def restore(request: Request, options: Annotated[RestoreOptions, Query()]) -> Response:
    """Bring back the original of a protected image, bit for bit, or some of its faces.

    With the caller's own key as the part `key`, or the key of one face as `face-key`, anybody who may protect may do
    this. With the service's keys it is off unless the operator allows it, and needs a token with the scope `restore`.
    Record and image are checked first: a record that was changed is refused, and one that anyone could have made, since
    it was made for a public key, unless `origin=any`. Sealed faces come back exactly whatever the image shows now; what
    else was changed since is told by the headers.
    """
    service = service_of(request)
    accept = request.headers.get("accept")
    if not request.headers.get("content-type", "").lower().startswith("multipart/"):
        key_to_restore(request, service, None)  # no key can come: refused before the body is read
    elif service.settings.asks_for_tokens:
        check_any_token(request, service, bearer(request), ("perturb", "restore"))
    responses.check_accept(accept, options.format)

    def work(images: ImageWork, parts: Parts) -> Response:
        origin = options.origin or (None if "face-key" in parts else service.settings.origin)
        key_for = key_to_restore(request, service, parts)
        choice = RestoreChoice(key_for, tuple(options.only), origin, options.format)
        done = restore_image(images, parts, choice)
        return responses.answer(accept, [done.file], _facts(done), _headers(done))

    return await work_on(request, {"image"}, {"record", "seals", "key", "face-key"}, work)


def _facts(done: Restored) -> dict[str, Any]:
    return {
        "origin": done.origin,
        "verdicts": {"record": done.record, "regions": list(done.regions), "surroundings": done.surroundings},
        "restored": list(done.restored),
        **done.back.facts(done.kind),
    }


def _headers(done: Restored) -> dict[str, str]:
    changed = [str(index) for index, word in enumerate(done.regions) if word == "changed"]
    known = [word for word in done.regions if word != "unknown"]
    return {
        "Fastperturb-Origin": done.origin,
        "Fastperturb-Record-State": done.record,
        "Fastperturb-Regions-State": "changed " + " ".join(changed) if changed else "whole" if known else "unknown",
        "Fastperturb-Surroundings-State": done.surroundings,
        "Fastperturb-Restored": " ".join(map(str, done.restored)),
        **done.back.headers(done.kind),
    }


def _allowed(request: Request, scope: str) -> None:
    """Raises a problem unless a token came that may do this: without tokens nobody may."""
    check_token(request, service_of(request), bearer(request), scope)


@router.post("/rekey", dependencies=[Depends(BEARER)], **openapi_keys.REKEY)
async def change_recipients(request: Request, _options: Annotated[Options, Query()]) -> Response:
    """Let the service's current key open what one of its keys opens: pixels and seals stay as they are.

    Takes an image with its record inside, or the record alone, and gives back the same with the record for the ring's
    current key. Whoever else could open it no longer can, unless a public key comes as a part `to`; that also needs the
    scope `restore`, and restoring with the service's keys to be allowed. Copies that were made before keep theirs.
    """
    service = service_of(request)
    _allowed(request, "rekey")

    def work(images: ImageWork, parts: Parts) -> Response:
        others = public_keys(parts)
        if others:
            if not service.settings.allow_restore:
                raise Problem("restore-off", "others may be let in only where restoring is allowed")
            _allowed(request, "restore")
        key_for = key_of_ring(service)
        try:
            recipients = check_recipients([current_key(service), *others])
        except ValueError as error:
            raise Problem("bad-recipients", str(error).removeprefix("key ")) from None

        def change(record: Record) -> Record:
            return rekey(record, key_for(record), recipients)

        return _answer(request, change_record(images, parts, change))

    return await work_on(request, set(), {"image", "record", "seals", "to"}, work, several={"to": MAX_TO})


@router.post("/forget", dependencies=[Depends(BEARER)], **openapi_keys.FORGET)
async def erase(request: Request, options: Annotated[ForgetOptions, Query()]) -> Response:
    """Erase the seals of some faces, or of all: from what is given back, nobody can restore them any more.

    Takes an image with its record inside, or the record alone, and gives back the same without those seals. Copies that
    were made before keep them, and so does the file that was sent. Windows have no seal that could be erased.
    """
    service = service_of(request)
    _allowed(request, "forget")

    def work(images: ImageWork, parts: Parts) -> Response:
        key_for = key_of_ring(service)

        def change(record: Record) -> Record:
            return forgotten(record, key_for(record), tuple(options.regions), metadata=options.metadata)

        return _answer(request, change_record(images, parts, change))

    return await work_on(request, set(), {"image", "record", "seals"}, work)


def _answer(request: Request, done: Changed) -> Response:
    facts = {"regions": len(done.record.regions), "record": responses.record_facts(done.record)}
    return responses.answer(request.headers.get("accept"), done.files, facts)
