"""Version 1: wrong keys, edited records and pixels, records of other images, hostile ones: each is told."""

import dataclasses
import warnings

import numpy as np
import pytest
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb.perturbation import format_v1

BOX = (10, 5, 40, 50)


@pytest.mark.parametrize("change", ["nonce", "shape", "region", "window", "pixels", "dtype", "key"])
def test_any_bound_parameter_gives_an_unrelated_permutation(change, key):
    """Permutes the positions themselves twice, one parameter apart, and counts agreements outside chance."""
    labels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    setup = {"key": key, "nonce": bytes(24), "image": labels, "box": (0, 0, 60, 60), "window": 60, "pixels": 3600}
    other = dict(setup)
    other.update(
        {
            "nonce": {"nonce": bytes(23) + b"\x01"},
            "shape": {"image": np.vstack([labels, labels[:1]])},
            "region": {"box": (0, 0, 60, 61)},
            "window": {"window": 61},
            "pixels": {"pixels": 3599},
            "dtype": {"image": labels.astype(np.float32)},
            "key": {"key": fp.Key.generate()},
        }[change]
    )
    hidden = []
    for case in (setup, other):
        regions = [(case["box"], case["window"], case["pixels"])]
        hidden.append(perturb_v1(case["image"], regions, case["key"], case["nonce"])[0][:60, :60])
    assert (hidden[0] == hidden[1]).sum() <= 12


def test_another_key_is_told(image, key):
    hidden, record = perturb_v1(image, [(BOX, 5, 2000)], key)
    other = fp.Key.generate()
    for verify in (True, False):
        with pytest.raises(fp.WrongKey, match=f"made with key {key.id}, got key {other.id}"):
            fp.restore(hidden, record, other, verify=verify)


def region_changes(record):
    item = record.regions[0]
    r = item.region
    for field in ("x", "y", "width", "height"):
        yield dataclasses.replace(item, region=dataclasses.replace(r, **{field: getattr(r, field) + 1}))
    yield dataclasses.replace(item, region=dataclasses.replace(r, shape="ellipse"), pixels=9, moved=9)
    yield dataclasses.replace(item, region=dataclasses.replace(r, shape="ellipse"))
    yield dataclasses.replace(item, window=item.window + 1)
    yield dataclasses.replace(item, pixels=item.pixels - 1)
    yield dataclasses.replace(item, moved=item.moved - 1)


def test_every_edit_of_a_record_is_told(image, key):
    hidden, record = perturb_v1(image, [(BOX, 5, 2000), ((60, 5, 15, 15), 2, 225)], key)
    changed = [
        dataclasses.replace(record, nonce=bytes(24)),
        dataclasses.replace(record, tag=record.tag[:-1] + bytes([record.tag[-1] ^ 1])),
        dataclasses.replace(record, tag=bytes(16)),
        dataclasses.replace(record, regions=record.regions[::-1]),
        dataclasses.replace(record, regions=record.regions[:1]),
        *(dataclasses.replace(record, regions=(item, record.regions[1])) for item in region_changes(record)),
    ]
    for edited in changed:
        with pytest.raises(fp.Tampered, match="the record, or pixels inside its regions, were changed"):
            fp.restore(hidden, edited, key)
    assert (fp.restore(hidden, record, key) == image).all()


def test_a_record_of_another_image_is_told(image, key):
    hidden, record = perturb_v1(image, [(BOX, 5, 2000)], key)
    with pytest.raises(fp.Tampered, match=r"of shape \(60, 80, 3\) and dtype uint8, got shape \(60, 79, 3\)"):
        fp.restore(hidden[:, 1:], record, key)
    with pytest.raises(fp.Tampered, match=r"got shape .* and dtype uint16"):
        fp.restore(hidden.astype(np.uint16), record, key)
    with pytest.raises(fp.Tampered, match="were changed"):
        fp.restore(np.flip(hidden, 0), record, key)


def test_one_changed_pixel_inside_is_told_and_outside_is_kept(image, key):
    hidden, record = perturb_v1(image, [(BOX, 5, 2000)], key)
    inside, outside = hidden.copy(), hidden.copy()
    inside[54, 49, 2] ^= 1
    outside[55, 49, 2] ^= 1
    with pytest.raises(fp.Tampered, match="were changed"):
        fp.restore(inside, record, key)
    with pytest.warns(fp.errors.UnverifiedWarning, match="what is restored is not the original"):
        rescued = fp.restore(inside, record, key, verify=False)
    assert (rescued != image).sum() == 1
    assert (fp.restore(outside, record, key) != image).sum() == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (fp.restore(hidden, record, key, verify=False) == image).all()


def test_a_hostile_record_is_refused_before_it_costs_much(key, monkeypatch):
    """Thousands of boxes over the whole image, under the right key id: not one of them is hashed."""
    image = np.zeros((500, 500, 3), np.uint8)
    hidden, record = perturb_v1(image, [((0, 0, 500, 500), 63, 250_000)], key)
    hostile = dataclasses.replace(record, regions=record.regions * 3000)
    monkeypatch.setattr(format_v1.Binding, "tag", lambda *_: pytest.fail("hashed"))
    with pytest.raises(ValueError, match="must not cover more than 16 images"):
        fp.restore(hidden, hostile, key)
    with pytest.raises(ValueError, match="must not cover more than 16 images"):
        fp.view(hidden, hostile)
