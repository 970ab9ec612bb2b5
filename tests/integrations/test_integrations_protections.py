"""Protections of pipelines: every one by text or as an object, its way back, whole pictures, and what is none."""

import io
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from torchvision_here import import_torchvision

import fastperturb as fp
from fastperturb.integrations.protector import FaceOptions, Protector
from fastperturb.protections import Black, KSame, Mosaic, Surrogate

pytest.importorskip("cryptography.hazmat.primitives.hpke")

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = (
    "surrogate",
    "surrogate:tone=around",
    "camouflage",
    "mosaic:6",
    "blur:cells=4",
    "black",
    "noise:0.1",
    "windows",
    "windows:cells=4",
    "permutation:cells=4",
)
BOX = [fp.Region(30, 24, 30, 36)]


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (96, 90, 3), np.uint8)


@pytest.mark.parametrize("protection", [*TEXTS, fp.Strength(cells=3), Mosaic(), Surrogate(area="face")], ids=str)
def test_every_protection_hides_and_comes_back(protection, picture, key):
    hidden, record = Protector(key, FaceOptions(protection=protection))(picture, BOX, surroundings=True)
    y, x = 30, 36
    assert (hidden[y : y + 20, x : x + 16] != picture[y : y + 20, x : x + 16]).any(axis=2).mean() > 0.8
    assert np.array_equal(fp.restore(hidden, record, key), picture)
    assert record.sealed == (not str(protection).startswith(("windows", "permutation", "Strength")))


def test_the_default_is_that_of_the_command_line(picture, key):
    from fastperturb.cli.options.protection import DEFAULT

    one, other = (Protector(key, FaceOptions(protection=name))(picture, BOX) for name in (None, DEFAULT))
    assert np.array_equal(one[0], other[0])
    assert one[1] == other[1]


@pytest.mark.parametrize("protection", [*TEXTS, "parts", "features", "mosaic:shape=ellipse", Black(), None])
@pytest.mark.parametrize("shape", [(96, 90, 3), (40, 150), (150, 40)])
def test_a_whole_picture_has_nothing_left_in_the_clear(protection, shape, key):
    picture = np.random.default_rng(0).integers(1, 256, shape, np.uint8)
    options = FaceOptions(protection=protection, no_face="whole")
    hidden, record = Protector(key, options)(picture, [])
    changed = hidden != picture if picture.ndim == 2 else (hidden != picture).any(axis=2)
    assert record.regions[0].region.clipped(*shape[:2]) == (slice(0, shape[0]), slice(0, shape[1]))
    assert changed.mean() > 0.9
    for corner in (changed[:6, :6], changed[-6:, :6], changed[:6, -6:], changed[-6:, -6:]):
        assert corner.any()
    assert np.array_equal(fp.restore(hidden, record, key), picture)


def test_what_is_no_protection(key):
    for text, words in {
        "surogate": "a protection must be one of",
        "clear": "protection must hide faces, got 'clear', which hides nothing",
        "mosaic:huge": "mosaic",
        "ksame": "protection 'ksame' needs a file of what it has learnt",
        "": "a protection must",
    }.items():
        with pytest.raises(ValueError, match=words):
            FaceOptions(protection=text)
    for thing in (7, object(), ["surrogate"]):
        with pytest.raises(TypeError, match="protection must be text such as 'surrogate:tone=around', a Strength or a"):
            FaceOptions(protection=thing)


@pytest.mark.parametrize("extra", [{"grow": 0.2}, {"shape": "ellipse"}])
def test_margins_are_not_for_heads(extra, key, picture):
    for name in ("surrogate", "camouflage"):
        with pytest.raises(ValueError, match=f"grow and shape are not for '{name}', which covers the rounded head"):
            FaceOptions(protection=name, **extra)
    with pytest.raises(ValueError, match="grow and shape are not for 'surrogate:tone=around'"):
        Protector(key, FaceOptions(**extra))
    hidden, record = Protector(key, FaceOptions(protection="mosaic:6", **extra))(picture, BOX)
    assert record.regions[0].region != BOX[0]
    assert np.array_equal(fp.restore(hidden, record, key), picture)


