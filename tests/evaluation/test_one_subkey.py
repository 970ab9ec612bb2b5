"""One raw permutation for a whole set: who learns from distances learns as from the clear, and so does who unscrambles.

The unscrambler is that of docs/figures, which measures it on faces.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.perturbation import permute
from fastperturb.strength.eigenfaces import find_eigenfaces

SUBKEY = bytes(range(32))
SHAPE = (24, 20)


def scrambled(images, subkeys):
    hidden = np.array(images)
    for image, subkey in zip(hidden, subkeys, strict=True):
        height, width = image.shape[:2]
        permute(image, [(fp.Region(0, 0, width, height), max(height, width), height * width)], [subkey])
    return hidden


def smooth_images(count, seed, shape=SHAPE):
    """Each a few waves of its own, brighter above and to the left in all of them: neighbours are alike."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[: shape[0], : shape[1]] / max(shape)
    waves = [np.cos(np.pi * (i * down + j * across)) / (1 + i + j) for i in range(4) for j in range(4)]
    images = np.tensordot(rng.normal(0, 25, (count, len(waves))), waves, 1) + 160 - 70 * down - 40 * across
    return np.clip(np.rint(images), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def unscrambling():
    pytest.importorskip("sklearn")
    folder = Path(__file__).parents[2] / "docs" / "figures"
    if not folder.is_dir():
        pytest.skip("docs/figures is not here")
    sys.path.append(str(folder))
    import unscrambling

    return unscrambling


def check_learns_alike(clear, people, subkeys):
    """Squared distances to the bit; singular values, distances along eigenfaces and rank-1 to 1e-6."""
    enrolled = np.arange(len(clear)) % 2 == 0
    found = []
    for images in (clear, scrambled(clear, subkeys)):
        flat = images.reshape(len(images), -1).astype(np.int64)
        squared = (flat**2).sum(axis=1)
        away = squared[:, None] + squared - 2 * flat @ flat.T
        mean, faces, variances, kept = find_eigenfaces(images[enrolled], None)
        points = (flat - mean) @ faces.T
        near = np.linalg.norm(points[~enrolled][:, None] - points[enrolled], axis=2)
        rank1 = np.mean(people[enrolled][near.argmin(axis=1)] == people[~enrolled])
        singular = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
        found.append((away, singular, variances, near, rank1, kept, faces))
    one, other = found
    assert (one[0] == other[0]).all()
    assert one[6].shape == other[6].shape
    for a, b in zip(one[1:4], other[1:4], strict=True):
        assert np.abs(a - b).max() <= 1e-6 * a.max()
    assert one[4] == other[4]
    assert one[5] == pytest.approx(other[5], abs=1e-6)
    return one[4]


def test_one_permutation_for_all_keeps_all_that_distances_tell():
    clear = np.repeat(smooth_images(12, 1), 4, axis=0)
    noise = np.random.default_rng(2).integers(-25, 26, clear.shape)
    clear = np.clip(clear + noise, 0, 255).astype(np.uint8)
    people = np.repeat(np.arange(12), 4)
    assert check_learns_alike(clear, people, [SUBKEY] * len(clear)) > 0.9


@pytest.mark.data
def test_eigenfaces_of_scrambled_att_faces_are_those_of_clear_ones():
    photographs = pytest.importorskip("photographs")
    try:
        paths = photographs.att_faces()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    clear = np.stack([photographs.read_rgb(path) for path in paths])
    assert 0.8 < check_learns_alike(clear, np.repeat(np.arange(40), 10), [SUBKEY] * 400) < 1


def test_subkeys_of_their_own_keep_no_distances():
    clear = np.repeat(smooth_images(12, 1), 4, axis=0)
    subkeys = [number.to_bytes(32, "big") for number in range(len(clear))]
    with pytest.raises(AssertionError):
        check_learns_alike(clear, np.repeat(np.arange(12), 4), subkeys)


def right_order():
    numbers = np.arange(SHAPE[0] * SHAPE[1], dtype=np.uint16).reshape(1, *SHAPE)
    return np.argsort(scrambled(numbers, [SUBKEY]).ravel())


def test_correlations_of_enough_images_tell_the_neighbourhoods(unscrambling):
    """Up to a flip; images that share no subkey tell nothing."""
    clear, truth = smooth_images(200, 3), right_order()
    near = {}
    for what, subkeys in (("one", [SUBKEY] * 200), ("own", [number.to_bytes(32, "big") for number in range(200)])):
        values = scrambled(clear, subkeys).reshape(200, -1).astype(float)
        for order in unscrambling.unscramble(values, SHAPE):
            assert sorted(order) == list(range(len(truth)))
            near[what] = max(unscrambling.share_near(one, truth, SHAPE) for one in unscrambling.flips(order, SHAPE))
    assert near["one"] > 0.8
    assert near["own"] < 0.2


def test_who_knows_other_images_needs_no_flip(unscrambling):
    clear, others, truth = smooth_images(100, 4), smooth_images(150, 5), right_order()
    values = scrambled(clear, [SUBKEY] * 100).reshape(100, -1).astype(float)
    known = others.reshape(150, -1).astype(float)
    for order in unscrambling.unscramble_knowing(values, known, SHAPE):
        assert sorted(order) == list(range(len(truth)))
        assert unscrambling.share_near(order, truth, SHAPE) > 0.7


def test_the_share_near_is_one_for_the_truth_and_counts_places(unscrambling):
    truth = np.random.default_rng(0).permutation(SHAPE[0] * SHAPE[1])
    grid = truth.reshape(SHAPE)
    assert unscrambling.share_near(truth, truth, SHAPE) == 1.0
    assert unscrambling.share_near(np.roll(grid, 2, axis=0).ravel(), truth, SHAPE) == pytest.approx(22 / 24)
    assert unscrambling.share_near(np.roll(grid, 3, axis=1).ravel(), truth, SHAPE) == 0.0
