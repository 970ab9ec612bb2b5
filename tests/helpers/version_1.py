"""Makes records of version 1, which the package restores for ever and makes no more."""

import os

from core_calls import permute_in_place

import fastperturb as fp
from fastperturb.checks import dtype_name
from fastperturb.perturbation import format_v1
from fastperturb.record import NONCE_BYTES, RegionRecord, core_region


def perturb_v1(image, regions, key, nonce=None):
    """(perturbed copy, record); ``regions`` are (Region or box, window, number of pixels)."""
    where = [region if isinstance(region, fp.Region) else fp.Region(*region) for region, _, _ in regions]
    core = [core_region(region, *rest) for region, (_, *rest) in zip(where, regions, strict=True)]
    nonce = os.urandom(NONCE_BYTES) if nonce is None else nonce
    binding = format_v1.Binding(key, nonce, image.shape, dtype_name(image), core)
    hidden = image.copy()
    (moved,) = permute_in_place([(hidden, core, binding.subkey)])
    items = tuple(
        RegionRecord(region, item.window, item.pixels, count)
        for region, item, count in zip(where, core, moved, strict=True)
    )
    tag = binding.tag(moved, hidden)
    return hidden, format_v1.RecordV1(key.id, nonce, image.shape, dtype_name(image), items, tag)


def reproducible_nonce(key, image, core):
    """A nonce that depends on the key, the whole image and the parameters and on nothing else."""
    blank = format_v1.header(bytes(NONCE_BYTES), image.shape, dtype_name(image), core)
    return key.derive(b"fastperturb once", blank, size=NONCE_BYTES, more=[image.tobytes()])