def test_windows_have_no_seals_beside(key, picture):
    with pytest.raises(ValueError, match="seals beside are for what is sealed; 'windows' comes back by its key alone"):
        Protector(key, FaceOptions(protection="windows"), beside=True)
    hidden, record = Protector(key, beside=True)(picture, BOX)
    assert record.missing == ()
    alone = fp.Record.from_json(record.to_json())
    assert alone.missing == (0,)
    with pytest.raises(fp.errors.RecordError, match="missing"):
        fp.restore(hidden, alone, key)
    assert np.array_equal(fp.restore(hidden, alone.with_beside(record.beside_bytes()), key), picture)


LEARNT = """
import sys
import numpy as np
import fastperturb as fp
from fastperturb.integrations.protector import FaceOptions, Protector

image = np.random.default_rng(3).integers(0, 256, (96, 90, 3), np.uint8)
protector = Protector(fp.Key(bytes(range(32))), FaceOptions(protection="ksame:k=2,faces=faces.npz"))
print(protector(image, [fp.Region(30, 24, 30, 36)])[1].to_json())
"""


def test_a_learnt_protection_gives_the_same_in_every_process(tmp_path):
    faces = np.random.default_rng(0).integers(0, 256, (5, 80, 60, 3), np.uint8)
    same = KSame(2)
    same.fit(list(faces), [[fp.Face(fp.Region(4, 4, 50, 60))]] * 5)
    (tmp_path / "faces.npz").write_bytes(same.to_bytes())
    texts = {
        subprocess.run([sys.executable, "-c", LEARNT], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(texts) == 1
    assert repr(same) == f"KSame('k-same, k 2', '{same.fingerprint}')"


def test_options_are_plain_values():
    for protection in (None, "mosaic:6", fp.Strength(cells=4, psnr=20.0)):
        options = FaceOptions(protection=protection, no_face="whole")
        assert FaceOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_all_images_of_an_albumentations_sample(astronaut, key):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        A = pytest.importorskip("albumentations")  # noqa: N806 as everybody names it
        from fastperturb.integrations.albumentations import PerturbFaces
    mask = astronaut[..., 1].copy()
    frames = np.stack([np.roll(astronaut, 9 * number, axis=1) for number in range(3)])
    for given in (frames, list(frames)):
        result = A.Compose([PerturbFaces(key)])(image=astronaut, images=given, mask=mask)
        assert type(result["images"]) is type(given)
        assert np.array_equal(result["mask"], mask)
        assert len(result["record_images"]) == 3
        for hidden, text, frame in zip(result["images"], result["record_images"], frames, strict=True):
            assert not np.array_equal(hidden, frame)
            assert np.array_equal(fp.restore(np.ascontiguousarray(hidden), fp.Record.from_json(text), key), frame)
    alone = A.Compose([PerturbFaces(key)])(images=frames)
    assert "record" not in alone
    assert len(alone["record_images"]) == 3
    boxes = {"bbox_params": A.BboxParams("coco", label_fields=[])}
    with pytest.raises(
        ValueError, match=r"images must have boxes of its own, as bboxes came: boxes=\{'images': 'bboxes'"
    ):
        A.Compose([PerturbFaces(key)], **boxes)(images=frames, bboxes=[[101, 53, 67, 80]])
    named = PerturbFaces(key, FaceOptions(protection="windows"), boxes={"images": "bboxes"})
    result = A.Compose([named], **boxes)(images=frames, bboxes=[[101, 53, 67, 80]])
    found = [[item.region for item in fp.Record.from_json(text).regions] for text in result["record_images"]]
    assert found == [[fp.Region(101, 53, 67, 80)]] * 3
    with pytest.raises(ValueError, match="an entry 'record_images' is there already"):
        A.Compose([PerturbFaces(key)])(**alone)


def test_what_albumentations_saves_has_protections_and_public_keys(astronaut, key):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        A = pytest.importorskip("albumentations")  # noqa: N806 as everybody names it
        from fastperturb.integrations.albumentations import PerturbFaces
    transform = PerturbFaces([key.public(), fp.Key.generate().public()], FaceOptions(protection="mosaic:6"))
    saved = json.loads(json.dumps(A.to_dict(A.Compose([transform]))))
    result = A.from_dict(saved)(image=astronaut)
    assert np.array_equal(fp.restore(result["image"], fp.Record.from_json(result["record"]), key), astronaut)
    replay = A.ReplayCompose([transform])(image=astronaut)["replay"]
    again = A.ReplayCompose.replay(replay, image=astronaut)
    assert np.array_equal(fp.restore(again["image"], fp.Record.from_json(again["record"]), key), astronaut)


def test_all_images_of_a_torchvision_sample(astronaut, key):
    import_torchvision()
    import torch
    from torchvision import tv_tensors

    from fastperturb.integrations.torchvision import PerturbFaces, image_array

    left, right = (
        tv_tensors.Image(torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))))
        for image in (astronaut, astronaut[:, ::-1])
    )
    mask = tv_tensors.Mask(torch.ones(1, 512, 512, dtype=torch.uint8))
    done = PerturbFaces(key.public())({"left": left, "right": right, "mask": mask})
    assert set(done) == {"left", "right", "mask", "record_left", "record_right"}
    assert torch.equal(done["mask"], mask)
    for name, before in (("left", left), ("right", right)):
        record = fp.Record.from_json(done[f"record_{name}"])
        assert not torch.equal(done[name], before)
        assert np.array_equal(fp.restore(image_array(done[name]), record, key), image_array(before))
    with pytest.raises(ValueError, match="an entry 'record_left' is there already"):
        PerturbFaces(key)(done)


