"""Records of version 2 out of small images, as the tests need them: ownership by the slow reference."""

from dataclasses import dataclass

import numpy as np
import reference_v2
from strategies import as_dicts

import fastperturb as fp
from fastperturb.perturbation import format_v2
from fastperturb.perturbation.record_v2 import RecordV2
from fastperturb.perturbation.record_v2_parts import RegionV2
from fastperturb.perturbation.seal_coding import Surroundings

SURROGATE, WINDOWS = 3, 1
SHORT = format_v2.SealOptions()


@dataclass
class Made:
    image: np.ndarray
    shown: np.ndarray
    owner: np.ndarray
    record: RecordV2

    def owned(self, index):
        return self.owner == index

    def scene(self, shown=None):
        return Surroundings(self.shown if shown is None else shown, 0, 0, (self.owner + 1).astype(np.uint16))


def textured(shape, noise, seed=1):
    """A smooth image with so much noise."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape[:2])
    base = (100 + 60 * np.sin(x / 9 + seed) + 50 * np.cos(y / 7)).reshape(*shape[:2], *[1] * (len(shape) - 2))
    return np.clip(base + rng.normal(0, max(noise, 1e-9), shape), 0, 255).astype(np.uint8)


def region(x, y, width, height, shape="box", method=SURROGATE, **more):
    return RegionV2(fp.Region(x, y, width, height, shape), method, **more)


def owners_of(shape, regions):
    return reference_v2.owners(*shape[:2], as_dicts([r.core_region() for r in regions]))


def owned_pixels(shape, regions):
    """How many pixels each region owns."""
    owner = owners_of(shape, regions)
    return [int((owner == index).sum()) for index in range(len(regions))]


def make(image, regions, keys, *, reproducible=None, scene=True, options=SHORT, shade=77):
    """A record, with the regions painted over."""
    owner = owners_of(image.shape, regions)
    shown = image.copy()
    shown[owner >= 0] = shade
    draft = format_v2.Draft(image, regions, reproducible)
    pixels = [
        format_v2.RegionPixels(None if r.method == WINDOWS else image, shown, owner == i) for i, r in enumerate(regions)
    ]
    made = Made(image, shown, owner, None)
    made.record = format_v2.seal_record(draft, pixels, keys, scene=made.scene() if scene else None, options=options)
    return made


def restored(made, key, record=None, indices=None):
    """The shown image with these regions brought back, all or none."""
    from fastperturb.perturbation.format_v2_open import Opened

    opened = Opened(record or made.record, key)
    indices = range(len(opened.record.regions)) if indices is None else indices
    out = made.shown.copy()
    seals = [(i, opened.read_seal(i, int(made.owned(i).sum()))) for i in indices]
    for index, seal in seals:
        seal.put(out, made.owned(index))
    return out
