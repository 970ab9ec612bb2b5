"""Files are whole or absent: replaced, refused, on full disks, after kills; and what must be there to read them."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from file_cases import GREY, noise

from fastperturb.files import read_image, write_image
from fastperturb.files.atomic import PARTIAL_SUFFIX, write_atomically


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch):
    """Both ways of writing: a file without a name until it is whole, and a hidden one."""
    if request.param == "named":
        monkeypatch.setattr(os, "O_TMPFILE", 0, raising=False)


@pytest.mark.usefixtures("way")
def test_files_are_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, [b"one ", memoryview(b"two")], overwrite=False)
    assert path.read_bytes() == b"one two"
    with pytest.raises(FileExistsError):
        write_atomically(path, [b"other"], overwrite=False)
    assert path.read_bytes() == b"one two"
    write_atomically(path, [b"three"])
    assert path.read_bytes() == b"three"

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for overwrite in (False, True):
        for name in ("file", "fresh"):
            with pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}/{name}'"):
                write_atomically(tmp_path / name, [b"four"], overwrite=overwrite)
    assert [item.name for item in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"three"


def test_a_file_system_that_names_no_files_afterwards_is_written_to_in_the_other_way(tmp_path, monkeypatch):
    def refused(*_arguments, **_options):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    for text in (b"one", b"two"):
        write_atomically(tmp_path / "x", [text])
        assert (tmp_path / "x").read_bytes() == text
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.usefixtures("way")
@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_new_files_have_the_mode_that_the_user_wants(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "x", [b"x"])
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640


def run_python(code, *arguments, **options):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)], check=False, **options)


WRITE = """
    import os, resource, sys
    from pathlib import Path
    import numpy as np
    from fastperturb.files import write_image
    if sys.argv[2] == "named":
        os.O_TMPFILE = 0
    write_image(Path(sys.argv[1]) / "old.png", np.zeros((9, 9), np.uint8))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    image = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    for name in ("new.png", "old.png", "new.bmp"):
        try:
            write_image(Path(sys.argv[1]) / name, image)
        except OSError as error:
            print(error.strerror)
"""


@pytest.mark.parametrize("how", ["nameless", "named"])
def test_a_limit_on_file_size_leaves_nothing_behind(tmp_path, how):
    done = run_python(WRITE, tmp_path, how, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [os.strerror(errno.EFBIG)] * 3
    assert [item.name for item in tmp_path.iterdir()] == ["old.png"]
    assert read_image(tmp_path / "old.png").pixels.shape == (9, 9)


FOREVER = """
    import os, sys
    from pathlib import Path
    from fastperturb.files.atomic import write_atomically
    if sys.argv[2] == "named":
        os.O_TMPFILE = 0
    number = 0
    while True:
        write_atomically(Path(sys.argv[1]) / f"{number % 5}", [bytes([number % 256]) * 1_000_000] * 3)
        number += 1
"""


@pytest.mark.parametrize("how", ["nameless", "named"])
def test_a_killed_writer_leaves_whole_files(tmp_path, how):
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(FOREVER), str(tmp_path), how])
    while len([item for item in tmp_path.iterdir() if item.name.isdigit()]) < 5:
        time.sleep(0.01)
        assert process.poll() is None
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for path in tmp_path.iterdir():
        if path.name.isdigit():
            data = path.read_bytes()
            assert len(data) == 3_000_000
            assert len(set(data)) == 1
        else:  # the hidden name that is left of a kill is never taken for an image
            assert path.name.startswith(".")
            assert path.suffix == PARTIAL_SUFFIX


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_leaves_nothing_behind(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        write_image(tmp_path / "small.png", noise(60, 60))
        for suffix in ("png", "tiff", "pgm"):
            with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                write_image(tmp_path / f"large.{suffix}", noise(300, 300))
        assert [item.name for item in tmp_path.iterdir()] == ["small.png"]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_opencv_is_imported_when_it_is_needed():
    code = "import sys, fastperturb, fastperturb.files; print('cv2' in sys.modules)"
    assert run_python(code, capture_output=True, text=True).stdout == "False\n"


def test_a_missing_opencv_is_named(tmp_path):
    write_image(tmp_path / "x.png", GREY)
    code = """
        import sys
        sys.modules["cv2"] = None
        from fastperturb.files import read_image
        try:
            read_image(sys.argv[1])
        except ImportError as error:
            print(error)
    """
    done = run_python(code, tmp_path / "x.png", capture_output=True, text=True)
    assert "pip install opencv-python-headless" in done.stdout


def test_paths_may_be_text_or_objects(tmp_path):
    write_image(str(tmp_path / "ünïcode 写真.png"), GREY)
    assert np.array_equal(read_image(os.fspath(tmp_path / "ünïcode 写真.png")).pixels, GREY)