def test_seals_of_a_data_set_are_a_column(astronaut, key, tmp_path, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = pytest.importorskip("datasets")
        pil_image = pytest.importorskip("PIL.Image")
        from fastperturb.integrations.datasets import PerturbImages
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    file = io.BytesIO()
    pil_image.fromarray(astronaut).save(file, "PNG")
    empty = io.BytesIO()
    pil_image.new("RGB", (90, 80), (7, 7, 7)).save(empty, "PNG")
    rows = datasets.Dataset.from_dict({"image": [{"bytes": f.getvalue(), "path": None} for f in (empty, file)]})
    rows = rows.cast_column("image", datasets.Image())
    step = PerturbImages(key.public(), seals="seals", error="error")
    done = rows.map(step, batched=True, batch_size=1, writer_batch_size=1, num_proc=2)
    assert done.features["seals"] == datasets.Value("binary")
    assert (done[0]["seals"], done[0]["record"]) == (b"", "")
    assert done[0]["error"].startswith("NoFaceFound")
    record = fp.Record.from_json(done[1]["record"])
    assert record.missing == (0,)
    shown = fp.restore(np.array(done[1]["image"]), record.with_beside(done[1]["seals"]), key)
    assert np.array_equal(shown, astronaut)
    with pytest.raises(ValueError, match="an entry 'error' is there already: a second protection would take its"):
        done.map(step, batched=True)
    cached = rows.map(PerturbImages(key.public(), seals="seals", error="error"), batched=True, batch_size=1)
    assert (
        cached._fingerprint
        == rows.map(PerturbImages(key.public(), seals="seals", error="error"), batched=True, batch_size=1)._fingerprint
    )


def test_aligned_faces_of_a_stack_are_windows(key):
    pytest.importorskip("sklearn")
    from fastperturb.integrations.sklearn import FacePerturber

    stack = np.random.default_rng(0).integers(0, 256, (4, 56, 46), np.uint8)
    hidden, records = FacePerturber(key, regions="whole").perturb(stack)
    assert not any(record.sealed for record in records)
    assert np.array_equal(np.sort(hidden.ravel()), np.sort(stack.ravel()))  # permuted
    again = FacePerturber(key, FaceOptions(), "whole").perturb(stack)
    assert np.array_equal(again[0], hidden)  # the same at every fit
    assert again[1] == records
    drawn = FacePerturber(key, FaceOptions(protection="mosaic:8"), "whole")
    assert np.array_equal(drawn.inverse_transform(drawn.fit_transform(stack)), stack)
    public = FacePerturber(key.public(), FaceOptions(protection="mosaic:8"), "whole")
    shown = public.fit_transform(stack)
    assert np.array_equal(shown, drawn.transform(stack))
    assert np.array_equal(fp.restore(shown[2], public.records_[2], key), stack[2])
    with pytest.raises(ValueError, match=r"key must be a secret key to restore, got a public one"):
        public.inverse_transform(shown)
