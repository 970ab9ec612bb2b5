"""The albumentations transform in containers and replays, and all that a sample holds: nothing passes in the clear."""

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
BOX, OTHER = [101, 53, 67, 80], [10, 20, 30, 40]
WINDOWS = FaceOptions(protection="windows")
"""For what is about the boxes: the record then has these, and not heads around them."""


def compose(transforms, kind=A.Compose, labels=(), **options):
    name = "format" if "format" in inspect.signature(A.BboxParams).parameters else "coord_format"  # albumentationsx
    return kind(transforms, bbox_params=A.BboxParams(**{name: "coco"}, label_fields=list(labels)), **options)


def regions(text):
    return [item.region for item in fp.Record.from_json(text).regions]


LEAVE_OUT = {
    "Compose": lambda t: A.Compose([t], p=0.5),
    "ReplayCompose": lambda t: A.ReplayCompose([t], p=0.5),
    "OneOf": lambda t: A.OneOf([t, A.HorizontalFlip(p=1)], p=1),
    "OneOf of one": lambda t: A.OneOf([t], p=1),
    "OneOrOther": lambda t: A.OneOrOther(t, A.HorizontalFlip(p=1)),
    "SomeOf": lambda t: A.SomeOf([t, A.HorizontalFlip(p=1)], n=1),
    "RandomOrder": lambda t: A.RandomOrder([t, A.HorizontalFlip(p=1)], n=1),
    "Sequential": lambda t: A.Sequential([t]),
    "channels": lambda t: A.SelectiveChannelTransform([t], channels=[0, 1, 2]),
    "nested": lambda t: A.Compose([A.OneOf([A.Sequential([A.Compose([t])], p=1), A.VerticalFlip()], p=1)]),
}


@pytest.mark.parametrize("name", list(LEAVE_OUT))
def test_containers_that_leave_it_out_refuse_it_when_they_are_made(name, key):
    with pytest.raises(ValueError, match="PerturbFaces must always run, and "):
        LEAVE_OUT[name](PerturbFaces(key))
    LEAVE_OUT[name](A.VerticalFlip())  # others are no concern


def test_containers_that_always_run_it_take_it(astronaut, here):
    place = str(here / "my.key")
    inner = A.Sequential([A.Compose([PerturbFaces(place, WINDOWS)]), A.OneOf([A.HorizontalFlip()], p=1)], p=1)
    pipeline = A.ReplayCompose([inner, A.Compose([A.VerticalFlip()], p=0.5)])
    result = pipeline(image=astronaut)
    assert regions(result["record"]) == [face.region for face in fp.locate(astronaut)]
    again = A.ReplayCompose.replay(result["replay"], image=astronaut)
    assert regions(again["record"]) == regions(result["record"])


def test_neither_its_probability_nor_a_replay_leaves_it_out(astronaut, here):
    transform = PerturbFaces(str(here / "my.key"))
    with pytest.raises(ValueError, match="p must be 1, for a face is always protected, got 0"):
        transform.p = 0
    assert transform(image=astronaut)["record"]
    replay = A.ReplayCompose([PerturbFaces(str(here / "my.key"))])(image=astronaut)["replay"]
    replay["transforms"][0]["applied"] = False
    again = A.ReplayCompose.replay(replay, image=astronaut)
    assert again["record"]
    assert not np.array_equal(again["image"], astronaut)


def test_every_image_is_protected_in_its_own_boxes(astronaut, key):
    second = astronaut[::-1].copy()
    pipeline = compose(
        [PerturbFaces(key, WINDOWS)], additional_targets={"image2": "image", "bboxes2": "bboxes", "mask2": "mask"}
    )
    sample = {"image": astronaut, "image2": second, "mask": astronaut[..., 1], "mask2": astronaut[..., 0]}
    result = pipeline(**sample, bboxes=[BOX], bboxes2=[OTHER])
    assert regions(result["record"]) == [fp.Region(*BOX)]
    assert regions(result["record_image2"]) == [fp.Region(*OTHER)]
    assert np.array_equal(result["mask2"], astronaut[..., 0])
    for name, text in (("image", "record"), ("image2", "record_image2")):
        assert not np.array_equal(result[name], sample[name])
        assert np.array_equal(fp.restore(result[name], fp.Record.from_json(result[text]), key), sample[name])


