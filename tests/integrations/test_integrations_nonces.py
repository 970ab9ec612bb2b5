"""Secrets of records over forks, workers and epochs: none comes twice, unless the same result is what was asked for."""

import os
import random

import numpy as np
import pytest
from children import alone, in_children
from torchvision_here import import_torchvision

import fastperturb as fp
from fastperturb.integrations.protector import FaceOptions, ProtectedAnew, Protector

pytest.importorskip("cryptography.hazmat.primitives.hpke")  # public keys

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here"),
]
BOX = [fp.Region(20, 24, 30, 36)]
PROTECTIONS = ("surrogate", "windows", "noise:0.1")
TIMES = 8


def picture(number=0):
    return np.random.default_rng(number).integers(0, 256, (96, 96, 3), np.uint8)


def secrets_of(record):
    """All in a record that has to be new: nonce, commitment, and salt, iv and MAC of every entry."""
    drawn = [("nonce", record.nonce), ("commitment", record.commitment)]
    for entry in record.entries:
        drawn += [("iv", entry.iv), ("mac", entry.mac), *([("salt", entry.salt)] if entry.length else [])]
    return drawn


def protect_some(protector):
    """The secrets of records of the same picture, protected several times; what one process draws."""
    return [pair for _ in range(TIMES) for pair in secrets_of(protector(picture(), BOX, surroundings=True)[1])]


def recipients():
    secret = fp.Key(bytes(range(32)))
    return {"secret": secret, "public": secret.public(), "both": [secret, fp.Key(bytes(range(1, 33))).public()]}


def draw_in_forks():
    """Two forked children and their parent, made from one protector that has been used before the fork."""
    for key in recipients().values():
        for protection in PROTECTIONS:
            protector = Protector(key, FaceOptions(protection=protection, reproducible=False))
            drawn = protect_some(protector)  # so that a state, if there were one, would be in the children
            for child in in_children(protect_some, [protector, protector]):
                drawn += child
            assert len(set(drawn)) == len(drawn) == 3 * TIMES * len(secrets_of(protector(picture(), BOX)[1]))


def draw_from_a_state_in_forks():
    """The control: secrets out of a generator with a state do come twice after a fork, and the comparison sees it."""
    generator = random.Random(1)
    os.urandom = generator.randbytes
    protector = Protector(fp.Key(bytes(range(32))), FaceOptions(reproducible=False))
    one, other = in_children(protect_some, [protector, protector])
    assert set(one) & set(other)


def test_nothing_repeats_over_forks():
    """The system's random source has no state in the process that a fork could copy."""
    alone(draw_in_forks)


def test_a_state_would_be_seen():
    alone(draw_from_a_state_in_forks)


def test_the_same_result_is_the_same_in_all_forks():
    alone(reproduce_in_forks)


def reproduce_in_forks():
    for protection in PROTECTIONS:
        protector = Protector(fp.Key(bytes(range(32))), FaceOptions(protection=protection))
        one, other = in_children(protect_some, [protector, protector])
        assert one == other
        assert len(set(one)) == len(one) // TIMES
        _, first = protector(picture(), BOX)
        _, second = protector(picture(1), BOX)
        assert not set(secrets_of(first)) & set(secrets_of(second))


def epochs_of_a_loader(key, options, workers):
    """The records of two epochs over eight pictures, each epoch in worker processes of its own."""
    import_torchvision()
    import torch
    from torchvision import tv_tensors

    from fastperturb.integrations.torchvision import PerturbFaces

    transform = PerturbFaces(key, options)
    boxes = tv_tensors.BoundingBoxes([[20, 24, 50, 60]], format="XYXY", canvas_size=(96, 96))

    class Pictures(torch.utils.data.Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, index):
            image = tv_tensors.Image(torch.from_numpy(picture(index % 4).transpose(2, 0, 1).copy()))
            return transform({"image": image, "boxes": boxes})["record"]

    loader = torch.utils.data.DataLoader(Pictures(), batch_size=2, num_workers=workers)
    return [[fp.Record.from_json(text) for batch in loader for text in batch] for _ in range(2)]


@pytest.mark.parametrize("key", ["secret", "public"])
def test_nothing_repeats_over_workers_and_epochs(key):
    """Each of four pictures comes four times: in two workers and in two epochs."""
    epochs = epochs_of_a_loader(recipients()[key], FaceOptions(protection="windows", reproducible=False), 2)
    drawn = [pair for epoch in epochs for record in epoch for pair in secrets_of(record)]
    assert len(set(drawn)) == len(drawn) == 16 * 4


def test_each_epoch_is_the_same_unless_told():
    first, second = epochs_of_a_loader(recipients()["secret"], FaceOptions(protection="windows"), 2)
    assert first == second
    assert first[:4] == first[4:]
    assert len({record.nonce for record in first}) == 4


@pytest.mark.parametrize("framework", ["torchvision", "albumentations", "sklearn"])
def test_who_would_show_a_picture_in_another_way_each_epoch_is_warned(framework):
    public = recipients()["public"]
    for protection in ("windows", "camouflage", "noise:0.1"):
        options = FaceOptions(protection=protection)
        with pytest.warns(ProtectedAnew, match="shows a picture in another way each time, and several ways tell more"):
            make_transform(framework, public, options)


def make_transform(framework, key, options):
    if framework == "sklearn":
        pytest.importorskip("sklearn")
        from fastperturb.integrations.sklearn import FacePerturber

        return FacePerturber(key, options, "whole").fit(picture()[None])
    if framework == "torchvision":
        import_torchvision()
        from fastperturb.integrations.torchvision import PerturbFaces
    else:
        pytest.importorskip("albumentations")
        from fastperturb.integrations.albumentations import PerturbFaces
    return PerturbFaces(key, options)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("protection", [None, "surrogate", "mosaic:6", "blur:cells=4", "black"])
def test_who_shows_the_same_to_a_public_key_is_not_warned(protection):
    pytest.importorskip("sklearn")
    public = recipients()["public"]
    make_transform("sklearn", public, FaceOptions(protection=protection or "surrogate"))
    make_transform("sklearn", public, FaceOptions(protection="windows", reproducible=False))  # it is meant
    make_transform("sklearn", recipients()["secret"], FaceOptions(protection="windows"))
    shown = {Protector(public, FaceOptions(protection=protection))(picture(), BOX)[0].tobytes() for _ in range(3)}
    assert len(shown) == 1
