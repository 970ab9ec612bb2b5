"""The torchvision transform within others: never by chance, nothing in the clear beside an image, no record lost."""

import pickle

import numpy as np
import pytest
from torchvision_here import import_torchvision

import fastperturb as fp

import_torchvision()

import torch  # noqa: E402
from torchvision import transforms as v1  # noqa: E402
from torchvision import tv_tensors  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

from fastperturb.integrations.torchvision import FaceOptions, PerturbFaces, image_array, image_tensor  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def face(astronaut):
    return tv_tensors.Image(torch.from_numpy(astronaut.transpose(2, 0, 1).copy()))


def restored(image, text, key):
    return image_tensor(fp.restore(image_array(image), fp.Record.from_json(text), key), like=image)


BESIDE = {
    "tensor": lambda face: torch.as_tensor(face).as_subclass(torch.Tensor),
    "grey tensor": lambda face: face[0].as_subclass(torch.Tensor),
    "batch": lambda face: torch.stack([face, face]).as_subclass(torch.Tensor),
    "float": lambda face: face.as_subclass(torch.Tensor) / 255,
    "whole numbers": lambda face: face.as_subclass(torch.Tensor).to(torch.int64),
    "array": lambda face: image_array(face),
    "grey array": lambda face: image_array(face)[..., 0],
    "arrays": lambda face: np.stack([image_array(face)] * 2),
    "small": lambda face: face[:, :16, :16].as_subclass(torch.Tensor),
}


@pytest.mark.parametrize("kind", list(BESIDE))
def test_nothing_that_could_be_an_image_passes_beside_one(kind, face, key):
    other = BESIDE[kind](face)
    for sample in ({"image": face, "other": other}, (face, {"rest": [other]}), (other, face, {})):
        with pytest.raises(
            ValueError, match=r"must have one image, .* got (torch\.Tensor|numpy\.ndarray); v2\.ToImage"
        ):
            PerturbFaces(key)(sample)


class Both(torch.nn.Module):
    """A transform of another library that holds one of ours."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, *sample):
        return self.inner(*sample)


CHANCE = {
    "v2 apply": lambda t: v2.RandomApply([t], p=0.5),
    "v2 never": lambda t: v2.RandomApply([t], p=0.0),
    "v2 choice": lambda t: v2.RandomChoice([t, v2.Identity()]),
    "v1 apply": lambda t: v1.RandomApply([t], p=0.5),
    "v1 choice": lambda t: v1.RandomChoice([t, v2.Identity()]),
    "modules": lambda t: v2.RandomApply(torch.nn.ModuleList([t])),
    "named": lambda t: v2.RandomApply(transforms=[v2.Identity(), t]),
    "within": lambda t: v2.RandomApply([v2.Compose([t])]),
    "within v1": lambda t: v2.RandomApply([v1.Compose([t])]),
    "sequence": lambda t: v2.RandomApply([torch.nn.Sequential(t)]),
    "held": lambda t: v2.RandomApply([Both(v2.Compose([t]))]),
    "around": lambda t: v2.Compose([v2.RandomApply([v2.RandomApply([t], p=1.0)])]),
}


@pytest.mark.parametrize("name", list(CHANCE))
def test_by_chance_is_refused_when_it_is_made(name, key):
    with pytest.raises(ValueError, match=r"PerturbFaces must not be in Random(Apply|Choice), for a face is always"):
        CHANCE[name](PerturbFaces(key))


def test_always_may_have_other_names(face, key):
    for pipeline in (
        v2.RandomApply([PerturbFaces(key)], p=1.0),
        v2.RandomOrder([PerturbFaces(key), v2.Identity()]),
        torch.nn.Sequential(PerturbFaces(key)),
        v2.Compose([PerturbFaces(key), v2.RandomApply([v2.Identity()])]),
    ):
        done = pipeline({"image": face})
        assert torch.equal(restored(done["image"], done["record"], key), face)


def test_by_chance_is_refused_also_if_it_becomes_so_later(face, key):
    pipeline = v2.RandomApply([v2.Compose([PerturbFaces(key)])], p=1.0)
    pipeline.p = 0.999
    with pytest.raises(ValueError, match="must not be in RandomApply"):
        [pipeline({"image": face}) for _ in range(20)]


def test_protecting_twice_is_refused_or_keeps_both_records(face, key):
    options = FaceOptions(no_face="whole")
    for sample in ({"image": face}, (face, {"label": 1})):
        with pytest.raises(ValueError, match="got a sample that has record: was its image protected before"):
            v2.Compose([PerturbFaces(key), PerturbFaces(key, options)])(sample)
    with pytest.raises(ValueError, match="that has record"):
        PerturbFaces(key)({"image": face, "record": None})
    done = v2.Compose([PerturbFaces(key), PerturbFaces(key, options, record_key="second")])({"image": face})
    once = restored(done["image"], done["second"], key)
    assert torch.equal(restored(once, done["record"], key), face)


def test_another_key_in_the_place_of_the_first_is_refused(here):
    frozen, first = pickle.dumps(PerturbFaces(here / "my.key")), fp.Key.from_file(here / "my.key")
    (here / "my.key").unlink()
    fp.Key.generate().to_file(here / "my.key")
    with pytest.raises(ValueError, match=f"must hold the key {first.id}, got the key"):
        pickle.loads(frozen)  # noqa: S301
