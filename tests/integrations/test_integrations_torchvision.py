"""The torchvision transform: records, boxes of any format, structures, what it refuses."""

import pickle
from collections import namedtuple

import numpy as np
import pytest
from torchvision_here import import_torchvision

import fastperturb as fp

import_torchvision()

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision import transforms as v1  # noqa: E402
from torchvision import tv_tensors  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

from fastperturb.integrations.torchvision import FaceOptions, PerturbFaces, image_array, image_tensor  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
WINDOWS = FaceOptions(protection="windows")  # so that records have the boxes, and not heads around them


@pytest.fixture
def face(astronaut):
    return tv_tensors.Image(torch.from_numpy(astronaut.transpose(2, 0, 1).copy()))


def restored(image, text, key):
    return image_tensor(fp.restore(image_array(image), fp.Record.from_json(text), key), like=image)


def test_faces_are_located_protected_and_restored(face, astronaut, key):
    before = face.clone()
    sample = PerturbFaces(key, WINDOWS)({"image": face, "label": 3})
    assert type(sample["image"]) is tv_tensors.Image
    assert (sample["image"].dtype, sample["image"].shape, sample["label"]) == (torch.uint8, face.shape, 3)
    record = fp.Record.from_json(sample["record"])
    assert [item.region for item in record.regions] == [face.region for face in fp.locate(astronaut)]
    assert not torch.equal(sample["image"], face)
    assert torch.equal(face, before)
    assert torch.equal(restored(sample["image"], sample["record"], key), face)


BOXES = {
    "XYXY": [[100, 50, 160, 130]],
    "XYWH": [[100, 50, 60, 80]],
    "CXCYWH": [[130, 90, 60, 80]],
    "XYXYXYXY": [[100, 50, 160, 50, 160, 130, 100, 130]],
    "XYWHR": [[100, 50, 60, 80, 0]],
    "CXCYWHR": [[130, 90, 60, 80, 0]],
}


@pytest.mark.parametrize("form", list(BOXES))
def test_boxes_of_every_format_are_the_faces_and_stay(form, face, key):
    boxes = tv_tensors.BoundingBoxes(
        torch.tensor(BOXES[form], dtype=torch.float32), format=form, canvas_size=(512, 512)
    )
    kept = boxes.clone()
    image, target = PerturbFaces(key, WINDOWS)(face, {"boxes": boxes, "labels": torch.tensor([1])})
    (item,) = fp.Record.from_json(target["record"]).regions
    assert item.region == fp.Region(100, 50, 60, 80)
    assert torch.equal(target["boxes"], kept)
    assert type(target["boxes"]) is tv_tensors.BoundingBoxes
    changed = (image != face).any(0).nonzero()
    assert changed.min(0).values.tolist() >= [50, 100]
    assert changed.max(0).values.tolist() <= [129, 159]
    assert torch.equal(restored(image, target["record"], key), face)


def test_boxes_are_rounded_outwards(face, key):
    boxes = tv_tensors.BoundingBoxes(torch.tensor([[10.2, 20.7, 30.1, 40.0]]), format="XYXY", canvas_size=(512, 512))
    text = PerturbFaces(key, WINDOWS)({"image": face, "boxes": boxes})["record"]
    assert fp.Record.from_json(text).regions[0].region == fp.Region(10, 20, 21, 20)


def test_boxes_may_be_of_other_things(face, astronaut, key):
    boxes = tv_tensors.BoundingBoxes([[0, 0, 512, 512]], format="XYXY", canvas_size=(512, 512))
    text = PerturbFaces(key, WINDOWS, locate=True)({"image": face, "boxes": boxes})["record"]
    assert fp.Record.from_json(text).regions[0].region == fp.locate(astronaut)[0].region


def test_it_is_first_in_a_pipeline_and_batches_can_be_collated(face, key):
    pipeline = v2.Compose([PerturbFaces(key), v2.RandomHorizontalFlip(1.0), v2.ToDtype(torch.float32, scale=True)])
    loader = torch.utils.data.DataLoader(
        [{"image": face}] * 4, batch_size=2, collate_fn=lambda rows: [pipeline(row) for row in rows]
    )
    batches = list(loader)
    back = (v2.functional.horizontal_flip(batches[0][0]["image"]) * 255).round().to(torch.uint8)
    assert torch.equal(restored(back, batches[0][0]["record"], key), face)
    assert torch.utils.data.default_collate(batches[0])["record"] == [row["record"] for row in batches[0]]


class Faces(torch.utils.data.Dataset):
    """Four times the same face, protected where it is loaded."""

    def __init__(self, image, transform):
        self.image, self.transform = image, transform

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return self.transform({"image": self.image, "index": index})


