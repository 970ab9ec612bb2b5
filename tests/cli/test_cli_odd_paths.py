"""Paths that lead nowhere good: links in a circle, pipes that nobody writes to, devices without end."""

import contextlib
import os
import sys
import threading
from pathlib import Path

import pytest
from cli_cases import BOXES, folder, here  # noqa: F401

from fastperturb.cli.app import run

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")


@pytest.mark.parametrize("place", ["loop", "loop/x.png"])
@pytest.mark.parametrize(
    "job",
    [
        ["perturb", "in", *BOXES],
        ["perturb", "in/a.png", *BOXES],
        ["restore", "in", "--key-file", "my.key"],
        ["locate", "in", "--boxes", "boxes.json"],
        ["compare", "in", "in", "--map"],
    ],
)
def test_an_output_whose_links_lead_in_a_circle(folder, capsys, job, place):  # noqa: F811
    Path("loop").symlink_to("loop")
    assert run([*job, *([] if job[-1] == "--map" else ["-o"]), place]) in (1, 2)
    told = capsys.readouterr().err
    assert "Traceback" not in told
    if sys.version_info < (3, 13):
        assert f"{place}: its links lead in a circle" in told


@contextlib.contextmanager
def pipe(path):
    """A pipe to which nothing is written; who opens it and waits gets nothing, and not for ever."""
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: Path(path).open("wb").close(), daemon=True)
    writer.start()
    try:
        yield
    finally:
        while writer.is_alive():  # which may not have opened its end yet
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            writer.join(0.01)


@pytest.mark.parametrize(
    "job",
    [
        ["perturb", "in", "-o", "out", *BOXES, "--threshold", "pipe"],
        ["perturb", "in", "-o", "out", *BOXES, "--protect", "surrogate:template=pipe"],
        ["perturb", "in", "-o", "out", *BOXES, "--protect", "weighted:weights=pipe"],
        ["locate", "in", "--detector-model", "pipe"],
        ["score", "in", "--truth", "pipe", "--truth-form", "csv"],
        ["score", "in", "--truth", "points", "--truth-form", "lfpw"],
        ["evaluate", "flat:in", "-o", "out", "--config", "pipe"],
    ],
)
def test_a_pipe_in_place_of_a_file_is_refused(folder, capsys, job):  # noqa: F811
    Path("points").mkdir()
    with pipe("points/a.pts"), pipe("pipe"):
        assert run(job) in (1, 2)
    assert "not a regular file" in capsys.readouterr().err


def test_a_token_is_not_written_to_a_pipe(here, capsys):  # noqa: F811
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(["token", "web", "--tokens", "pipe"]) == 2
    finally:
        os.close(reader)
    assert "pipe: not a regular file" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_device_in_place_of_a_model_is_refused(folder, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("a device without end is read"))
    assert run(["locate", "in", "--detector-model", "/dev/zero"]) == 2
    assert "/dev/zero: the model cannot be read: not a regular file" in capsys.readouterr().err
