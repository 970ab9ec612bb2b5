"""perturb_many and restore_many: each as one call would be, in order, errors set aside and none lost."""

import dataclasses
import gc
import weakref

import numpy as np
import pytest
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb.perturbation import aes_gcm
from fastperturb.perturbation import batch_pipeline as chunks
from fastperturb.perturbation import plan as planning

BOX = (3, 4, 30, 30)


@pytest.fixture
def pictures():
    rng = np.random.default_rng(2)
    return [
        rng.integers(0, 256, (40, 50, 3), np.uint8),
        rng.integers(0, 65536, (50, 40), np.uint16),
        rng.normal(size=(45, 45, 4)).astype(np.float32),
    ]


def fail_at(monkeypatch, number, error):
    """Has the making of a tag fail once."""
    real, calls = aes_gcm.gmac, []

    def tag(*arguments):
        calls.append(0)
        if len(calls) == number:
            raise error
        return real(*arguments)

    monkeypatch.setattr(aes_gcm, "gmac", tag)


@pytest.mark.parametrize("threads", [1, 2, 3, None])
def test_many_are_as_one_by_one(pictures, key, threads):
    where = [[BOX], [fp.Region(*BOX, "ellipse"), (20, 20, 10, 10)], BOX]
    results = fp.perturb_many(pictures, where, key, fp.Strength(cells=5), reproducible=True, threads=threads)
    for image, regions, (hidden, record) in zip(pictures, where, results, strict=True):
        alone, same = fp.perturb(image, regions, key, fp.Strength(cells=5), reproducible=True)
        assert record == same
        assert hidden.tobytes() == alone.tobytes()
    restored = fp.restore_many([r[0] for r in results], [r[1] for r in results], key, threads=threads)
    assert [image.tobytes() for image in restored] == [image.tobytes() for image in pictures]


def test_a_stack_in_place(key):
    stack = np.random.default_rng(3).integers(0, 256, (8, 40, 40, 3), np.uint8)
    before = stack.copy()
    results = fp.perturb_many(stack, [BOX] * 8, key, out=stack, threads=2)
    assert (stack != before).any(axis=(1, 2, 3)).all()
    assert len({record.nonce for _, record in results}) == 8
    fp.restore_many(stack, [record for _, record in results], key, out=stack, threads=2)
    assert (stack == before).all()


def test_nothing_in_nothing_out(key):
    assert fp.perturb_many([], [], key) == []
    assert fp.restore_many([], [], key) == []


@pytest.mark.parametrize("threads", [1, 2])
def test_one_bad_image_does_not_lose_the_others(pictures, key, threads):
    images = [pictures[0], np.zeros((4, 4)), pictures[1], pictures[2], None]
    where = [BOX, (0, 0, 2, 2), [], BOX, BOX]
    with pytest.raises(
        fp.errors.BatchError, match="3 of 5 images failed; the first is image 1: TypeError: image must be"
    ) as e:
        fp.perturb_many(images, where, key, threads=threads)
    assert {index: type(error) for index, error in e.value.errors.items()} == {
        1: TypeError,
        2: fp.NoFaceFound,
        4: TypeError,
    }
    assert [result is None for result in e.value.results] == [False, True, True, False, True]
    results = fp.perturb_many(images, where, key, threads=threads, return_errors=True)
    assert [isinstance(result, Exception) for result in results] == [False, True, True, False, True]
    assert (fp.restore(*results[0], key) == pictures[0]).all()


def test_a_tampered_image_among_good_ones(pictures, key):
    results = fp.perturb_many(pictures, [BOX] * 3, key)
    results[1][0][10, 10] ^= 1
    restored = fp.restore_many([r[0] for r in results], [r[1] for r in results], key, return_errors=True)
    assert isinstance(restored[1], fp.Tampered)
    assert (restored[0] == pictures[0]).all()
    assert (restored[2] == pictures[2]).all()


