"""Files of arrays that anybody may have written: what NumPy writes is read, and all else is one kind of error."""

import io
import zipfile

import numpy as np
import pytest
from bounds import bounded
from forged_arrays import forged_arrays

from fastperturb.array_files import load_arrays

ARRAYS = {
    "numbers": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "columns": np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3)),
    "one": np.array(3.5),
    "none": np.zeros((0, 5)),
    "text": np.array("fastperturb"),
    "flag": np.array(True),
}


def written(save=np.savez_compressed, **arrays):
    buffer = io.BytesIO()
    save(buffer, **(arrays or ARRAYS))
    return buffer.getvalue()


def zipped(name, content, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr(name, content)
    return buffer.getvalue()


def member(**arrays):
    return zipfile.ZipFile(io.BytesIO(written(np.savez, **arrays))).read(f"{next(iter(arrays))}.npy")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_wrote_is_read(save):
    found = load_arrays(written(save), 2000)
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert np.array_equal(found[name], array)
        assert found[name].flags.writeable


@pytest.mark.parametrize("damage", forged_arrays(written()))
def test_damage_of_every_kind_is_a_value_error(damage):
    with bounded(1, 50), pytest.raises(ValueError, match=r"."):
        load_arrays(forged_arrays(written())[damage], 2**20)


def test_every_byte_may_be_another():
    good = written(np.savez, a=np.arange(3), b=np.array("text"))
    for place in range(len(good)):
        for value in (0, 9, 0x28, 255):
            try:
                load_arrays(good[:place] + bytes([value]) + good[place + 1 :], 2**20)
            except ValueError:
                continue


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (zipped("a.txt", b"text"), "'a.txt' is no array that NumPy wrote"),
        (zipped("a.npy", b"text"), "magic string"),
        (zipped("a.npy", member(a=np.arange(3)), zipfile.ZIP_LZMA), "'a.npy' is no array that NumPy wrote"),
        (zipped("a.npy", member(a=np.arange(3))[:-1]), "does not hold the array that its header says"),
        (zipped("a.npy", member(a=np.arange(3)) + b"more"), "does not hold the array that its header says"),
        (written(a=np.array([{}], object)), "does not hold the array that its header says"),
        (written(**{f"a{index}": np.zeros(1) for index in range(1001)}), "may have up to 1000 arrays, got 1001"),
    ],
)
def test_what_is_wrong_is_said(content, text):
    with pytest.raises(ValueError, match=text):
        load_arrays(content, 2**20)


def test_no_more_than_the_bound_is_read():
    content = written(a=np.zeros(2**17, np.uint8), b=np.zeros(2**27, np.uint8))
    with bounded(1, 20), pytest.raises(ValueError, match="may have up to 1048576 bytes, and have more"):
        load_arrays(content, 2**20)
    assert len(load_arrays(written(a=np.zeros(1000, np.uint8)), 1128)["a"]) == 1000
