"""Arrays that are not aligned, masked, or written to by others while they are protected; boxes as arrays and lists."""

import threading

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.metrics import mse, psnr, ssim, ssim_map
from fastperturb.perturbation.batch import perturb_many, restore_many


def misaligned(image, offset=1):
    """The same samples at an address that is no multiple of their size."""
    memory = np.empty(image.nbytes + offset, np.uint8)
    copy = memory[offset:].view(image.dtype).reshape(image.shape)
    copy[...] = image
    assert not copy.flags.aligned
    return copy


@pytest.fixture(params=[np.uint16, np.float32])
def odd(request):
    image = np.random.default_rng(1).integers(0, 250, (40, 50, 3)).astype(request.param)
    return image, misaligned(image)


def test_arrays_that_are_not_aligned_give_what_aligned_ones_do(odd, key):
    image, copy = odd
    box = (5, 6, 20, 22)
    hidden, record = fp.perturb(image, box, key, reproducible=True)
    found, same = fp.perturb(copy, box, key, reproducible=True)
    assert np.array_equal(found, hidden)
    assert same == record
    assert np.array_equal(fp.restore(misaligned(hidden), record, key), image)
    assert np.array_equal(restore_many([misaligned(hidden)], [record], key)[0], image)
    assert np.array_equal(fp.view(misaligned(hidden), record), fp.view(hidden, record))
    assert np.array_equal(perturb_many([copy], [box], key, reproducible=True)[0][0], hidden)
    solved = fp.perturb(copy, box, key, fp.Strength(window=4, psnr=35, data_range=255.0), reproducible=True)[0]
    assert np.array_equal(
        solved, fp.perturb(image, box, key, fp.Strength(window=4, psnr=35, data_range=255.0), reproducible=True)[0]
    )
    with pytest.raises(ValueError, match="be aligned, got an array that is not aligned"):
        fp.perturb(image, box, key, out=misaligned(image))
    with pytest.raises(ValueError, match="not aligned"):
        fp.restore(target := misaligned(hidden), record, key, out=target)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_measures_of_arrays_that_are_not_aligned(dtype):
    rng = np.random.default_rng(2)
    a, b = (rng.integers(0, 250, (40, 50, 3)).astype(dtype) for _ in range(2))
    options = {"data_range": 255.0}
    for x, y in ((misaligned(a), b), (a, misaligned(b)), (misaligned(a, 3), misaligned(b))):
        assert mse(x, y) == mse(a, b)
        assert psnr(x, y, **options) == psnr(a, b, **options)
        assert ssim(x, y, **options) == ssim(a, b, **options)
        assert ssim(x, y, region=(3, 4, 20, 20), **options) == ssim(a, b, region=(3, 4, 20, 20), **options)
        assert np.array_equal(ssim_map(x, y, **options), ssim_map(a, b, **options))


class WithUnit(np.ndarray):
    unit = "lux"


@pytest.mark.parametrize("wrap", [np.ma.masked_array, lambda image: image.view(WithUnit)], ids=["mask", "unit"])
def test_arrays_that_mean_more_than_their_samples_are_refused(image, key, wrap):
    odd = wrap(image.copy())
    hidden, record = fp.perturb(image, (5, 6, 20, 22), key)
    calls = [
        lambda: fp.perturb(odd, (5, 6, 20, 22), key),
        lambda: fp.restore(wrap(hidden), record, key),
        lambda: fp.view(odd, (5, 6, 20, 22)),
        lambda: mse(odd, image),
        lambda: mse(image, odd, region=(1, 1, 20, 20)),
        lambda: psnr(odd, image),
        lambda: ssim(odd, image),
        lambda: ssim_map(image, odd),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"must be a plain NumPy array, got \w+, which means more"):
            call()


def test_subclasses_that_mean_no_more_are_taken(image, key, tmp_path):
    mapped = np.memmap(tmp_path / "file", image.dtype, "w+", shape=image.shape)
    mapped[...] = image
    hidden, _ = fp.perturb(image, (5, 6, 20, 22), key, reproducible=True)
    assert np.array_equal(fp.perturb(mapped, (5, 6, 20, 22), key, reproducible=True)[0], hidden)
    assert mse(mapped, image) == 0


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint16, list, tuple])
def test_boxes_may_be_arrays_and_lists(image, key, kind):
    def made(box):
        return kind(box) if kind in (list, tuple) else np.array(box, kind)

    box, other = (5, 6, 20, 22), (40, 6, 20, 22)
    right = fp.perturb(image, box, key, reproducible=True)[0]
    assert np.array_equal(fp.perturb(image, made(box), key, reproducible=True)[0], right)
    assert np.array_equal(fp.perturb(image, [made(box)], key, reproducible=True)[0], right)
    both = fp.perturb(image, [box, other], key, reproducible=True)[0]
    rows = made([made(box), made(other)])
    assert np.array_equal(fp.perturb(image, rows, key, reproducible=True)[0], both)
    assert mse(image, right, region=made(box)) == mse(image, right, region=box)
    with pytest.raises((TypeError, ValueError)):
        fp.perturb(image, np.array([5.0, 6.0, 20.0, 22.0]), key)


def test_a_mask_of_numbers_is_asked_for_as_booleans(image):
    for dtype in (np.uint8, np.int64, np.float32):
        with pytest.raises(TypeError, match="region must be a boolean mask to have the image's shape"):
            mse(image, image, region=np.ones(image.shape[:2], dtype))
    square = image[:4, :4]
    with pytest.raises(TypeError, match="boolean mask"):
        mse(square, square, region=np.ones((4, 4), np.uint8))


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("with_out", [False, True])
def test_what_was_hashed_is_what_is_moved_though_another_thread_writes(key, many, with_out):
    """One nonce, and so one key of the tag, must never be of two images."""
    image = np.zeros((300, 300), np.uint8)
    stop = threading.Event()

    def scribble():
        value = 0
        while not stop.is_set():
            value = (value + 1) % 251
            image[...] = value

    writer = threading.Thread(target=scribble)
    writer.start()
    seen = {}
    try:
        for _ in range(60):
            out = np.empty_like(image) if with_out else None
            box = (0, 0, 300, 300)
            if many:
                outs = None if out is None else [out]
                ((hidden, record),) = perturb_many([image], [box], key, reproducible=True, out=outs)
            else:
                hidden, record = fp.perturb(image, box, key, reproducible=True, out=out)
            before = seen.setdefault(record.nonce, (record, hidden.tobytes()))
            assert before == (record, hidden.tobytes())
            again, same = fp.perturb(fp.restore(hidden, record, key), (0, 0, 300, 300), key, reproducible=True)
            assert same == record
            assert np.array_equal(again, hidden)
    finally:
        stop.set()
        writer.join()