def test_bad_batches_are_refused_whole(pictures, key):
    with pytest.raises(ValueError, match="regions must have one entry for each of the 3 images, got 2"):
        fp.perturb_many(pictures, [BOX] * 2, key)
    with pytest.raises(ValueError, match="records must have one entry for each of the 3 images, got 0"):
        fp.restore_many(pictures, [], key)
    with pytest.raises(ValueError, match="out must have one entry for each of the 3 images, got 1"):
        fp.perturb_many(pictures, [BOX] * 3, key, out=[pictures[0]])
    target = np.empty((40, 50, 3), np.uint8)
    with pytest.raises(ValueError, match=r"got an overlap of out\[0\] and out\[1\]"):
        fp.perturb_many([pictures[0]] * 2, [BOX] * 2, key, out=[target, target])
    with pytest.raises(ValueError, match="threads must be 1 to 1024"):
        fp.perturb_many(pictures, [BOX] * 3, key, threads=0)


def test_an_out_must_not_be_anothers_image(key):
    stack = np.random.default_rng(4).integers(0, 256, (5, 40, 40, 3), np.uint8)
    before = stack.copy()
    for images, outs in ((stack[:4], stack[3::-1]), (stack[:4], stack[1:]), (stack[1:], stack[:4])):
        with pytest.raises(ValueError, match="overlap each other or another's image"):
            fp.perturb_many(images, [BOX] * 4, key, out=list(outs))
    assert (stack == before).all()


def test_outs_may_lie_side_by_side_in_one_array(pictures, key):
    canvas = np.zeros((40, 100, 3), np.uint8)
    results = fp.perturb_many([pictures[0]] * 2, [BOX] * 2, key, out=[canvas[:, :50], canvas[:, 50:]])
    for hidden, record in results:
        assert (fp.restore(hidden, record, key) == pictures[0]).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_images_whose_record_fails_are_moved_back(key, monkeypatch, threads):
    """Working in place, memory that runs out in the end costs neither that image nor the others."""
    stack = np.random.default_rng(5).integers(0, 256, (6, 40, 40, 3), np.uint8)
    before = stack.copy()
    fail_at(monkeypatch, 3, MemoryError)
    results = fp.perturb_many(stack, [BOX] * 6, key, out=stack, threads=threads, return_errors=True)
    monkeypatch.undo()
    assert [isinstance(result, MemoryError) for result in results].count(True) == 1
    for image, original, result in zip(stack, before, results, strict=True):
        restored = image if isinstance(result, MemoryError) else fp.restore(*result, key)
        assert (restored == original).all()


def test_results_are_arrays_of_their_own(key):
    """Neighbours may share a block of memory, but never a byte."""
    images = list(np.random.default_rng(4).integers(0, 256, (70, 40, 40, 3), np.uint8))
    results = [hidden for hidden, _ in fp.perturb_many(images, [BOX] * 70, key, threads=3)]
    for hidden in results:
        assert hidden.flags.writeable
        assert hidden.flags.c_contiguous
        hidden[...] = 0
    again = [hidden for hidden, _ in fp.perturb_many(images, [BOX] * 70, key, threads=3)]
    again[1][...] = 7
    assert not (again[0] == 7).all()
    assert not (again[2] == 7).all()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("reproducible", [False, True])