def test_boxes_of_one_image_are_not_taken_for_those_of_another(astronaut, key):
    second = astronaut[::-1].copy()
    targets = {"image2": "image"}
    with pytest.raises(ValueError, match="image2 must have boxes of its own, as bboxes came: a target 'bboxes2'"):
        compose([PerturbFaces(key, WINDOWS)], additional_targets=targets)(image=astronaut, image2=second, bboxes=[BOX])
    shared = compose([PerturbFaces(key, WINDOWS, boxes={"image2": "bboxes"})], additional_targets=targets)
    result = shared(image=astronaut, image2=second, bboxes=[BOX])
    assert regions(result["record"]) == regions(result["record_image2"]) == [fp.Region(*BOX)]
    with pytest.raises(ValueError, match="image must have boxes of its own, as bboxes2 came"):
        compose([PerturbFaces(key, WINDOWS)], additional_targets={"bboxes2": "bboxes"})(image=astronaut, bboxes2=[BOX])


def test_every_image_is_searched(astronaut, key):
    other = np.roll(astronaut, 40, axis=1)
    targets = {"left": "image"}
    for pipeline in (
        A.Compose([PerturbFaces(key, WINDOWS)], additional_targets=targets),
        A.Compose([A.Compose([PerturbFaces(key, WINDOWS)])], additional_targets=targets),
    ):
        result = pipeline(image=astronaut, left=other)
        assert regions(result["record_left"]) == [face.region for face in fp.locate(other)]
        assert regions(result["record"]) == [face.region for face in fp.locate(astronaut)]
    located = compose([PerturbFaces(key, WINDOWS, boxes="locate")], additional_targets=targets)
    again = located(image=astronaut, left=other, bboxes=[OTHER])
    assert regions(again["record_left"]) == regions(result["record_left"])


@pytest.mark.parametrize("role", ["volume", "volumes"])
def test_stacks_under_other_names_are_refused(role, astronaut, key):
    pipeline = A.Compose([PerturbFaces(key)], additional_targets={"more": role}, is_check_shapes=False)
    ours = "images can be protected, and no volumes, got more"
    with pytest.raises(ValueError, match=f"{ours}|requires canonical target"):  # the latter of albumentationsx
        pipeline(image=astronaut, more=np.stack([astronaut] * 2))


def test_what_could_be_a_picture_and_is_no_target_is_refused(astronaut, key):
    pipeline = A.Compose([PerturbFaces(key)])
    for value in (
        astronaut,
        astronaut[..., 0].astype(float),
        [astronaut],
        {"image": astronaut},
        astronaut[::9].tolist(),
    ):
        with pytest.raises(ValueError, match="'thumbnail' could be a picture and would pass in the clear; name it in"):
            pipeline(image=astronaut, thumbnail=value)
    result = pipeline(image=astronaut, name="a.png", points=np.ones((68, 2)), label=np.arange(40))
    assert result["record"]
    free = A.Compose([PerturbFaces(key, unprotected="depth")])
    assert free(image=astronaut, depth=astronaut[..., 0])["record"]


def test_a_record_is_never_replaced(astronaut, key):
    with pytest.raises(ValueError, match="an entry 'record' is there already"):
        A.Compose([PerturbFaces(key), PerturbFaces(key)])(image=astronaut)
    once = A.Compose([PerturbFaces(key)])(image=astronaut)
    with pytest.raises(ValueError, match="a second protection would take its place, and nobody could restore then"):
        A.Compose([PerturbFaces(key)])(**once)
    with pytest.raises(ValueError, match="an entry 'record' is there already"):
        compose([PerturbFaces(key)], labels=["record"])(image=astronaut, bboxes=[BOX], record=["a"])
    with pytest.raises(ValueError, match="an entry 'replay' is there already"):
        A.ReplayCompose([PerturbFaces(key, record_key="replay")])(image=astronaut)
    with pytest.raises(ValueError, match="an entry 'record_image2' is there already"):
        A.Compose([PerturbFaces(key)], additional_targets={"image2": "image"})(
            image=astronaut, image2=astronaut, record_image2=""
        )


