"""Parts and weighted: where their windows and pixels go, that they stay ordinary records, and what they refuse."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.protections import (
    FittedProtection,
    Parts,
    Protection,
    ReversibleProtection,
    Weighted,
    parse_protection,
)
from fastperturb.protections.weighted import _mean_weight

LANDMARKS = ((45.0, 50.0), (75.0, 50.0), (60.0, 65.0), (48.0, 80.0), (72.0, 80.0))
FACE = fp.Face(fp.Region(20, 10, 80, 96), landmarks=LANDMARKS)


def picture(dtype=np.uint8, channels=(), seed=0):
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    return (np.random.default_rng(seed).random((130, 120, *channels)) * top).astype(dtype)


def fitted(text, seed=7):
    protection = parse_protection(text)
    protection.fit([picture(seed=seed + k) for k in range(6)], [[FACE]] * 6)
    return protection


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("make", [lambda: Parts(), lambda: fitted("weighted:0.4")])
def test_ordinary_records(make, dtype, channels, key):
    image, protection = picture(dtype, channels), make()
    assert isinstance(protection, Protection)
    assert isinstance(protection, ReversibleProtection)
    clipped = fp.Face(fp.Region(80, 90, 80, 80), landmarks=tuple((x + 60, y + 60) for x, y in LANDMARKS))
    faces = [FACE, clipped]
    hidden, record = protection.perturb(image, faces, key)
    assert np.array_equal(fp.restore(hidden, fp.Record.from_json(record.to_json()), key), image)
    assert np.array_equal(protection.view(hidden, faces), protection.view(image, faces))
    one, other = (protection.protect(image, faces, seed=seed) for seed in (1, 2))
    assert not np.array_equal(one, other)
    assert np.array_equal(one, protection.protect(image, faces, seed=1))
    for region in protection.regions(faces, image.shape):
        hidden[region.clipped(*image.shape[:2])] = 0
        image[region.clipped(*image.shape[:2])] = 0
    assert np.array_equal(hidden, image)


def test_parts_have_windows_of_their_own(key):
    protection = parse_protection("parts:cells=10,features=2")
    _, record = protection.perturb(picture(), [FACE], key)
    features = fp.faces.regions_from_landmarks(FACE)
    assert [item.region for item in record.regions] == [FACE.region, *features]
    assert record.regions[0].window == 8
    expected = [-(-min(region.width, region.height) // 2) for region in features]
    assert [item.window for item in record.regions[1:]] == expected
    assert min(expected) > 8
    assert protection.name == "parts, 10 cells, features 2"
    assert protection.regions([FACE], (130, 120)) == [FACE.region, *features]


def test_parts_need_landmarks():
    with pytest.raises(ValueError, match="must have 5 landmarks"):
        Parts().protect(picture(), [fp.Face(FACE.region)], seed=1)


def test_weighted_moves_its_share_where_weight_times_variance_is_largest(key):
    protection, image = fitted("weighted:0.3,cells=4"), picture(seed=3)
    image[10:106, 20:60] //= 8  # the left half hardly varies
    _, record = protection.perturb(image, [FACE], key)
    assert record.moved == round(0.3 * 80 * 96)
    windows = [fp.Region(x, y, 20, min(20, 106 - y)) for y in range(10, 106, 20) for x in range(20, 100, 20)]
    values = [
        _mean_weight(protection._weights, box, FACE.region) * image[box.clipped(130, 120)].astype(float).var()
        for box in windows
    ]
    order = [windows[index] for index in np.argsort(-np.array(values), kind="stable")]
    chosen = [item.region for item in record.regions]
    assert set(chosen) == set(order[: len(chosen)])
    assert chosen == sorted(chosen, key=lambda region: (region.y, region.x))
    assert all(region.x >= 60 for region in chosen)
    part = [item for item in record.regions if item.moved < item.region.width * item.region.height]
    assert [item.region for item in part] == [order[len(chosen) - 1]] * len(part)
    assert len(part) <= 1


@pytest.mark.parametrize(
    "others",
    [
        [fp.Region(70, 50, 45, 70)],
        [fp.Region(25, 15, 80, 96), fp.Region(60, 5, 50, 50)],
        [FACE.region],
        [fp.Region(21, 10, 80, 96)],
    ],
)
@pytest.mark.parametrize("cells", [3, 8, 20])
def test_weighted_leaves_no_seam_of_overlapping_faces(others, cells, key):
    """Windows that no face owned altogether were left out: a tenth of two faces stayed clear at every share."""
    protection, image = fitted(f"weighted:1,cells={cells}"), picture(seed=3)
    faces = [FACE, *map(fp.Face, others)]
    hidden, record = protection.perturb(image, faces, key)
    owned, inside = np.zeros((2, 130, 120), bool)
    for face in faces:
        owned[face.region.clipped(130, 120)] = True
    for item in record.regions:
        inside[item.region.clipped(130, 120)] = True
    assert not inside[~owned].any()
    assert inside[owned].mean() > 0.97
    assert record.moved == sum(item.region.width * item.region.height for item in record.regions) == inside.sum()
    assert min(item.moved for item in record.regions) >= 2
    assert np.array_equal(protection.view(hidden, faces), protection.view(image, faces))
    assert np.array_equal(fp.restore(hidden, record, key), image)


def test_weights_are_the_mean_squared_eigenface():
    protection = Weighted()
    assert isinstance(protection, FittedProtection)
    one, other = np.full((130, 120), 100, np.uint8), np.full((130, 120), 100, np.uint8)
    other[10:58, 20:100] = 200  # two faces differ in the upper half alone: there is the only eigenface
    protection.fit([one, other], [[FACE], [FACE]])
    weights = protection._weights
    assert np.allclose(weights[:32], 1 / (32 * 64), rtol=1e-3)
    assert np.allclose(weights[32:], 0, atol=1e-9)
    assert abs(_mean_weight(weights, fp.Region(20, 10, 80, 48), FACE.region) * 2048 - 1) < 1e-3
    assert _mean_weight(weights, fp.Region(20, 58, 80, 48), FACE.region) < 1e-9


def test_weights_on_file(tmp_path, key):
    protection, path = fitted("weighted:0.5"), tmp_path / "weights.npz"
    path.write_bytes(protection.to_bytes())
    loaded = parse_protection(f"weighted:weights={path}")
    assert loaded.name == "weighted, 8 cells, coverage 0.5, weights.npz"
    image = picture()
    assert np.array_equal(loaded.protect(image, [FACE], seed=1), protection.protect(image, [FACE], seed=1))
    path.write_bytes(b"no")
    with pytest.raises(fp.errors.ModelError, match="not a file of weights"):
        parse_protection(f"weighted:weights={path}")


def test_no_faces():
    for protection in (Parts(), fitted("weighted")):
        assert np.array_equal(protection.protect(picture(), [], seed=1), picture())
        assert np.array_equal(protection.view(picture(), []), picture())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("parts:features=0", "cells must be at least 1, got 0"),
        ("parts:8,cells=3", "give window or cells, not both"),
        ("weighted:0", "coverage must be over 0 and up to 1"),
        ("weighted:0.5,shape=ellipse", "weighted takes coverage, window, cells, weights, grow"),
    ],
)
def test_wrong_texts(text, message):
    with pytest.raises(ValueError, match=message):
        parse_protection(text)


def test_weighted_needs_weights_and_two_faces():
    with pytest.raises(ValueError, match="has no weights yet: fit it"):
        Weighted().protect(picture(), [FACE], seed=1)
    with pytest.raises(ValueError, match="at least 2 faces for eigenfaces, got 1"):
        Weighted().fit([picture()], [[FACE]])
