"""Damaged and forged copies of NumPy's .npz files."""

import io
import zipfile

import numpy as np


def forged_arrays(good):
    """Damaged copies of a .npz file by the name of what is wrong with them."""
    named = {"nothing": b"", "cut": good[: len(good) // 2], "no zip": b"hello" * 20}
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    named["one array alone"] = buffer.getvalue()
    for what, local, central, value in (
        ("method 9", 8, 10, 9),
        ("method lzma", 8, 10, 14),
        ("method bzip2", 8, 10, 12),
        ("version", 4, 6, 99),
        ("encrypted", 6, 8, 1),
        ("patched", 6, 8, 0x20),
    ):
        named[what] = _in_headers(good, local, central, value)
    with zipfile.ZipFile(io.BytesIO(good)) as file:
        first = file.namelist()[0]
        for what, content in {
            "no header": b"text",
            "open header": _npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': ((("),
            "other header": _npy(b"{'descr': '<f8', 'fortran_order': False}"),
            "deep header": _npy(b"(" * 9000),
            "huge shape": _npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824, 16)}"),
            "endless shape": _npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 0)}" % 10**400),
            "negative shape": _npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3)}"),
            "pickle": _npy(b"{'descr': '|O', 'fortran_order': False, 'shape': ()}"),
            "version 9": b"\x93NUMPY\x09\0" + bytes(200),
        }.items():
            named[what] = _with_first(file, first, content)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as other:
            for name in file.namelist():
                other.writestr(name.removesuffix(".npy"), file.read(name))
        named["no endings"] = buffer.getvalue()
    body = good.index(b"PK\3\4", 4) - 20
    named["other bytes"] = good[:body] + bytes(byte ^ 0xFF for byte in good[body : body + 12]) + good[body + 12 :]
    return named


def _in_headers(good, local, central, value):
    changed = bytearray(good)
    for mark, place in ((b"PK\3\4", local), (b"PK\1\2", central)):
        at = good.find(mark)
        while at >= 0:
            changed[at + place] = value
            at = good.find(mark, at + 4)
    return bytes(changed)


def _npy(header):
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header


def _with_first(file, first, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as other:
        for name in file.namelist():
            other.writestr(name, content if name == first else file.read(name))
    return buffer.getvalue()
