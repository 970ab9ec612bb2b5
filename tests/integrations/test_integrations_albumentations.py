"""The albumentations transform: boxes of any format, records, replay and serialisation without the key."""

import inspect
import json
import pickle
import warnings

import numpy as np
import pytest

import fastperturb as fp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    A = pytest.importorskip("albumentations")
    from fastperturb.integrations.albumentations import FaceOptions, PerturbFaces

pytestmark = pytest.mark.filterwarnings("ignore")
BOX = (101, 53, 67, 80)
WINDOWS = FaceOptions(protection="windows")
"""For what is about the boxes: the record then has these, and not heads around them."""
IN_FORMAT = {
    "coco": (101, 53, 67, 80),
    "pascal_voc": (101, 53, 168, 133),
    "albumentations": (101 / 512, 53 / 512, 168 / 512, 133 / 512),
    "yolo": (134.5 / 512, 93 / 512, 67 / 512, 80 / 512),
}


def with_boxes(transforms, form="coco", kind=A.Compose):
    name = "format" if "format" in inspect.signature(A.BboxParams).parameters else "coord_format"  # albumentationsx
    return kind(transforms, bbox_params=A.BboxParams(**{name: form}, label_fields=["labels"]))


def restored(result, key):
    return fp.restore(result["image"], fp.Record.from_json(result["record"]), key)


def test_faces_are_located_protected_and_restored(astronaut, key):
    before = astronaut.copy()
    result = A.Compose([PerturbFaces(key, WINDOWS)])(image=astronaut, mask=astronaut[..., 0])
    record = fp.Record.from_json(result["record"])
    assert [item.region for item in record.regions] == [face.region for face in fp.locate(astronaut)]
    assert np.array_equal(astronaut, before)
    assert np.array_equal(result["mask"], astronaut[..., 0])
    assert not np.array_equal(result["image"], astronaut)
    assert np.array_equal(restored(result, key), astronaut)


@pytest.mark.parametrize("form", list(IN_FORMAT))
def test_boxes_of_every_format_are_the_faces_and_stay(form, astronaut, key):
    pipeline = with_boxes([PerturbFaces(key, WINDOWS)], form)
    result = pipeline(image=astronaut, bboxes=[IN_FORMAT[form]], labels=["face"])
    (item,) = fp.Record.from_json(result["record"]).regions
    assert item.region == fp.Region(*BOX)
    assert np.allclose(result["bboxes"], [IN_FORMAT[form]], atol=1e-4)
    assert list(result["labels"]) == ["face"]
    assert np.array_equal(restored(result, key), astronaut)


@pytest.mark.parametrize("side", [37, 92, 250, 333, 1921])
def test_whole_pixels_come_through_shares_of_any_side(side, key):
    image = np.random.default_rng(side).integers(0, 256, (side, side), np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = (int(v) for v in rng.integers(0, side - 8, 2))
        box = (x, y, int(rng.integers(2, side - x)), int(rng.integers(2, side - y)))
        result = with_boxes([PerturbFaces(key, WINDOWS)])(image=image, bboxes=[box], labels=[0])
        assert fp.Record.from_json(result["record"]).regions[0].region == fp.Region(*box)


def test_boxes_may_be_of_other_things(astronaut, key):
    result = with_boxes([PerturbFaces(key, WINDOWS, boxes="locate")])(
        image=astronaut, bboxes=[(0, 0, 9, 9)], labels=[1]
    )
    assert fp.Record.from_json(result["record"]).regions[0].region == fp.locate(astronaut)[0].region


def test_others_may_come_after_it(astronaut, key):
    result = with_boxes([PerturbFaces(key), A.HorizontalFlip(p=1)])(image=astronaut, bboxes=[BOX], labels=[1])
    result["image"] = np.ascontiguousarray(result["image"][:, ::-1])
    assert np.array_equal(restored(result, key), astronaut)
    assert tuple(np.round(result["bboxes"][0])) == (512 - 101 - 67, 53, 67, 80)


def test_always(astronaut, key):
    assert PerturbFaces(key).p == 1
    with pytest.raises(ValueError, match=r"p must be 1, for a face is always protected, got 0\.5"):
        PerturbFaces(key, p=0.5)


def test_no_face(key):
    empty = np.full((80, 90, 3), 7, np.uint8)
    with pytest.raises(fp.NoFaceFound, match="no face found"):
        PerturbFaces(key)(image=empty)
    with pytest.raises(fp.NoFaceFound, match="no face given"):
        with_boxes([PerturbFaces(key)])(image=empty, bboxes=[], labels=[])
    result = PerturbFaces(key, FaceOptions(no_face="pass"))(image=empty)
    assert result["record"] == ""
    assert np.array_equal(result["image"], empty)
    result = PerturbFaces(key, FaceOptions(no_face="whole"))(image=empty)
    assert fp.Record.from_json(result["record"]).regions[0].region == fp.Region(0, 0, 90, 80)


def test_what_cannot_be_done_is_refused(astronaut, key):
    with pytest.raises(ValueError, match="bboxes must come through a Compose with bbox_params"):
        PerturbFaces(key)(image=astronaut, bboxes=np.array([BOX]))
    with pytest.raises(ValueError, match="images can be protected, and no volumes, got volume"):
        PerturbFaces(key)(image=astronaut, volume=np.stack([astronaut] * 2))
    with pytest.raises(ValueError, match=r"boxes must be 'sample', 'locate' or names of images .*, got 'all'"):
        PerturbFaces(key, boxes="all")
    with pytest.raises(TypeError, match="uint8, uint16 or float32"):
        PerturbFaces(key)(image=astronaut.astype(np.float64))


def test_replay_and_serialisation_hold_the_place_of_the_key(astronaut, here):
    place, secret = str(here / "my.key"), fp.Key.from_file(here / "my.key")
    options = FaceOptions(protection=fp.Strength(window=9, coverage=0.5), grow=0.1)
    pipeline = with_boxes([PerturbFaces(place, options)], kind=A.ReplayCompose)
    result = pipeline(image=astronaut, bboxes=[BOX], labels=[1])
    assert np.array_equal(restored(result, secret), astronaut)
    again = A.ReplayCompose.replay(result["replay"], image=astronaut, bboxes=[BOX], labels=[1])
    assert np.array_equal(again["image"], result["image"])
    assert again["record"] == result["record"]

    saved = json.loads(json.dumps(A.to_dict(A.Compose([PerturbFaces(place, options)]))))
    loaded = A.from_dict(saved)
    assert np.array_equal(
        loaded(image=astronaut)["image"], A.Compose([PerturbFaces(place, options)])(image=astronaut)["image"]
    )
    for made in (pipeline, loaded):
        assert secret._secret not in pickle.dumps(made)


def test_a_key_object_is_not_serialised(astronaut, key, monkeypatch):
    transform = PerturbFaces(key)
    text = json.dumps(A.to_dict(transform)) + repr(transform)
    assert key.to_text() not in text
    assert "fpkey1_" not in text
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    with pytest.raises(KeyError, match="FASTPERTURB_KEY"):
        A.from_dict(A.to_dict(transform))
    monkeypatch.setenv("FASTPERTURB_KEY", key.to_text())
    assert np.array_equal(restored(A.from_dict(A.to_dict(transform))(image=astronaut), key), astronaut)
