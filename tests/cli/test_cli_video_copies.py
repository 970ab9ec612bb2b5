"""Videos that are copied as they are: whole or absent, and no more open than the file."""

import os

import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

from cli_cases import tree
from tiny_videos import write_clip

from fastperturb.cli.app import run

KEY = ("--key-file", "my.key")


def test_copies_are_whole_and_no_more_open_than_the_file(here, monkeypatch):
    write_clip(here / "empty.mp4", width=256, height=160, frames=4).chmod(0o600)
    assert run(["perturb", "empty.mp4", "-o", "out", *KEY, "--on-no-face", "copy"]) == 0
    copying = ["restore", "out/empty.mp4", "-o", "back", *KEY, "--on-no-record", "copy"]
    assert run(copying) == 0
    assert [os.stat(here / name / "empty.mp4").st_mode & 0o777 for name in ("out", "back")] == [0o600] * 2  # noqa: PTH116
    monkeypatch.setattr("shutil.copyfile", lambda _from, to: to.write_bytes(b"half") and 1 / 0)
    assert run([*copying, "--force"]) == 1
    assert tree(here / "back") == ["empty.mp4"]
    assert (here / "back/empty.mp4").read_bytes() == (here / "out/empty.mp4").read_bytes()
