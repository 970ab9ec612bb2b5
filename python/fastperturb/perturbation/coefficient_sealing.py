"""Protecting a JPEG in its coefficients: what is drawn replaces whole MCUs, all others stay as they are.

Faces and drawing are of the upright picture; coefficients, and the regions of the record, of the stored one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..checks import Image, check_image
from ..orientation import stored_region, turned_back, turned_upright, upright_region, upright_shape
from ..recipients import Recipient, Recipients, check_recipients, first_key
from ..region import Face, Region, as_faces
from .coefficient_seals import RegionCoefficients
from .coefficients import Coefficients, McuBytes, McuPart, find_mcu_owners, unowned
from .drawing import Drawing, Part
from .format_v2 import Draft, seal_record
from .record_v2 import RecordV2
from .record_v2_parts import RegionV2
from .sealing import Sealing, final_regions


def protect_coefficients(
    coefficients: Coefficients,
    pixels: Image,
    faces: Sequence[Face | Region],
    key: Recipients,
    drawing: Drawing,
    sealing: Sealing,
) -> RecordV2:
    """Draws over faces in the coefficients of a JPEG, in place, and seals the original ones.

    Args:
        coefficients: of the file; its MCUs are changed.
        pixels: of the same file, decoded and upright, uint8.
        faces: of the upright picture.
        key: who will be able to restore.
        drawing: what is drawn.
        sealing: how it is recorded.

    Raises:
        NoFaceFound, TypeError, ValueError: as :func:`fastperturb.perturb`.
    """
    recipients = check_recipients(key, reproducible=sealing.reproducible)
    plan = _plan(coefficients, pixels, faces, drawing)
    items = [RegionV2(region, drawing.method, drawing.revision) for region in plan.stored]
    draft = _draft(coefficients, items, sealing, recipients, repr(drawing).encode())
    originals = [owner.take(coefficients.mcus) if sealing.seal else None for owner in plan.owners]
    _draw(coefficients, pixels, plan, drawing, draft.permutation_keys())
    content = [
        RegionCoefficients(coefficients, owner, original)
        for owner, original in zip(plan.owners, originals, strict=True)
    ]
    scene = None
    if sealing.surroundings:
        scene = McuBytes(coefficients.mcus, unowned(coefficients.layout, coefficients.shape, plan.owners))
    record = seal_record(draft, content, recipients, scene=scene, options=sealing.options)
    if sealing.face_keys is not None:
        sealing.face_keys.extend(draft.face_key(index) for index in range(len(items)))
    return record


def replace_coefficients(
    coefficients: Coefficients, pixels: Image, faces: Sequence[Face | Region], drawing: Drawing
) -> tuple[Region, ...]:
    """Draws over faces for good, in place: nothing is sealed and no record is made.

    Returns:
        The regions, of the stored picture.

    Raises:
        NoFaceFound, TypeError, ValueError: as :func:`protect_coefficients`.
    """
    plan = _plan(coefficients, pixels, faces, drawing)
    _draw(coefficients, pixels, plan, drawing, [os.urandom(32) for _ in plan.stored])
    return plan.stored


@dataclass(frozen=True, slots=True)
class _Plan:
    """The regions of the upright and of the stored picture, and what they own; in the order of records."""

    upright: tuple[Region, ...]
    stored: tuple[Region, ...]
    owners: tuple[McuPart, ...]


def _plan(coefficients: Coefficients, pixels: Image, faces: Sequence[Face | Region], drawing: Drawing) -> _Plan:
    check_image(pixels)
    shape, orientation = coefficients.shape, coefficients.orientation
    if pixels.shape != upright_shape(shape, orientation) or pixels.dtype != np.uint8:
        raise ValueError(f"pixels must be those of the JPEG, upright, got shape {pixels.shape} and {pixels.dtype}")
    pairs = [
        (stored_region(region, shape, orientation), region)
        for region in final_regions(drawing, as_faces(faces), pixels.shape)
    ]
    pairs.sort(key=lambda pair: (pair[0].y, pair[0].x, pair[0].height, pair[0].width))
    stored = tuple(region for region, _ in pairs)
    owners = tuple(find_mcu_owners(coefficients.layout, shape, stored))
    return _Plan(tuple(region for _, region in pairs), stored, owners)


def _draw(coefficients: Coefficients, pixels: Image, plan: _Plan, drawing: Drawing, keys: Sequence[bytes]) -> None:
    parts = [_part(coefficients, region, owner) for region, owner in zip(plan.upright, plan.owners, strict=True)]
    drawn = pixels.copy()
    drawing.draw(pixels, parts, drawn, keys)
    for part, owner in zip(parts, plan.owners, strict=True):
        owner.put(coefficients.mcus, _transformed(coefficients, drawn, part, owner)[owner.mask])


def _draft(
    coefficients: Coefficients,
    items: Sequence[RegionV2],
    sealing: Sealing,
    recipients: Sequence[Recipient],
    text: bytes,
) -> Draft:
    stand_in = np.broadcast_to(np.uint8(0), coefficients.shape)
    if not sealing.reproducible:
        return Draft(stand_in, items, layout=coefficients.layout)
    everything = np.ones(coefficients.mcus.shape[:2], np.bool_)
    digest = hashlib.sha256()
    for block in McuBytes(coefficients.mcus, everything).blocks():
        digest.update(block)
    options = b"%d %d " % (coefficients.orientation, coefficients.colours) + text
    return Draft(stand_in, items, (first_key(recipients), options), digest.digest(), coefficients.layout)


def _bounds(coefficients: Coefficients, owner: McuPart) -> tuple[slice, slice]:
    """Rows and columns of the stored picture that a region's MCUs cover."""
    width, height = coefficients.layout.mcu
    shape = coefficients.shape
    return (
        slice(owner.rows.start * height, min(owner.rows.stop * height, shape[0])),
        slice(owner.columns.start * width, min(owner.columns.stop * width, shape[1])),
    )


def _part(coefficients: Coefficients, region: Region, owner: McuPart) -> Part:
    """What of the upright picture a region's drawing has to fill."""
    width, height = coefficients.layout.mcu
    rows, columns = _bounds(coefficients, owner)
    mask = np.repeat(np.repeat(owner.mask, height, axis=0), width, axis=1)
    mask = mask[: rows.stop - rows.start, : columns.stop - columns.start]
    box = Region(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
    seen = upright_region(box, coefficients.shape, coefficients.orientation)
    upright: NDArray[np.bool_] = np.ascontiguousarray(turned_upright(mask, coefficients.orientation))
    return Part(
        region,
        slice(seen.y, seen.y + seen.height),
        slice(seen.x, seen.x + seen.width),
        None if upright.all() else upright,
        beyond=True,
    )


def _transformed(coefficients: Coefficients, drawn: Image, part: Part, owner: McuPart) -> NDArray[np.int16]:
    """The coefficients of a region's box; the picture's last pixels are repeated where MCUs reach beyond it."""
    stored = turned_back(drawn[part.rows, part.columns], coefficients.orientation)
    width, height = coefficients.layout.mcu
    down = (owner.rows.stop - owner.rows.start) * height - stored.shape[0]
    across = (owner.columns.stop - owner.columns.start) * width - stored.shape[1]
    if down or across:
        stored = np.pad(stored, [(0, down), (0, across)] + [(0, 0)] * (stored.ndim - 2), mode="edge")
    samples = np.ascontiguousarray(stored)
    colours = coefficients.colours and samples.ndim == 3
    return coefficients.frame.forward(samples, owner.rows.start, owner.columns.start, colours)