def test_an_interrupt_gives_back_all_that_was_done_in_place(key, monkeypatch, threads, reproducible):
    """Nobody would have the records of images that were done before Ctrl-C."""
    stack = np.random.default_rng(6).integers(0, 256, (200, 40, 40, 3), np.uint8)
    before = stack.copy()
    fail_at(monkeypatch, 100, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        fp.perturb_many(stack, [BOX] * 200, key, out=stack, threads=threads, reproducible=reproducible)
    assert (stack == before).all()


def test_an_interrupt_of_restoring_leaves_the_perturbed_images(key, monkeypatch):
    stack = np.random.default_rng(7).integers(0, 256, (200, 40, 40, 3), np.uint8)
    records = [record for _, record in fp.perturb_many(stack, [BOX] * 200, key, out=stack)]
    before = stack.copy()
    fail_at(monkeypatch, 100, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        fp.restore_many(stack, records, key, out=stack, threads=2)
    assert (stack == before).all()


@pytest.mark.filterwarnings("ignore::fastperturb.errors.UnverifiedWarning")
@pytest.mark.parametrize("threads", [1, 2])
def test_what_the_core_refuses_is_the_error_of_one_image(pictures, key, threads):
    """A record of version 1 that asks for more pixels than there are gets past the tag with verify=False."""
    images, records = zip(*[perturb_v1(pictures[0], [(BOX, 4, 900)], key) for _ in range(5)], strict=True)
    wrong = dataclasses.replace(records[2].regions[0], pixels=901)
    damaged = [*records[:2], dataclasses.replace(records[2], regions=(wrong,)), *records[3:]]
    results = fp.restore_many(images, damaged, key, verify=False, threads=threads, return_errors=True)
    assert [isinstance(result, Exception) for result in results] == [False, False, True, False, False]
    with pytest.raises(ValueError, match="pixels must be 0 to the 900 that the region owns, got 901"):
        raise results[2]
    assert all((result == pictures[0]).all() for i, result in enumerate(results) if i != 2)


def test_altered_images_are_named_in_one_warning(pictures, key):
    images, records = zip(*fp.perturb_many([pictures[0]] * 4, [BOX] * 4, key), strict=True)
    images[1][10, 10] += 1
    images[3][10, 10] += 1
    for _ in range(2):
        with pytest.warns(
            fp.errors.UnverifiedWarning, match=r"^images\[1\], images\[3\]: the record, or pixels"
        ) as caught:
            fp.restore_many(images, records, key, verify=False)
        assert [item.filename for item in caught] == [__file__]


class Odd:
    """No image, with a size that cannot be looked at."""

    @property
    def nbytes(self):
        raise RuntimeError


@pytest.mark.parametrize("threads", [1, 2])
def test_odd_objects_are_errors_of_their_own(pictures, key, threads):
    most_axes = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32
    odd = [Odd(), None, 5, np.empty((0, 2**62), np.uint8), np.empty((1,) * most_axes, np.uint8)]
    results = fp.perturb_many([*odd, *pictures], [BOX] * 8, key, threads=threads, return_errors=True)
    assert [isinstance(result, (TypeError, ValueError)) for result in results] == [True] * 5 + [False] * 3


def test_flipped_images_are_not_kept_in_copies(key):
    """The usual BGR to RGB view is copied for the core; the copies go with the chunk."""
    images = list(np.random.default_rng(8).integers(0, 256, (10, 40, 40, 3), np.uint8)[..., ::-1])
    kept = []
    chunk = chunks.Chunk(dict.fromkeys(range(10)), inverse=False)

    def prepare(chunk):
        plans = {i: planning.plan(images[i], BOX, key, fp.Strength(), False) for i in range(10)}
        chunk.jobs = {i: planning.make_job(images[i], None, plans[i]) for i in range(10)}
        kept.extend(weakref.ref(job[0]) for job in chunk.jobs.values())

    chunks.run_in_turn([chunk], prepare, lambda chunk, moved: dict(moved), helpers=1)
    gc.collect()
    assert len(chunk.results) == 10
    assert all(reference() is None for reference in kept)


def test_a_misused_queue_says_so(pictures, key):
    with planning.WorkerQueue(1, 1) as queue:
        with pytest.raises(RuntimeError, match="without anything submitted"):
            queue.collect()
        begun = []
        queue.submit([], False, begun, "first")
        assert begun == ["first"]
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit([], False, [], 0)
    with pytest.raises(RuntimeError, match="without anything submitted"):
        queue.collect()


def test_large_images_and_small_ones_in_one_batch(key):
    """Images over a megabyte are shared out whole, and their tags read the pixels part by part."""
    images = [np.random.default_rng(i).integers(0, 256, (700 if i % 3 else 50, 900, 3), np.uint8) for i in range(7)]
    results = fp.perturb_many(images, [(10, 5, 600, 700)] * 7, key, threads=3)
    for image, hidden in zip(images, fp.restore_many(*zip(*results, strict=True), key, threads=2), strict=True):
        assert (image == hidden).all()


@pytest.mark.parametrize("count", [0, 1, 2, 31, 32, 33, 64, 65, 100])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_chunks_cover_all_images_once(count, workers):
    ranges = list(chunks.cut([100] * count, workers))
    assert [index for one in ranges for index in one] == list(range(count))
    assert all(1 <= len(one) <= chunks.CHUNK for one in ranges)
    if workers > 1 and count >= 2 * workers:
        assert len(ranges) >= workers