def test_two_records_give_the_image_back_in_turn(astronaut, key):
    pipeline = compose([PerturbFaces(key), PerturbFaces(key, record_key="second")])
    result = pipeline(image=astronaut, bboxes=[BOX])
    first, second = (fp.Record.from_json(result[name]) for name in ("record", "second"))
    assert np.array_equal(fp.restore(fp.restore(result["image"], second, key), first, key), astronaut)


def test_what_is_serialised_refuses_another_key(astronaut, here):
    place = str(here / "my.key")
    pipeline = A.ReplayCompose([PerturbFaces(place, FaceOptions(reproducible=True))])
    replay = pipeline(image=astronaut)["replay"]
    saved = json.loads(json.dumps(A.to_dict(A.Compose([PerturbFaces(place)]))))
    pickled = pickle.dumps(PerturbFaces(place))
    known = fp.Key.from_file(place)
    assert known.id in json.dumps(saved)
    (here / "my.key").unlink()
    other = fp.Key.generate()
    other.to_file(place)
    for make in (
        lambda: A.from_dict(saved),
        lambda: A.ReplayCompose.replay(replay, image=astronaut),
        lambda: pickle.loads(pickled),  # noqa: S301
    ):
        with pytest.raises(ValueError, match=f"must hold the key {known.id}, got the key {other.id}"):
            make()


def test_a_key_object_leaves_its_id(key, monkeypatch):
    saved = json.loads(json.dumps(A.to_dict(PerturbFaces(key))))
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.generate().to_text())
    with pytest.raises(ValueError, match=f"FASTPERTURB_KEY must hold the key {key.id}"):
        A.from_dict(saved)


def test_a_place_and_names_of_boxes_are_serialised(key, monkeypatch):
    from fastperturb.integrations.key_places import KeyPlace

    monkeypatch.setenv("OTHER", key.to_text())
    transform = PerturbFaces(KeyPlace(variable="OTHER"), boxes={"image2": "bboxes"}, unprotected=["depth"])
    saved = json.loads(json.dumps(A.to_dict(transform)))
    made = A.from_dict(saved)
    assert A.to_dict(made) == A.to_dict(transform)
    assert made.boxes == {"image2": "bboxes"}


def test_a_composition_that_is_changed_later_or_is_not_known_is_refused(key):
    image = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)
    pipeline = A.Compose([A.Sequential([PerturbFaces(key, FaceOptions(no_face="whole"))], p=1)])
    assert not np.array_equal(pipeline(image=image)["image"], image)
    pipeline.p = 0.999
    with pytest.raises(ValueError, match=r"must always run, and Compose with p=0\.999"):
        [pipeline(image=image) for _ in range(20)]

    class Own(A.BaseCompose):
        def __call__(self, *_arguments, **sample):
            return sample

    with pytest.raises(ValueError, match="Own is not known to apply all of its transforms"):
        Own([PerturbFaces(key)], p=1)


def test_boxes_of_a_further_image_of_another_size_are_where_they_were_given(key):
    rng = np.random.default_rng(0)
    images = {"image": rng.integers(0, 256, (64, 48, 3), np.uint8), "image2": rng.integers(0, 256, (99, 150), np.uint8)}
    pipeline = A.Compose(
        [PerturbFaces(key, WINDOWS)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=[]),
        additional_targets={"image2": "image", "bboxes2": "bboxes"},
        is_check_shapes=False,
    )
    done = pipeline(**images, bboxes=[[4, 4, 30, 40]], bboxes2=[[10, 12, 40, 60]])
    (item,) = fp.Record.from_json(done["record_image2"]).regions
    assert item.region == fp.Region(10, 12, 30, 48)
