"""Perturbing and restoring arrays. The pixels are moved by the core.

Arrays in, arrays out; inputs are never changed unless ``out=`` says so; every function may be called from any thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from .. import _core
from ..checks import Image, check_image, target
from ..errors import UnverifiedWarning
from ..key import Key
from ..record import Record, core_region
from ..region import Region, RegionLike
from ..strength.strength import Strength
from ..threads import check_threads
from . import plan as steps
from .call_limiter import limit_calls


def perturb(
    image: Image,
    regions: RegionLike | Iterable[RegionLike],
    key: Key,
    strength: Strength | Sequence[Strength] = Strength(),
    *,
    reproducible: bool = False,
    out: Image | None = None,
    threads: int | None = 1,
) -> tuple[Image, Record]:
    """Moves the pixels of an image's regions by a permutation that only the key's holder can undo.

    Args:
        image: (height, width) or (height, width, channels), 1 to 4 channels; uint8, uint16 or finite float32; any
            strides. Channels move together, in whatever order they are; restoring needs them in the same.
        regions: one or several of Face, Region or (x, y, width, height) in pixels. They may overlap (a pixel then
            belongs to the last one) and reach beyond the image, but each must touch it.
        key: the secret that restores the image.
        strength: window and number of pixels, or a distance to come to; one for all regions, or one for each.
        reproducible: derive the nonce from key, image and parameters, so that the same call gives the same result. That
            two equal inputs can be seen to be equal is what it leaks. The image is copied first, so that others may
            write to it meanwhile; they may not write to ``out``, nor to the image where that is ``out``: what was
            hashed must be what is moved, for else one key would authenticate two images, and both could be forged.
        out: where to write: an array like ``image`` with packed rows; ``out=image`` works in place.
        threads: how many threads may share the work; ``None`` for one a processor. The result is the same for all.

    Returns:
        The perturbed image, and the record that :func:`restore` needs beside the key.

    Raises:
        NoFaceFound: ``regions`` is empty.
        TypeError, ValueError: an argument is not as said above, or the strength asks for a distance that cannot be
            reached; the message names the nearest one that can. Whatever is raised, ``image`` is as it was; another
            array given as ``out`` may hold a copy of it.
    """
    check_image(image)
    count = check_threads(threads)
    job: steps.CoreJob | None = None
    done: list[list[tuple[list[int], bytes]]] = []
    try:
        with limit_calls(image):
            if reproducible:
                image = out = target(image, out)
            ready = steps.plan(image, regions, key, strength, reproducible)
            job = steps.make_job(image, out, ready, collect=True)
            _core.permute([job], False, count, done)
            return job.target, steps.record_of(job, ready, *done[0][0])
    except BaseException:  # around all of it: an interrupt may come while the turn is left
        if job and done:
            steps.move_back(job, inverse=False)  # without its record nobody could
        raise


def restore(
    image: Image,
    record: Record,
    key: Key,
    *,
    verify: bool = True,
    out: Image | None = None,
    threads: int | None = 1,
) -> Image:
    """Undoes :func:`perturb`, bit for bit.

    Args:
        image: the perturbed image. What lies outside the regions' boxes may have changed since.
        record: what :func:`perturb` returned with it.
        key: the key it was made with.
        verify: ``False`` also restores an image that was changed, as well as can be (after a lossy re-encoding, say),
            and issues an :class:`UnverifiedWarning` if it was.
        out: where to write; ``out=image`` works in place.
        threads: as for :func:`perturb`.

    Returns:
        The original image.

    Raises:
        WrongKey: the record was made with another key.
        Tampered: the record or the pixels are not the ones that were written.
        TypeError, ValueError: an argument is of the wrong kind.
    """
    check_image(image)
    count = check_threads(threads)
    with limit_calls(image):
        opened = steps.open_record(image, record, key)
        boxes = steps.boxes_of({0: (image, opened.core)}).get(0)
        if not steps.matches_tag(image, opened, boxes, strict=verify):
            warnings.warn(f"image: {steps.ALTERED}", UnverifiedWarning, stacklevel=2)
        job = steps.make_job(image, out, opened)
        _core.permute([job], True, count, [])
        return job.target


def permute(
    image: Image, regions: Sequence[tuple[Region, int, int]], subkey: bytes, *, inverse: bool = False, threads: int = 1
) -> list[int]:
    """The raw permutation, in place: no nonce, no record, no check that it is undone with the right key.

    What it leaves to you: ``subkey`` must be 32 secret bytes that are used for one image only, for two images under
    one subkey are permuted alike and betray each other. :func:`perturb` sees to all of that.

    Args:
        image: writeable, with packed rows; see :func:`perturb`.
        regions: (region, window, pixels) each.
        subkey: 32 bytes, the ChaCha20 key itself.
        inverse: undo instead.
        threads: 1 or more.

    Returns:
        How many pixels moved in each region.
    """
    check_image(image)
    core = [core_region(region, window, pixels) for region, window, pixels in regions]
    done: list[list[tuple[list[int], bytes]]] = []
    _core.permute([(image, image, core, subkey, False)], inverse, check_threads(threads), done)
    return done[0][0][0]