def test_in_the_worker_processes_of_a_loader(face, here):
    loader = torch.utils.data.DataLoader(
        Faces(face, PerturbFaces(here / "my.key", FaceOptions(reproducible=False))), batch_size=2, num_workers=1
    )
    key = fp.Key.from_file(here / "my.key")
    nonces = set()
    for batch in loader:
        for image, text in zip(batch["image"], batch["record"], strict=True):
            assert torch.equal(restored(image, text, key), face)
            nonces.add(fp.Record.from_json(text).nonce)
    assert len(nonces) == 4


def test_worker_processes_read_the_key_where_it_is(face, here):
    pipeline = PerturbFaces(here / "my.key", FaceOptions(reproducible=True))
    secret = fp.Key.from_file(here / "my.key")._secret
    assert secret not in pickle.dumps(pipeline)
    again = pickle.loads(pickle.dumps(pipeline))  # noqa: S301
    assert torch.equal(again({"image": face})["image"], pipeline({"image": face})["image"])
    assert "fpkey1_" not in repr(pipeline)


def test_no_face(key):
    empty = tv_tensors.Image(torch.full((1, 90, 80), 7, dtype=torch.uint8))
    with pytest.raises(fp.NoFaceFound, match="no face found"):
        PerturbFaces(key)({"image": empty})
    sample = PerturbFaces(key, FaceOptions(no_face="pass"))({"image": empty})
    assert sample["record"] == ""
    assert torch.equal(sample["image"], empty)
    record = fp.Record.from_json(PerturbFaces(key, FaceOptions(no_face="whole"))({"image": empty})["record"])
    assert record.shape == (90, 80)  # one channel, as files have it
    assert record.regions[0].region == fp.Region(0, 0, 80, 90)
    boxes = tv_tensors.BoundingBoxes(torch.empty(0, 4), format="XYXY", canvas_size=(90, 80))
    with pytest.raises(fp.NoFaceFound, match="no face given"):
        PerturbFaces(key)({"image": empty, "boxes": boxes})


def test_float_images_and_plain_tensors(face, key):
    plain = face.as_subclass(torch.Tensor).to(torch.float32) / 255
    image, target = PerturbFaces(key)(plain, {})
    assert image.dtype == torch.float32
    assert torch.equal(restored(image, target["record"], key), plain)


def test_records_are_not_lost_without_a_word(face, key):
    with pytest.raises(ValueError, match="must have a dict for the record; record_key=None drops it"):
        PerturbFaces(key)(face)
    image = PerturbFaces(key, record_key=None)(face)
    assert image.shape == face.shape
    assert not torch.equal(image, face)


def test_the_structure_of_a_sample_stays(face, key):
    pair = namedtuple("pair", "image target")
    transform = PerturbFaces(key)
    for sample in (pair(face, {"a": 1}), [face, {"a": 1}], (face, {"a": 1})):
        done = transform(sample)
        assert type(done) is type(sample)
        assert set(done[1]) == {"a", "record"}
        assert torch.equal(restored(done[0], done[1]["record"], key), face)
        assert sample[1] == {"a": 1}


def test_what_cannot_be_done_is_refused(face, key):
    transform = PerturbFaces(key)
    plain = face.as_subclass(torch.Tensor)
    with pytest.raises(ValueError, match=r"an image, a tv_tensors\.Image or one tensor .*, got 2"):
        transform({"a": plain, "b": plain})
    boxes = tv_tensors.BoundingBoxes([[100, 50, 160, 130]], format="XYXY", canvas_size=(512, 512))
    with pytest.raises(ValueError, match="boxes must be those of one image, got 2 images; locate=True"):
        transform({"a": face, "b": face, "boxes": boxes})
    with pytest.raises(ValueError, match="several images of a sample must have different names, got image, image"):
        transform({"a": {"image": face}, "b": {"image": face}})
    with pytest.raises(ValueError, match="got 0"):
        transform({"label": 1})
    with pytest.raises(ValueError, match=r"must be \(channels, height, width\), got shape \(2, 3, 512, 512\)"):
        transform({"image": torch.stack([face, face])})
    with pytest.raises(TypeError, match="uint8, uint16 or float32"):
        transform({"image": face.to(torch.int64)})


def test_what_could_be_the_image_is_not_guessed(face, astronaut, key):
    transform = PerturbFaces(key)
    photograph = Image.fromarray(astronaut)
    mask = torch.ones(1, 512, 512)
    for sample in ({"image": photograph}, {"image": photograph, "mask": mask}, {"image": face, "b": photograph}):
        with pytest.raises(ValueError, match=r"got PIL\.Image\.Image; v2\.ToImage\(\) makes images of PIL images"):
            transform(sample)
    with pytest.raises(ValueError, match=r"got numpy\.ndarray; v2\.ToImage"):
        transform({"image": astronaut, "mask": mask})
    with pytest.raises(ValueError, match="got 2"):
        transform({"mask": mask, "image": face.as_subclass(torch.Tensor)})
    with pytest.raises(ValueError, match=r"got torchvision\.tv_tensors\._video\.Video"):
        transform({"image": face, "film": tv_tensors.Video(face[None])})


