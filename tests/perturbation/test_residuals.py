"""The core's residuals, and owned pixels as bytes: equal to the slow reference, exact for every kind of image."""

import numpy as np
import pytest
import reference_residuals
from hypothesis import given
from hypothesis import strategies as st
from strategies import images

from fastperturb import _core


@st.composite
def crops(draw):
    image = draw(images(14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return image, rng.random(image.shape[:2]) < draw(st.sampled_from([0.0, 0.2, 0.8, 1.0]))


@given(crops())
def test_residuals_are_the_references_and_come_back(crop):
    image, mask = crop
    data = _core.encode_residuals(image, mask)
    assert data == reference_residuals.encode(image, mask)
    out = np.zeros_like(image)
    _core.decode_residuals(data, out, mask)
    assert out[mask].tobytes() == image[mask].tobytes()
    assert not out[~mask].any()
    assert _core.masked_bytes(image, mask) == image[mask].tobytes()


@given(crops(), st.binary(max_size=64))
def test_any_bytes_decode_as_the_reference_says(crop, start):
    image, mask = crop
    size = int(mask.sum()) * image[0, 0].nbytes
    data = (start * (size // max(1, len(start)) + 1) + bytes(size))[:size]
    ours, theirs = image.copy(), image.copy()
    _core.decode_residuals(data, ours, mask)
    reference_residuals.decode(data, theirs, mask)
    assert ours.tobytes() == theirs.tobytes()


def exact_cases():
    rng = np.random.default_rng(3)
    alpha = rng.integers(0, 256, (20, 30, 4), np.uint8)
    alpha[..., 3] = rng.integers(0, 2, (20, 30)) * 255
    opaque = alpha.copy()
    opaque[..., 3] = 255
    floats = rng.normal(size=(9, 11, 3)).astype(np.float32)
    floats[0, 0] = [np.nan, -0.0, np.inf]
    floats[1, 1, 0] = np.frombuffer(b"\x01\x00\xa0\x7f", np.float32)[0]
    deep = rng.integers(0, 65536, (7, 12, 3), np.uint16)
    grey = alpha[..., 0].copy()
    yield from {
        "alpha 0 with colours below": alpha,
        "opaque alpha": opaque,
        "grey": grey,
        "one channel": grey[..., None],
        "two channels": alpha[..., :2].copy(),
        "16 bit": deep,
        "floats with NaN and -0": floats,
        "one pixel": grey[:1, :1].copy(),
        "one long row": rng.integers(0, 256, (1, 70_000), np.uint8),
    }.items()


@pytest.mark.parametrize(("name", "image"), list(exact_cases()))
def test_mistake_7_exactness(name, image):
    """By bytes, with and without a mask, and through a crop whose rows lie apart."""
    mask = np.random.default_rng(4).random(image.shape[:2]) < 0.7
    wide = np.zeros((image.shape[0], image.shape[1] + 5, *image.shape[2:]), image.dtype)
    crop = wide[:, 2:-3]
    crop[...] = image
    for owned in (None, mask):
        data = _core.encode_residuals(image, owned)
        assert _core.encode_residuals(crop, owned) == data
        out = np.zeros_like(wide)
        _core.decode_residuals(data, out[:, 2:-3], owned)
        again = np.zeros_like(wide)
        _core.put_masked(again[:, 2:-3], owned, _core.masked_bytes(crop, owned))
        assert out.tobytes() == again.tobytes()
        where = np.ones(image.shape[:2], bool) if owned is None else owned
        assert out[:, 2:-3][where].tobytes() == image[where].tobytes()
        assert not out[:, :2].any()
        assert not out[:, 2:-3][~where].any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_build_gives_the_references_bytes_at_any_alignment(isa, dtype, channels):
    rng = np.random.default_rng(5)
    for width in (1, 15, 16, 33, 130):
        data = rng.bytes(3 * width * channels * np.dtype(dtype).itemsize + 1)
        image = np.frombuffer(data, dtype, 3 * width * channels, offset=1).reshape(3, width, channels)
        mask = rng.random((3, width)) < 0.8
        for owned in (None, mask):
            every = np.ones((3, width), bool) if owned is None else owned
            assert _core.encode_residuals(image, owned) == reference_residuals.encode(image, every)


def test_masks_and_sizes_that_do_not_fit_are_refused():
    crop = np.zeros((4, 6, 3), np.uint8)
    masks = [np.ones((4, 5), bool), np.ones((4, 6), np.uint8), np.ones((4, 12), bool)[:, ::2], np.ones(24, bool)]
    for mask in masks:
        with pytest.raises(ValueError, match="mask must be a C-contiguous bool array"):
            _core.masked_bytes(crop, mask)
        with pytest.raises(ValueError, match="mask must be a C-contiguous bool array"):
            _core.decode_residuals(bytes(72), crop, mask)
    for size in (0, 71, 73):
        with pytest.raises(ValueError, match=f"data must have 72 bytes, got {size}"):
            _core.put_masked(crop, None, bytes(size))
        with pytest.raises(ValueError, match=f"data must have 72 bytes, got {size}"):
            _core.decode_residuals(bytes(size), crop, None)
    crop.setflags(write=False)
    with pytest.raises(ValueError, match="writeable"):
        _core.put_masked(crop, None, bytes(72))


def test_any_byte_of_a_mask_but_zero_owns():
    crop = np.arange(24, dtype=np.uint8).reshape(4, 6)
    odd = np.array([[0, 1, 2, 255, 0, 3]] * 4, np.uint8).view(bool)
    assert _core.masked_bytes(crop, odd) == crop[:, [1, 2, 3, 5]].tobytes()
    out = np.zeros_like(crop)
    _core.decode_residuals(_core.encode_residuals(crop, odd), out, odd)
    assert (out[:, [1, 2, 3, 5]] == crop[:, [1, 2, 3, 5]]).all()
