"""Reading of NumPy's .npz files that anybody may have written: every damage is one kind of error, memory is bounded."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes
_MOST_ARRAYS = 1000
_ENDING = ".npy"


def load_arrays(content: bytes, most: int) -> dict[str, NDArray[Any]]:
    """All arrays of a ``.npz`` file by name; none is pickled.

    Args:
        content: of the file.
        most: how many bytes all arrays may take together.

    Raises:
        ValueError: it is no such file, is damaged, or takes more; the message says which.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            return _read_all(file, most)
    except Exception as error:  # zipfile, its codecs and NumPy's parser of headers raise what they like
        if type(error) is ValueError:
            raise
        raise ValueError(f"not a .npz file, or a damaged one: {str(error) or type(error).__name__}"[:200]) from error


def _read_all(file: zipfile.ZipFile, most: int) -> dict[str, NDArray[Any]]:
    members = file.infolist()
    if len(members) > _MOST_ARRAYS:
        raise ValueError(f"a .npz file may have up to {_MOST_ARRAYS} arrays, got {len(members)}")
    if sum(member.file_size for member in members) > most:
        raise ValueError(f"the arrays of this .npz file may have up to {most} bytes, and have more")
    arrays = {}
    for member in members:
        if not member.filename.endswith(_ENDING) or member.compress_type not in _METHODS:
            raise ValueError(f"{member.filename[:40]!r} is no array that NumPy wrote")
        with file.open(member) as stream:
            data = stream.read(member.file_size + 1)
        arrays[member.filename.removesuffix(_ENDING)] = _array(data, member.filename)
    return arrays


def _array(data: bytes, name: str) -> NDArray[Any]:
    """The array of a .npy file whose header says what is there: NumPy makes room for what it says."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"{name[:40]!r} has version {version[0]}.{version[1]} of the .npy format, not 1.0 or 2.0")
    if dtype.hasobject or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise ValueError(f"{name[:40]!r} does not hold the array that its header says")
    stream.seek(0)
    found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return found
