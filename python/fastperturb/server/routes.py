"""The addresses under /v1: each reads a body, has the work done in the worker pool, and sends an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from .. import __version__
from . import openapi, responses
from .access import BEARER, bearer, check_any_token, key_to_protect, key_to_restore, needs, own_key
from .image_work import ImageWork
from .openapi import BODY, IMAGES, PAIR, PROTECT, RESTORE, VIEW
from .options import CompareOptions, FaceOptions, Options, ProtectOptions, ViewOptions, no_option_twice
from .request_bodies import Parts, read_body
from .service import service_of

may_perturb = Depends(needs("perturb"))
router = APIRouter(prefix="/v1", tags=["images"], dependencies=[Depends(no_option_twice)])


async def work_on(
    request: Request,
    needed: set[str],
    more: set[str],
    work: Callable[[ImageWork, Parts], Response],
    *,
    results: bool = True,
) -> Response:
    """Admits a request, reads its body, and has it worked on.

    Args:
        request: nothing of its body has been read.
        needed: parts that its body must have.
        more: parts that it may have.
        work: makes the whole answer out of the parts, in a worker.
        results: whether protected images may come, which are larger than others.
    """
    service = service_of(request)
    facts = request.scope["facts"]
    limits = service.settings.limits
    with service.pool.admit() as admission:
        body = await read_body(request, limits, needed, (lambda: service.pool.enlarge(admission)) if results else None)
        images = ImageWork(limits.pixels, admission.check, facts.work, limits.most_result_bytes)
        try:
            return await service.pool.run(admission, request.receive, lambda: work(images, body.parts(needed, more)))
        finally:
            facts.waited = admission.waited


@router.post("/perturb", dependencies=[may_perturb], **PROTECT)
async def perturb(request: Request, options: Annotated[ProtectOptions, Query()]) -> Response:
    """Hide the faces of an image.

    Finds the faces (or takes the boxes of `region`) and permutes their pixels under a key. What is not said gets the
    safe answer: whole faces, all pixels, the service's current key; without any key a one-time key is made and dropped,
    and the answer says that it is irreversible. Where no face is found the image is **not** passed through (422).

    The answer is a PNG that holds the record which restoring needs; with `Accept: application/json` or
    `multipart/form-data`, image and record come apart.
    """
    kind = responses.choose(request.headers.get("accept"), IMAGES)
    service = service_of(request)

    def work(images: ImageWork, parts: Parts) -> Response:
        done = images.protect(parts["image"], options, key_to_protect(service, parts, options.key_id))
        return responses.answer(kind, {"image": done.png}, responses.facts_of(done), responses.protected_headers(done))

    return await work_on(request, {"image"}, {"key"}, work, results=False)


@router.post("/preview", dependencies=[may_perturb], **openapi.PREVIEW)
async def preview(request: Request, options: Annotated[ProtectOptions, Query()]) -> Response:
    """Hide the faces of an image, and tell what that did to it.

    As `/v1/perturb`, and beside the protected image its view (what anyone can see of it without a key), PSNR and SSIM,
    and the faces that are found before and after, directly and through the view. It costs several times as much.
    """
    kind = responses.choose(request.headers.get("accept"), (responses.JSON, responses.MULTIPART))
    service = service_of(request)

    def work(images: ImageWork, parts: Parts) -> Response:
        key = key_to_protect(service, parts, options.key_id)
        done, view_png, measures = images.preview(parts["image"], options, key)
        facts = {**responses.facts_of(done), "measures": measures}
        files = {"image": done.png, "view": view_png}
        return responses.answer(kind, files, facts, responses.protected_headers(done))

    return await work_on(request, {"image"}, {"key"}, work, results=False)


@router.post("/restore", dependencies=[Depends(BEARER)], **RESTORE)
async def restore(request: Request, options: Annotated[Options, Query()]) -> Response:
    """Bring back the original of a protected image, bit for bit.

    With the caller's own key as the part `key`, anybody who may protect may do this. With the service's keys it is off
    unless the operator allows it, and needs a token with the scope `restore`. Image and record are checked first: what
    was changed since is refused.
    """
    service = service_of(request)
    if not request.headers.get("content-type", "").lower().startswith("multipart/"):
        key_to_restore(request, service, None)  # no key can come: refused before the body is read
    elif service.settings.asks_for_tokens:
        check_any_token(request, service, bearer(request), ("perturb", "restore"))
    responses.choose(request.headers.get("accept"), (responses.PNG,))

    def work(images: ImageWork, parts: Parts) -> Response:
        key_for = key_to_restore(request, service, own_key(parts))
        return responses.answer(
            responses.PNG, {"image": images.restore(parts["image"], parts.get("record"), key_for)}, {}
        )

    return await work_on(request, {"image"}, {"record", "key"}, work)


@router.post("/locate", dependencies=[may_perturb], **openapi.LOCATE)
async def locate(request: Request, options: Annotated[FaceOptions, Query()]) -> Response:
    """Find the faces of an image.

    No face is an answer too: an empty list. It is no reason to take the image for free of faces.
    """

    def work(images: ImageWork, parts: Parts) -> Response:
        return JSONResponse(images.locate(parts["image"], options))

    return await work_on(request, {"image"}, set(), work)


@router.post("/view", dependencies=[may_perturb], **VIEW)
async def view(request: Request, options: Annotated[ViewOptions, Query()]) -> Response:
    """Show what anyone can see of an image without a key: the mean of each window, smoothly joined.

    Regions and windows come from the record, inside the image or as the part `record`; without one, faces are found and
    the options count. The view of a protected image is the view of its original.
    """
    responses.choose(request.headers.get("accept"), (responses.PNG,))

    def work(images: ImageWork, parts: Parts) -> Response:
        return responses.answer(responses.PNG, {"image": images.view(parts["image"], parts.get("record"), options)}, {})

    return await work_on(request, {"image"}, {"record"}, work)


@router.post("/compare", dependencies=[may_perturb], **PAIR)
async def compare(request: Request, options: Annotated[CompareOptions, Query()]) -> Response:
    """Tell how far two images are from each other: PSNR, SSIM, mean squared error.

    `psnr` is null where the images are equal, `ssim` where they are smaller than its window of 11 x 11 pixels.
    """

    def work(images: ImageWork, parts: Parts) -> Response:
        return JSONResponse(images.compare(parts["before"], parts["after"], options))

    return await work_on(request, {"before", "after"}, set(), work)


@router.head("/info", include_in_schema=False, response_model=None)
@router.get("/info", tags=["service"], **openapi.INFO)
async def info(request: Request) -> JSONResponse:
    """What this service is set up for: version, limits, whether it wants a token, whether it may restore."""
    settings = service_of(request).settings
    limits = settings.limits
    return JSONResponse(
        {
            "version": __version__,
            "needs_token": settings.asks_for_tokens,
            "restores": settings.allow_restore,
            "reversible": settings.keys.configured,
            "formats": list(BODY),
            "limits": {
                "body_bytes": limits.body_bytes,
                "result_bytes": limits.most_result_bytes,
                "pixels": limits.pixels,
                "seconds": limits.seconds,
            },
        }
    )
