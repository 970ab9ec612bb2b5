"""The addresses under /v1: each reads a body, has the work done in the worker pool, and sends an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from .. import __version__
from ..errors import MissingExtra
from ..protections.method import DEFAULT
from . import openapi, responses
from .access import needs
from .image_work import ImageWork
from .key_parts import MAX_TO, recipients_to_protect
from .looking import presets_up_to
from .metadata_work import with_times
from .methods import MEDIA_TYPES, PROTECTIONS
from .openapi import BODY, PAIR, PROTECT, VIEW
from .options import CompareOptions, FaceOptions, ProtectOptions, ViewOptions, no_option_twice
from .preview_work import preview_image
from .problems import Problem
from .protect_work import Protecting
from .request_bodies import Parts, Upload, read_body
from .results import File
from .service import Service, service_of
from .several_work import protect_several

may_perturb = Depends(needs("perturb"))
router = APIRouter(prefix="/v1", tags=["images"], dependencies=[Depends(no_option_twice)])


async def work_on(
    request: Request,
    needed: set[str],
    more: set[str],
    work: Callable[[ImageWork, Parts], Response],
    *,
    results: bool = True,
    several: Mapping[str, int] = {},
) -> Response:
    """Admits a request, reads its body, and has it worked on.

    Args:
        request: nothing of its body has been read.
        needed: parts that its body must have.
        more: parts that it may have.
        work: makes the whole answer out of the parts, in a worker.
        results: whether protected images may come, which are larger than others.
        several: how often each of those parts may come that may come more than once.
    """
    service = service_of(request)
    facts = request.scope["facts"]
    limits = service.settings.limits
    with service.pool.admit() as admission:
        body = await read_body(request, limits, needed, (lambda: service.pool.enlarge(admission)) if results else None)
        images = ImageWork(limits.pixels, admission.check, facts.work, limits.most_result_bytes, service.settings.finds)
        try:
            return await service.pool.run(
                admission, request.receive, lambda: work(images, body.parts(needed, more, several))
            )
        except MissingExtra as error:
            raise Problem("not-supported", str(error)) from None
        finally:
            facts.waited = admission.waited


@router.post("/perturb", dependencies=[may_perturb], **PROTECT)
async def perturb(request: Request, options: Annotated[ProtectOptions, Query()]) -> Response:
    """Hide the faces of an image, or of several.

    Finds the faces (or takes the boxes of `region`), draws other ones over their heads, and seals the originals under a
    key; `protect` names other protections. What is not said gets the safe answer: whole heads, the service's current
    key or its recipients; without any key nothing is sealed, and the answer says that it is irreversible. Where no face
    is found the image is **not** passed through (422).

    The answer is a file of the format that came, without loss, which holds record and seals; a ZIP archive where these
    lie beside, or where several parts `image` came; `Accept: application/json` or `multipart/form-data` has image,
    record, seals and facts apart. Of several images, each has its own result or problem: 200 if all were protected,
    207 if some were, 422 if none was.
    """
    accept = request.headers.get("accept")
    responses.check_accept(accept, options.format)
    service = service_of(request)

    def work(images: ImageWork, parts: Parts) -> Response:
        protecting = _protecting(service, images, parts, options, accept)
        uploads = with_times(parts.uploads["image"], options.changed)
        if len(uploads) > 1:
            return _protect_several(protecting, uploads, accept)
        done = protecting(uploads[0])
        return responses.answer(accept, done.files, responses.facts_of(done), responses.protected_headers(done))

    several = {"image": service.settings.limits.images, "to": MAX_TO}
    return await work_on(request, {"image"}, {"key", "to"}, work, results=False, several=several)


def _protecting(
    service: Service, images: ImageWork, parts: Parts, options: ProtectOptions, accept: str | None
) -> Protecting:
    recipients = recipients_to_protect(service, parts, options)
    return Protecting(images, options, recipients, lambda kind: responses.accepts(accept, kind), images.max_result)


def _protect_several(protecting: Protecting, uploads: Sequence[Upload], accept: str | None) -> Response:
    responses.choose(accept, (responses.ZIP, responses.JSON, responses.MULTIPART))
    if protecting.options.region:
        raise Problem("bad-options", "region is for one image: send one part 'image'")
    results = protect_several(protecting, uploads)
    return responses.answer_several(accept, [(item.name, done) for item, done in zip(uploads, results, strict=True)])


@router.post("/preview", dependencies=[may_perturb], **openapi.PREVIEW)
async def preview(request: Request, options: Annotated[ProtectOptions, Query()]) -> Response:
    """Hide the faces of an image, and tell what that did to it.

    As `/v1/perturb` of one image, and beside the protected image its view (what anyone can see of it without a key),
    PSNR and SSIM, and the faces that are found before and after, directly and through the view. It costs several times
    as much.
    """
    accept = request.headers.get("accept")
    responses.choose(accept, (responses.JSON, responses.MULTIPART))
    service = service_of(request)

    def work(images: ImageWork, parts: Parts) -> Response:
        shown_by_browsers = f"{MEDIA_TYPES['PNG']}, {MEDIA_TYPES['JPEG']}"
        (upload,) = with_times(parts.uploads["image"], options.changed)
        done, shown, measures = preview_image(_protecting(service, images, parts, options, shown_by_browsers), upload)
        facts = {**responses.facts_of(done), "measures": measures}
        files: list[File] = [*done.files, shown]
        kind = responses.choose(accept, (responses.JSON, responses.MULTIPART))
        return responses.answer(kind, files, facts, responses.protected_headers(done))

    return await work_on(request, {"image"}, {"key", "to"}, work, results=False, several={"to": MAX_TO})


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
        shown = File("image", "view.png", responses.PNG, images.view(parts["image"], parts.get("record"), options))
        return responses.answer(responses.PNG, [shown], {})

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
            "reversible": settings.reversible,
            **service_of(request).describe(),
            "protect": {"default": DEFAULT, "names": PROTECTIONS},
            "find": {"default": settings.find, "names": presets_up_to(settings.most_find)},
            "formats": list(BODY),
            "limits": {
                "body_bytes": limits.body_bytes,
                "result_bytes": limits.most_result_bytes,
                "pixels": limits.pixels,
                "seconds": limits.seconds,
                "images": limits.images,
            },
        }
    )
