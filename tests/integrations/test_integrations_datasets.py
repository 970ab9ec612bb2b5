"""The function for Hugging Face's Dataset.map: stored bits, records, own boxes, errors as a column."""

import io
import pickle
import warnings

import numpy as np
import pytest

import fastperturb as fp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    datasets = pytest.importorskip("datasets")
    PIL_Image = pytest.importorskip("PIL.Image")
    from fastperturb.integrations.datasets import FaceOptions, PerturbImages, pixels_of

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def quiet(tmp_path, monkeypatch):
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def photographs(astronaut):
    """A data set of a PNG, a JPEG and a grey image, with labels."""
    images = []
    for pixels, form in ((astronaut, "PNG"), (astronaut[:, ::-1], "JPEG"), (astronaut[..., 1], "PNG")):
        file = io.BytesIO()
        PIL_Image.fromarray(np.ascontiguousarray(pixels)).save(file, form)
        images.append({"bytes": file.getvalue(), "path": None})
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
    return datasets.Dataset.from_dict({"image": images, "label": [0, 1, 2]}, features=features)


def check(before, after, key):
    raw = after.cast_column("image", datasets.Image(decode=False))
    for old, new, stored in zip(before, after, raw, strict=True):
        hidden, record = np.array(new["image"]), fp.Record.from_json(new["record"])
        assert stored["image"]["bytes"].startswith(b"\x89PNG")  # whatever it was: nothing is lost
        assert not np.array_equal(hidden, np.array(old["image"]))
        assert np.array_equal(fp.restore(hidden, record, key), np.array(old["image"]))


def test_a_column_is_protected_and_restored(photographs, key):
    done = photographs.map(PerturbImages(key), batched=True, batch_size=2)
    assert done.column_names == ["image", "label", "record"]
    assert done["label"][:] == [0, 1, 2]
    assert isinstance(done.features["image"], datasets.Image)
    check(photographs, done, key)


def test_worker_processes_and_the_cache(photographs, here):
    place, key = str(here / "my.key"), fp.Key.from_file(here / "my.key")
    first = PerturbImages(place)
    assert key._secret not in pickle.dumps(first)
    done = photographs.map(first, batched=True, num_proc=2)
    check(photographs, done, key)
    again = photographs.map(PerturbImages(place), batched=True)
    other = photographs.map(PerturbImages(fp.Key.generate()), batched=True)
    stronger = photographs.map(PerturbImages(place, FaceOptions(protection=fp.Strength(cells=4))), batched=True)
    assert len({again._fingerprint, other._fingerprint, stronger._fingerprint}) == 3
    assert photographs.map(PerturbImages(place), batched=True)._fingerprint == again._fingerprint


def test_own_boxes_in_a_column_within_a_column(photographs, key):
    boxes = [
        {"bbox": [[10, 20, 30, 40]]},
        {"bbox": [[1.5, 2.5, 9, 9], [100, 100, 50, 50]]},
        {"bbox": [[0, 0, 512, 512]]},
    ]
    rows = photographs.add_column("faces", boxes)
    done = rows.map(PerturbImages(key, FaceOptions(protection="windows"), boxes="faces.bbox"), batched=True)
    regions = [[item.region for item in fp.Record.from_json(row["record"]).regions] for row in done]
    assert regions[0] == [fp.Region(10, 20, 30, 40)]
    assert regions[1] == [fp.Region(1, 2, 10, 10), fp.Region(100, 100, 50, 50)]
    check(photographs, done, key)


def test_a_failing_row_fails_the_job_or_itself(photographs, key):
    empty = PIL_Image.fromarray(np.full((80, 90, 3), 7, np.uint8))
    rows = datasets.Dataset.from_dict({"image": [empty, photographs[0]["image"]]}).cast_column(
        "image", datasets.Image()
    )
    with pytest.raises(fp.NoFaceFound, match="no face found"):
        rows.map(PerturbImages(key), batched=True)
    done = rows.map(PerturbImages(key, error="error"), batched=True)
    assert done["error"][:] == ["NoFaceFound: no face found; no_face='whole' protects such images as a whole", ""]
    assert (done[0]["image"], done[0]["record"]) == (None, "")
    check(photographs.select([0]), done.select([1]), key)
    passed = rows.map(PerturbImages(key, FaceOptions(no_face="pass")), batched=True)
    assert passed[0]["record"] == ""
    assert np.array_equal(np.array(passed[0]["image"]), np.array(empty))


def test_modes():
    grey = np.arange(64, dtype=np.uint16).reshape(8, 8) * 900
    assert np.array_equal(pixels_of(PIL_Image.fromarray(grey)), grey)
    assert pixels_of(PIL_Image.fromarray(grey)).dtype == np.uint16
    assert pixels_of(PIL_Image.new("1", (5, 4), 1)).tolist() == [[255] * 5] * 4
    assert pixels_of(PIL_Image.new("P", (5, 4))).shape == (4, 5, 3)
    with pytest.raises(TypeError, match="of mode 1, L, P, RGB, RGBA or I;16, got CMYK"):
        pixels_of(PIL_Image.new("CMYK", (5, 4)))
    with pytest.raises(TypeError, match="got NoneType"):
        pixels_of(None)
