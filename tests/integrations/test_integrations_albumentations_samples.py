"""The albumentations transform within others: never by chance, every image and its boxes, no record lost, one key."""

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
OPTIONS = FaceOptions(no_face="whole")


@pytest.fixture
def small():
    return np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)


def restored(image, text, key):
    return fp.restore(image, fp.Record.from_json(text), key)


CHANCE = {
    "Compose(p=0.5)": lambda t: A.Compose([t], p=0.5),
    "Compose(p=0)": lambda t: A.Compose([t], p=0),
    "ReplayCompose(p=0.5)": lambda t: A.ReplayCompose([t], p=0.5),
    "OneOf(p=1)": lambda t: A.OneOf([t, A.HorizontalFlip(p=1)], p=1),
    "OneOf(p=0.5)": lambda t: A.OneOf([t]),
    "SomeOf(p=1)": lambda t: A.SomeOf([t, A.HorizontalFlip(p=1)], n=1),
    "RandomOrder(p=1)": lambda t: A.RandomOrder([t, A.HorizontalFlip(p=1)], n=1),
    "OneOrOther(p=0.5)": lambda t: A.OneOrOther(t, A.HorizontalFlip(p=1)),
    "Sequential(p=0.5)": lambda t: A.Sequential([t]),
    "SelectiveChannelTransform(p=1.0)": lambda t: A.SelectiveChannelTransform([t]),
}


@pytest.mark.parametrize("name", list(CHANCE))
@pytest.mark.parametrize("around", ["alone", "around"])
def test_by_chance_is_refused_when_it_is_made(name, around, key):
    transform = PerturbFaces(key, OPTIONS)
    if around == "around":
        transform = A.Compose([transform])
    with pytest.raises(ValueError, match="must be in Compose, ReplayCompose or Sequential with p=1") as told:
        CHANCE[name](transform)
    assert f"got {name}; put it before that" in str(told.value)


def test_by_chance_is_refused_also_if_it_becomes_so_later(small, key):
    transform = PerturbFaces(key, OPTIONS)
    with pytest.raises(ValueError, match=r"p must be 1, for a face is always protected, got 0\.5"):
        transform.p = 0.5
    pipeline = A.Compose([A.Sequential([A.Compose([transform])], p=1)])
    for _ in range(20):
        assert not np.array_equal(pipeline(image=small)["image"], small)
    pipeline.p = 0.999
    with pytest.raises(ValueError, match=r"got Compose\(p=0\.999\)"):
        [pipeline(image=small) for _ in range(20)]


def test_a_replay_always_protects(small, key, monkeypatch):
    monkeypatch.setenv("FASTPERTURB_KEY", key.to_text())
    saved = A.ReplayCompose([PerturbFaces(None, OPTIONS)])(image=small)["replay"]
    saved["applied"] = saved["transforms"][0]["applied"] = False
    again = A.ReplayCompose.replay(saved, image=small)
    assert np.array_equal(restored(again["image"], again["record"], key), small)
    assert not np.array_equal(again["image"], small)


BOXES = {"image": [[4, 4, 30, 40]], "image2": [[10, 12, 40, 60], [0, 0, 8, 8]]}


def two_images(transform, boxes):
    further = {"image2": "image", **({"bboxes2": "bboxes"} if "bboxes2" in boxes else {})}
    params = A.BboxParams("pascal_voc", label_fields=[]) if boxes else None
    return A.Compose([transform], bbox_params=params, additional_targets=further)


@pytest.mark.parametrize("where", ["sample", "mapping"])
def test_every_image_is_protected_with_its_own_record(where, small, key):
    """In boxes that say whose they are; without any, a face is looked for in each image."""
    second = small[::-1].copy()
    boxes = {"bboxes": BOXES["image"], "bboxes2": BOXES["image2"]} if where == "mapping" else {}
    mapping = {"image": "bboxes", "image2": "bboxes2"} if where == "mapping" else "sample"
    done = two_images(PerturbFaces(key, OPTIONS, mapping), boxes)(image=small, image2=second, **boxes)
    assert np.array_equal(restored(done["image"], done["record"], key), small)
    assert np.array_equal(restored(done["image2"], done["record_image2"], key), second)
    found = [[item.region for item in fp.Record.from_json(done[name]).regions] for name in ("record", "record_image2")]
    whole = [fp.Region(0, 0, 48, 64)]
    own = [[fp.Region(4, 4, 26, 36)], [fp.Region(10, 12, 30, 48), fp.Region(0, 0, 8, 8)]]
    assert found == (own if where == "mapping" else [whole, whole])


def test_one_image_in_boxes_the_other_looked_for(astronaut, key):
    pipeline = two_images(PerturbFaces(key, boxes={"image": "bboxes", "image2": "locate"}), {"bboxes": 1})
    done = pipeline(image=astronaut, image2=astronaut[:, ::-1].copy(), bboxes=[[1, 2, 30, 40]])
    assert fp.Record.from_json(done["record"]).regions[0].region == fp.Region(1, 2, 29, 38)
    (face,) = fp.locate(astronaut[:, ::-1])
    assert fp.Record.from_json(done["record_image2"]).regions[0].region == face.region


