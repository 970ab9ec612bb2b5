"""What is published: the names inside wheel and source archive, their size, and what the compiled module gives away.

``FASTPERTURB_DIST`` names the folder that ``python -m build`` (and ``auditwheel repair``) filled; .ci/run sets it.
"""

import email
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIST = Path(os.environ.get("FASTPERTURB_DIST") or "not-built")
pytestmark = pytest.mark.skipif(not DIST.is_dir(), reason="python -m build -o DIR, then FASTPERTURB_DIST=DIR")
WEIGHTS = "fastperturb/faces/face_detection_yunet_2023mar.onnx"
YUNET = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
MEGABYTE = 1_000_000
NOT_SHIPPED = re.compile(r"\.ci/|\.github/|\.gitignore$|\.gitattributes$")


def tracked(folder="."):
    """What the repository holds below a folder; the folder itself where this is no checkout."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no checkout here to compare with")
    listing = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listing.stdout.splitlines() if (ROOT / name).exists()}


def wheels():
    return sorted(DIST.glob("*.whl"))


def each_wheel():
    return pytest.mark.parametrize("path", wheels() or [DIST / "none.whl"], ids=lambda path: path.name)


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def compiled(path):
    """Name and bytes of the one compiled module of a wheel."""
    found = [(name, data) for name, data in contents(path).items() if re.search(r"/_core\..*(so|pyd)$", name)]
    assert len(found) == 1, found
    return found[0]


@each_wheel()
def test_a_wheel_holds_the_package_and_nothing_else(path):
    names = set(contents(path))
    info = f"fastperturb-{path.name.split('-')[1]}.dist-info"
    package = {name.removeprefix("python/") for name in tracked("python")}
    told = {name for name in names if name.startswith(f"{info}/")}
    bundled = {name for name in names if name.startswith("fastperturb.libs/")}
    assert names - told - bundled == package | {WEIGHTS, compiled(path)[0]}
    assert "fastperturb/py.typed" in names
    assert {f"{info}/licenses/LICENSE", f"{info}/licenses/LICENSE-YUNET"} <= told
    extras = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE", "licenses/LICENSE-YUNET"}
    assert told - {f"{info}/sboms/auditwheel.cdx.json"} == {f"{info}/{name}" for name in extras}
    assert all(re.match(r"fastperturb\.libs/libgomp-[0-9a-f]+\.so\.[0-9.]+$", name) for name in bundled), bundled
    assert bool(bundled) == ("manylinux" in path.name), "a repaired wheel carries its OpenMP, a plain one does not"


@each_wheel()
def test_a_wheel_is_small_and_its_weights_are_the_known_ones(path):
    assert path.stat().st_size < 1.9 * MEGABYTE
    assert hashlib.sha256(contents(path)[WEIGHTS]).hexdigest() == YUNET
    assert len(compiled(path)[1]) < 1.5 * MEGABYTE


@each_wheel()
def test_the_metadata_says_what_pyproject_says(path):
    (name,) = (name for name in contents(path) if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(contents(path)[name])
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.10"
    assert sum("extra ==" not in need for need in metadata.get_all("Requires-Dist")) == 3, "NumPy, OpenCV, cryptography"
    stated = re.search(r"\[project\.optional-dependencies\](.*?)\n\[", (ROOT / "pyproject.toml").read_text(), re.S)[1]
    assert set(metadata.get_all("Provides-Extra")) == set(re.findall(r"^(\w+) = ", stated, re.M))


@each_wheel()
def test_the_module_names_no_path_and_no_flag_of_the_machine_that_built_it(path):
    data = compiled(path)[1]
    texts = {text.decode() for text in re.findall(rb"[\x20-\x7e]{6,}", data)}
    here = {str(ROOT), str(Path.home()), str(Path(sys.prefix)), "/build/", tempfile.gettempdir()} - {"/"}
    assert not [text for text in texts for place in here if place in text]
    assert not [text for text in texts if re.search(r"-march=|-mtune=|\.[ch]pp\b|^/(home|usr|opt)/", text)]


@each_wheel()
@pytest.mark.skipif(shutil.which("readelf") is None, reason="no readelf here")
def test_the_module_needs_the_system_and_its_own_openmp(path, tmp_path):
    if not compiled(path)[0].endswith("linux-gnu.so"):
        pytest.skip("not a module for Linux")
    module = tmp_path / "core.so"
    module.write_bytes(compiled(path)[1])
    dynamic = subprocess.run(["readelf", "-dW", module], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    system = {"libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "libpthread.so.0"}
    (openmp,) = {name for name in needed if not name.startswith("ld-linux")} - system
    bundled = {Path(name).name for name in contents(path) if name.startswith("fastperturb.libs/")}
    assert openmp in (bundled or {"libgomp.so.1"})
    searched = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", dynamic)
    assert searched == (["$ORIGIN/../fastperturb.libs"] if bundled else [])


@pytest.mark.skipif(shutil.which("nm") is None, reason="no nm here")
@each_wheel()
def test_the_module_offers_python_one_function(path, tmp_path):
    module = tmp_path / "core.so"
    module.write_bytes(compiled(path)[1])
    listing = subprocess.run(["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True).stdout
    strong = [line.split()[-1] for line in listing.splitlines() if line.split()[1] in "TDBR"]
    assert strong == ["PyInit__core"]


def test_the_source_archive_is_the_repository():
    (path,) = DIST.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    assert all(member.isfile() and member.uid == member.gid == 0 for member in members)
    names = {member.name.partition("/")[2] for member in members}
    assert names - {"PKG-INFO"} - {".gitignore"} == {name for name in tracked() if not NOT_SHIPPED.search(name)}
    assert path.stat().st_size < 2.6 * MEGABYTE


def test_both_ways_to_build_give_the_same_bytes():
    """The wheel out of the checkout and the one out of the source archive, under one SOURCE_DATE_EPOCH."""
    plain = [path for path in wheels() if "manylinux" not in path.name]
    others = sorted((DIST / "again").glob("*.whl"))
    if not others:
        pytest.skip("no second wheel in FASTPERTURB_DIST/again")
    assert [path.name for path in plain] == [path.name for path in others]
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in others]
