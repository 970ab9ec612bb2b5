"""The main job with an installed wheel and only what it asks for beside it: ``python tests/smoke.py PHOTOGRAPH``.

Finds the face, protects it, writes a PNG with the record inside, reads it back and restores it.
"""

import importlib.metadata
import sys
import tempfile
from pathlib import Path

import fastperturb as fp
from fastperturb import files

NEEDED_BY_CRYPTOGRAPHY = {"cffi", "pycparser", "typing-extensions"}


def main(photograph: str) -> None:
    installed = {item.metadata["Name"].lower() for item in importlib.metadata.distributions()} - {"pip", "setuptools"}
    assert installed - NEEDED_BY_CRYPTOGRAPHY == {
        "fastperturb",
        "numpy",
        "opencv-python-headless",
        "cryptography",
    }, installed
    picture = files.read_image(photograph)
    faces = fp.locate(picture.pixels)
    assert len(faces) == 1, faces
    key = fp.Key.generate()
    hidden, record = fp.perturb(picture.pixels, faces, key)
    assert (hidden != picture.pixels).any()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hidden.png"
        files.write_image(path, hidden, record=record)
        restored = fp.restore(files.read_image(path).pixels, files.read_record(path), key)
    assert (restored == picture.pixels).all()
    print(f"fastperturb {fp.__version__}: {record.moved} pixels of {Path(photograph).name} moved, and moved back")


if __name__ == "__main__":
    main(*sys.argv[1:])