@pytest.mark.parametrize(
    ("boxes", "sample", "reason"),
    [
        ("sample", {"bboxes": [[4, 4, 30, 40]]}, "boxes must say which of bboxes are the faces of image2"),
        ("sample", {"bboxes2": [[4, 4, 30, 40]]}, "boxes must say which of bboxes2 are the faces of image"),
        ({"image": "bboxes"}, {"bboxes": [[4, 4, 30, 40]]}, "sample for image2, got nothing"),
        ({"image": "bboxes", "image2": "bboxes2"}, {"bboxes": [[4, 4, 30, 40]]}, "sample for image2, got bboxes2"),
        ({"image": "bboxes", "image2": "locate"}, {}, "sample for image, got bboxes"),
    ],
)
def test_boxes_of_unknown_images_are_refused(boxes, sample, reason, small, key):
    pipeline = two_images(
        PerturbFaces(key, OPTIONS, boxes), {"bboxes": 1, "bboxes2": 1} if "bboxes2" in sample else sample
    )
    with pytest.raises(ValueError, match=reason):
        pipeline(image=small, image2=small.copy(), **sample)


@pytest.mark.parametrize("kind", ["images", "volume", "volumes"])
def test_batches_under_any_name_are_refused(kind, small, key):
    value = np.stack([small] * 2)
    value = value[None] if kind == "volumes" else value
    pipeline = A.Compose([PerturbFaces(key, OPTIONS)], additional_targets={"film": kind}, is_check_shapes=False)
    with pytest.raises(ValueError, match=r"one image at a time can be protected, got film|'film' requires"):
        pipeline(image=small, film=value)


def test_what_could_be_an_image_and_is_no_target_is_refused(small, key):
    pipeline = A.Compose([PerturbFaces(key, OPTIONS)])
    for value in (small, small[..., 0], small / 255, [small], {"image": small}, [{"image": small}], small[None]):
        with pytest.raises(ValueError, match="other could be an image and is no target"):
            pipeline(image=small, other=value)
    others = {
        "points": np.ones((99, 2)),
        "label": 3,
        "ids": np.arange(900).reshape(30, 30),
        "name": "a",
        "on": small > 9,
    }
    done = pipeline(image=small, mask=small[..., 0], masks=[small[..., 0]], **others)
    assert set(done) == {"image", "mask", "masks", "record", *others}
    declared = A.Compose([PerturbFaces(key, OPTIONS)], additional_targets={"depth": "mask"})
    assert np.array_equal(declared(image=small, mask=small[..., 0], depth=small[..., 1])["depth"], small[..., 1])


def test_protecting_twice_is_refused_or_keeps_both_records(small, key):
    with pytest.raises(ValueError, match="sample or label field that has record: were its images protected before"):
        A.Compose([PerturbFaces(key, OPTIONS), PerturbFaces(key, OPTIONS)])(image=small)
    with pytest.raises(ValueError, match="that has record_image2"):
        two_images(PerturbFaces(key, OPTIONS), {})(image=small, image2=small, record_image2="x")
    done = A.Compose([PerturbFaces(key, OPTIONS), PerturbFaces(key, OPTIONS, record_key="second")])(image=small)
    shown = restored(restored(done["image"], done["second"], key), done["record"], key)
    assert np.array_equal(shown, small)


@pytest.mark.parametrize("target", ["bboxes", "keypoints"])
def test_a_label_field_never_takes_the_place_of_a_record(target, small, key):
    place = [[4, 4, 30, 40]] if target == "bboxes" else [[4, 4]]
    made = A.BboxParams if target == "bboxes" else A.KeypointParams
    params = made("coco" if target == "bboxes" else "xy", label_fields=["record"])
    name = "bbox_params" if target == "bboxes" else "keypoint_params"
    for values in ([7], []):
        sample = {target: place[: len(values)], "record": values}
        with pytest.raises(ValueError, match="label field that has record"):
            A.Compose([PerturbFaces(key, OPTIONS)], **{name: params})(image=small, **sample)
    done = A.Compose([PerturbFaces(key, OPTIONS, record_key="json")], **{name: params})(
        image=small, **{target: place, "record": [7]}
    )
    assert list(done["record"]) == [7]
    assert np.array_equal(restored(done["image"], done["json"], key), small)


def test_what_is_saved_knows_the_key_by_its_id(small, here):
    place, key = here / "my.key", fp.Key.from_file(here / "my.key")
    pipeline = A.ReplayCompose([PerturbFaces(place, OPTIONS)])
    replay = pipeline(image=small)["replay"]
    saved, frozen = json.dumps(A.to_dict(A.Compose([PerturbFaces(place, OPTIONS)]))), pickle.dumps(pipeline)
    replay = json.loads(json.dumps(replay["transforms"][0]))
    for text in (saved, json.dumps(replay)):
        assert key.id in text
        assert key.to_text() not in text
    place.unlink()
    fp.Key.generate().to_file(place)
    rest = {"p": 1.0, "bbox_params": None, "keypoint_params": None, "additional_targets": {}, "is_check_shapes": True}
    whole = {"__class_fullname__": "ReplayCompose", "applied": True, "params": None, "transforms": [replay], **rest}
    for load in (
        lambda: A.from_dict(json.loads(saved)),
        lambda: pickle.loads(frozen),  # noqa: S301
        lambda: A.ReplayCompose.replay(whole, image=small),
    ):
        with pytest.raises(ValueError, match=f"must hold the key {key.id}, got the key"):
            load()


def test_an_environment_with_another_key_is_refused(key, monkeypatch):
    saved = A.to_dict(PerturbFaces(key))
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.generate().to_text())
    with pytest.raises(ValueError, match=f"FASTPERTURB_KEY must hold the key {key.id}"):
        A.from_dict(saved)