def test_nothing_that_could_be_a_picture_passes_beside_the_image(face, astronaut, key):
    transform = PerturbFaces(key)
    plain = face.as_subclass(torch.Tensor)
    others = {
        "tensor": plain,
        "grey": plain[0],
        "batch": torch.stack([plain, plain]),
        "float": plain / 255,
        "label map": plain[0].long(),
        "array": astronaut,
        "grey array": astronaut[..., 0],
        "stack": astronaut[None],
        "list": [astronaut],
        "mapping": {"inner": plain},
    }
    for value in (*others.values(), astronaut[::9].tolist()):
        with pytest.raises(ValueError, match="could be a picture and would pass in the clear; make masks tv_tensors"):
            transform({"image": face, "other": value})
    with pytest.raises(ValueError, match="'1' could be a picture"):
        transform(face, plain, {"a": 1})
    masks = {"mask": tv_tensors.Mask(torch.ones(1, 512, 512)), "where": plain[0] > 9}
    small = {
        "landmarks": np.ones((68, 2)),
        "boxes": torch.ones(100, 4),
        "label": torch.tensor(3),
        "one": torch.ones(40),
    }
    kept = transform({"image": face, **masks, **small})
    assert torch.equal(restored(kept["image"], kept["record"], key), face)
    kept = PerturbFaces(key, unprotected="depth")({"image": face, "depth": plain[0]})
    assert torch.equal(kept["depth"], plain[0])
    kept = PerturbFaces(key, unprotected=["mask"])({"image": plain, "mask": torch.ones(1, 512, 512)})
    assert torch.equal(restored(kept["image"], kept["record"], key), plain)


@pytest.mark.parametrize("module", [v1, v2], ids=["v1", "v2"])
def test_containers_that_leave_it_out_refuse_it_when_they_are_made(module, key):
    transform = PerturbFaces(key)
    flip = v2.RandomHorizontalFlip()
    for make in (
        lambda t: module.RandomApply([t], p=0.5),
        lambda t: module.RandomApply(torch.nn.ModuleList([t]), p=0.9),
        lambda t: module.RandomApply([module.Compose([flip, torch.nn.Sequential(t)])]),
        lambda t: module.RandomChoice([t, flip]),
        lambda t: module.Compose([module.RandomChoice([flip, module.RandomOrder([t])])]),
    ):
        with pytest.raises(ValueError, match=r"PerturbFaces must always run, and Random(Apply|Choice) "):
            make(transform)
        make(flip)  # others are no concern
    module.RandomApply([transform], p=1.0)
    module.RandomChoice([transform])
    module.RandomOrder([transform, flip])


def test_a_record_is_never_replaced(face, key):
    with pytest.raises(
        ValueError, match="an entry 'record' is there already: a second protection would take its place"
    ):
        v2.Compose([PerturbFaces(key), PerturbFaces(key)])(face, {"a": 1})
    with pytest.raises(ValueError, match="an entry 'record' is there already"):
        PerturbFaces(key)({"image": face, "record": "vinyl"})
    boxes = tv_tensors.BoundingBoxes([[100, 50, 160, 130]], format="XYXY", canvas_size=(512, 512))
    pipeline = v2.Compose([PerturbFaces(key), PerturbFaces(key, record_key="second")])
    sample = pipeline({"image": face, "boxes": boxes})
    once = restored(sample["image"], sample["second"], key)
    assert torch.equal(restored(once, sample["record"], key), face)


def test_a_pickle_refuses_another_key(face, here):
    known = fp.Key.from_file(here / "my.key")
    data = pickle.dumps(v2.Compose([PerturbFaces(here / "my.key")]))
    (here / "my.key").unlink()
    fp.Key.generate().to_file(here / "my.key")
    with pytest.raises(ValueError, match=f"must hold the key {known.id}, got the key"):
        pickle.loads(data)  # noqa: S301


def test_the_pipeline_of_the_page_takes_pil_images(face, astronaut, key):
    pipeline = v2.Compose([v2.ToImage(), PerturbFaces(key)])
    image, target = pipeline(Image.fromarray(astronaut), {"labels": torch.tensor([1])})
    assert torch.equal(restored(image, target["record"], key), face)


def test_arrays_and_tensors_are_each_other(face):
    for image in (face, face[:1], torch.rand(4, 5, 6)):
        assert torch.equal(image_tensor(image_array(image), like=image), image)
    assert image_array(face[:1]).shape == (512, 512)
    assert np.shares_memory(image_array(face), face.numpy()) is False


def test_a_container_that_is_changed_later_is_refused(face, key):
    pipeline = v2.RandomApply([v2.Compose([PerturbFaces(key)])], p=1.0)
    pipeline.p = 0.999
    with pytest.raises(ValueError, match=r"must always run, and RandomApply with p=0\.999"):
        [pipeline({"image": face}) for _ in range(20)]
