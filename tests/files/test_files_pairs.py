"""An image and the record beside it: both new or both old, whatever fails between the two."""

import errno
import os

import numpy as np
import pytest
from file_cases import RGB, noise

import fastperturb as fp
from fastperturb.files import atomic, read_image, read_record, together, write_image
from fastperturb.files.writing import encode, write_file

OTHER = noise(40, 61, 3, seed=1)


@pytest.fixture(params=["nameless", "named", "named afterwards"])
def way(request, monkeypatch):
    """The ways of writing: a file without a name until it is whole, and hidden ones."""
    if request.param == "named":
        monkeypatch.setattr(os, "O_TMPFILE", 0, raising=False)
    if request.param == "named afterwards":
        monkeypatch.setattr(atomic, "_give_name", lambda *_: (_ for _ in ()).throw(OSError(errno.EXDEV, "no")))


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def hidden(key, image=RGB):
    return fp.perturb(image, (5, 5, 30, 30), key)


def fail_at(monkeypatch, owner, name, number):
    """Makes the call of that number fail as a full disk does."""
    real, calls = getattr(owner, name), []

    def call(*arguments, **options):
        calls.append(arguments)
        if len(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, call)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [(os, "fsync", 1), (os, "fsync", 2), (atomic.Pending, "publish", 1), (atomic.Pending, "publish", 2)],
    ids=str,
)
@pytest.mark.parametrize("there", [True, False])
def test_what_fails_leaves_the_pair_that_was_there(tmp_path, key, monkeypatch, owner, name, number, there):
    path = tmp_path / "x.bmp"
    if there:
        write_image(path, *hidden(key))
    before = {item.name: item.read_bytes() for item in tmp_path.iterdir()}
    with monkeypatch.context() as patch:
        fail_at(patch, owner, name, number)
        with pytest.raises(OSError, match="No space left"):
            write_image(path, *hidden(key, OTHER))
    assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == before
    if there:
        assert np.array_equal(fp.restore(read_image(path).pixels, read_record(path), key), RGB)
    write_image(path, *hidden(key, OTHER))
    assert names(tmp_path) == ["x.bmp", "x.bmp.json"]
    assert np.array_equal(fp.restore(read_image(path).pixels, read_record(path), key), OTHER)


def test_between_the_two_the_old_record_is_kept_under_a_hidden_name(tmp_path, key, monkeypatch):
    path = tmp_path / "x.bmp"
    write_image(path, *hidden(key))
    old = (tmp_path / "x.bmp.json").read_bytes()
    seen = []
    real = atomic.Pending.publish

    def publish(self, overwrite):
        seen.append([item.read_bytes() for item in tmp_path.iterdir() if item.suffix == together.PREVIOUS_SUFFIX])
        real(self, overwrite)

    monkeypatch.setattr(atomic.Pending, "publish", publish)
    write_image(path, *hidden(key, OTHER))
    assert seen == [[old], [old]]
    assert names(tmp_path) == ["x.bmp", "x.bmp.json"]


@pytest.mark.usefixtures("way")
def test_a_record_without_its_image_makes_way_and_nothing_else_does(tmp_path, key):
    path, beside = tmp_path / "x.bmp", tmp_path / "x.bmp.json"

    def write(image):
        pixels, record = hidden(key, image)
        write_file(path, encode(pixels, "BMP"), record, overwrite=False)

    write(RGB)
    with pytest.raises(FileExistsError, match=r"x\.bmp'"):
        write(OTHER)
    path.unlink()
    write(OTHER)
    assert np.array_equal(fp.restore(read_image(path).pixels, read_record(path), key), OTHER)
    path.unlink()
    beside.write_text('{"title": "IMG_0001.jpg"}')
    with pytest.raises(FileExistsError, match=r"x\.bmp\.json"):
        write(RGB)
    assert names(tmp_path) == ["x.bmp.json"]
    assert beside.read_text() == '{"title": "IMG_0001.jpg"}'


@pytest.mark.usefixtures("way")
def test_a_folder_in_the_place_of_a_record_is_no_record(tmp_path, key):
    (tmp_path / "x.bmp.json").mkdir()
    with pytest.raises(OSError, match=r"x\.bmp\.json"):
        write_image(tmp_path / "x.bmp", *hidden(key))
    assert names(tmp_path) == ["x.bmp.json"]


@pytest.mark.usefixtures("way")
def test_names_may_be_as_long_as_the_file_system_allows(tmp_path, key):
    path = tmp_path / ("写" * 82 + ".bmp")  # 250 bytes, and 255 with .json
    for image in (RGB, OTHER):
        write_image(path, *hidden(key, image))
    assert np.array_equal(fp.restore(read_image(path).pixels, read_record(path), key), OTHER)
