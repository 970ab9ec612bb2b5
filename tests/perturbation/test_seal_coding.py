"""The two coders of seals: both give deflate that anyone reads, and reproducible records have the one that all have."""

import zlib

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from fastperturb.perturbation import seal_coding


@pytest.fixture
def igzip():
    return pytest.importorskip("isal.igzip_lib")


def textured(shape, seed=0):
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 200, shape[0])[:, np.newaxis, np.newaxis]
    return np.clip(ramp + rng.normal(0, 4, shape), 0, 255).astype(np.uint8)


@given(strategies.images(24), st.booleans())
def test_pixels_come_back_from_either(image, reproducible):
    plain = seal_coding.encode(image, None, reproducible=reproducible)
    found = np.zeros_like(image)
    seal_coding.decode(plain, image.nbytes, "the seal").put(found, None)
    assert found.tobytes() == image.tobytes()


@pytest.mark.parametrize("size", [0, 1, 2, 255, 16_384, 300_000])
def test_any_inflater_reads_what_isa_l_writes(igzip, size):
    data = np.random.default_rng(size).geometric(0.2, size).clip(0, 255).astype(np.uint8).tobytes()
    assert zlib.decompress(seal_coding._deflate(data, igzip), -15) == data


def test_reproducible_seals_do_not_depend_on_what_is_installed(igzip, monkeypatch):
    image = textured((90, 80, 3))
    assert seal_coding.encode(image, None) != seal_coding.encode(image, None, reproducible=True)
    alike = [seal_coding.encode(image, None, reproducible=True)]
    monkeypatch.setattr(seal_coding, "import_igzip", lambda: None)
    alike += [seal_coding.encode(image, None, reproducible=True), seal_coding.encode(image, None)]
    assert len(set(alike)) == 1


def test_isa_l_is_hardly_longer(igzip):
    residuals = seal_coding._core.encode_residuals(textured((200, 160, 3), 3), None)
    assert len(seal_coding._deflate(residuals, igzip)) < 1.03 * len(seal_coding._deflate(residuals, None))
