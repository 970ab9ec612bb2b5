"""Protecting and restoring arrays, one image at a time.

Arrays in, arrays out; inputs are never changed unless ``out=`` says so; every function may be called from any thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np

from .. import _core
from ..checks import Image, check_image, destination
from ..errors import UnverifiedWarning
from ..face_key import FaceKey
from ..key import Key
from ..recipients import Recipients
from ..record import Record, core_region
from ..region import Region, RegionLike
from ..strength.strength import Strength
from ..threads import check_threads
from . import plan as planning
from .call_limiter import limit_calls
from .drawing import Drawing, is_drawing
from .format_v2 import SealOptions
from .record_v2_parts import MAX_REST_BYTES
from .sealing import Sealing, draw_and_seal


def perturb(
    image: Image,
    regions: RegionLike | Iterable[RegionLike],
    key: Recipients,
    protection: Strength | Sequence[Strength] | Drawing = Strength(),
    *,
    seal: bool = True,
    surroundings: bool = False,
    reproducible: bool = False,
    face_keys: list[FaceKey] | None = None,
    metadata: bytes | None = None,
    out: Image | None = None,
    threads: int | None = 1,
) -> tuple[Image, Record]:
    """Protects the faces of an image so that only the key's holder can undo it.

    A :class:`Strength` moves the pixels of each region by a permutation. Any other protection draws something else in
    their place and *seals* the original: compresses it without loss, encrypts it and puts it into the record.

    Args:
        image: (height, width) or (height, width, channels), 1 to 4 channels; uint8, uint16 or finite float32; any
            strides. Channels move together, in whatever order they are; restoring needs them in the same.
        regions: one or several of Face, Region or (x, y, width, height) in pixels. They may overlap (a pixel then
            belongs to the region in whose inscribed ellipse it lies deepest) and reach beyond the image, but each must
            touch it. Protections may grow and round them; the record has them as they were protected, in raster order.
        key: the secret that restores the image; or a :class:`PublicKey`, and then whoever protects cannot restore; or
            a sequence of up to 16 of both, each of which will.
        protection: window and number of pixels, one for all regions or one for each; or a drawing such as
            ``Surrogate()`` or ``Mosaic(cells=6)``.
        seal: False draws for good: nothing of the original is kept. Not read for a :class:`Strength`.
        surroundings: authenticate the pixels outside of all regions too, so that a face cannot be put into another
            scene without notice; about a millisecond for four megapixels.
        reproducible: derive all secrets from key, image and parameters, so that the same call gives the same result.
            That two equal inputs can be seen to be equal is what it leaks. The image is copied first. Several keys:
            it derives from the first; a public key is refused.
        face_keys: a list to which the key of each region is added, in the order of the record: for whoever protects
            to a public key and hands each person hers, which nobody there can make later.
        metadata: bytes to be sealed in the record, up to 16 MiB less 8 bytes, which
            :func:`fastperturb.perturbation.open_metadata` gives back; those of an image file, say.
        out: where to write: an array like ``image`` with packed rows; ``out=image`` works in place, and then no other
            thread may write to it meanwhile.
        threads: how many threads may share the work; ``None`` for one a processor. The result is the same for all.

    Returns:
        The protected image, and the record that :func:`restore` needs beside the key.

    Raises:
        NoFaceFound: ``regions`` is empty.
        TypeError, ValueError: an argument is not as said above, or the strength asks for a distance that cannot be
            reached; the message names the nearest one that can. Whatever is raised, ``image`` is as it was; another
            array given as ``out`` may hold a copy of it.
    """
    check_image(image)
    _check_metadata(metadata)
    count = check_threads(threads)
    if not isinstance(protection, (Strength, list, tuple)) and is_drawing(protection):
        how = Sealing(seal, reproducible, surroundings, SealOptions(rest=metadata), face_keys)
        return draw_and_seal(image, regions, key, protection, out, how, limit_calls(image))
    job: planning.CoreJob | None = None
    done: list[list[tuple[list[int], bytes]]] = []
    try:
        with limit_calls(image):
            source = np.array(image, order="C") if reproducible else image
            ready = planning.plan(source, regions, key, cast("Strength | Sequence[Strength]", protection), reproducible)
            job = planning.make_job(source, destination(image, out), ready)
            _core.permute([job], False, count, done)
            record = planning.record_of(job, ready, done[0][0][1], surroundings=surroundings, metadata=metadata)
            if face_keys is not None:
                face_keys += ready.binding.face_keys()
            return job.target, record
    except BaseException:  # around all of it: an interrupt may come while the turn is left
        if job and done:
            planning.move_back(job, inverse=False)  # without its record nobody could
        raise


def _check_metadata(metadata: bytes | None) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, bytes):
        raise TypeError(f"metadata must be bytes or None, got {type(metadata).__name__}")
    if len(metadata) > MAX_REST_BYTES - 8:
        raise ValueError(f"metadata must have up to {MAX_REST_BYTES - 8} bytes, got {len(metadata)}")


def restore(
    image: Image,
    record: Record,
    key: Key | FaceKey,
    *,
    only: Iterable[int] | None = None,
    verify: bool = True,
    origin: str = "any",
    out: Image | None = None,
    threads: int | None = 1,
) -> Image:
    """Undoes :func:`perturb`, bit for bit.

    Args:
        image: the protected image. What no region owns may have changed since.
        record: what :func:`perturb` returned with it.
        key: the key it was made with, or the key of one of its faces, which brings that one back.
        only: the numbers of the regions to bring back, as ``record.regions`` has them; None: all, or the face key's.
        verify: ``False`` also restores an image that was changed since (by a lossy re-encoding, say), and issues an
            :class:`fastperturb.errors.UnverifiedWarning` if it was. Sealed regions come back exactly all the same.
        origin: whose records to take. "any"; or "key", which refuses those that anyone can have made who has the public
            key. :func:`examine` tells who can have made one.
        out: where to write; ``out=image`` works in place.
        threads: as for :func:`perturb`.

    Returns:
        The original image, or the image with the regions that were asked for.

    Raises:
        WrongKey: the record was made with another key.
        Tampered: the record or the pixels are not the ones that were written; nothing was restored. Its subclass
            UnknownOrigin: ``origin`` refuses the record.
        RecordError: a seal is missing, was erased, or does not hold what it must.
        TypeError, ValueError: an argument is of the wrong kind.
    """
    check_image(image)
    count = check_threads(threads)
    with limit_calls(image):
        opened = planning.open_record(image, record, key, only, origin)
        boxes = planning.boxes_of({0: (image, opened)}).get(0)
        said = planning.check_pixels(image, opened, boxes, strict=verify)
        if said:
            warnings.warn(f"image: {said}", UnverifiedWarning, stacklevel=2)
        job = planning.make_job(image, out, opened)
        _core.permute([job], True, count, [])
        opened.finish(job.target)
        return job.target


def permute(
    image: Image,
    regions: Sequence[tuple[Region, int, int]],
    subkeys: Sequence[bytes],
    *,
    inverse: bool = False,
    threads: int = 1,
) -> list[int]:
    """The raw permutation of record version 2, in place: no record, no check that it is undone with the right keys.

    What it leaves to you: each of ``subkeys`` must be 32 secret bytes that are used for one image only. :func:`perturb`
    sees to that.

    **One subkey for many images is no protection.** Images under one subkey are permuted alike. That keeps all
    distances between them, so that eigenfaces learn from them as from clear ones, and it betrays them. Of AT&T's faces,
    44 x 36 and as one window, two clear copies name 92 % of the places; who has none, but faces of other people,
    recognises 0.61 of the people from ten images and 0.84 from fifty (``docs/learning.md``).

    Args:
        image: writeable, with packed rows; see :func:`perturb`.
        regions: (region, window, pixels) each.
        subkeys: 32 bytes for each region, the ChaCha20 keys themselves.
        inverse: undo instead.
        threads: 1 or more.

    Returns:
        How many pixels moved in each region.
    """
    check_image(image)
    core = [core_region(region, window, pixels) for region, window, pixels in regions]
    done: list[list[tuple[list[int], bytes]]] = []
    _core.permute([(image, image, core, list(subkeys), False)], inverse, check_threads(threads), done)
    return done[0][0][0]
