"""Runs over folders: interrupted, killed, on a full disk, by many jobs, on a terminal and without a reader."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cli_cases import BOXES, lines_of, same, tree

from fastperturb.cli.app import run
from fastperturb.cli.batch import worker_pool as pool
from fastperturb.files import read_image, write_image

PROGRAM = (sys.executable, "-m", "fastperturb")


@pytest.fixture
def many(here):
    """A folder of pictures that take a while, with boxes."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (400, 500, 3), np.uint8)
    names = [f"{number:03}.png" for number in range(60)]
    (here / "in").mkdir()
    write_image(here / "in" / names[0], picture)
    for name in names[1:]:
        (here / "in" / name).write_bytes((here / "in" / names[0]).read_bytes())
    (here / "boxes.json").write_text(json.dumps({name: [[50, 60, 300, 300]] for name in names}))
    return here / "in"


def start_and_wait_for(count, out, *arguments):
    """Starts the program and waits until it has written some files."""
    process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not out.is_dir() or len(tree(out)) < count:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_cleanly_and_goes_on(many, here, capsys, number):
    job = ["perturb", "in", "-o", "out", *BOXES, "--json", "--jobs", "2"]
    process = start_and_wait_for(3, here / "out", *job)
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == 130
    *results, last = lines_of(out)
    done = len(tree(here / "out"))
    assert 3 <= done < 60
    assert last["summary"]["interrupted"]
    assert last["summary"]["counts"] == {"perturbed": done} == {"perturbed": len(results)}
    assert f"interrupted after {done} of 60 files" in err
    for name in tree(here / "out"):
        assert read_image(here / "out" / name).texts  # whole, and no hidden half files
    assert run(job) == 0
    assert lines_of(capsys.readouterr().out)[-1]["summary"]["counts"] == {"unchanged": done, "perturbed": 60 - done}


def test_a_killed_run_leaves_whole_files_and_goes_on(many, here, capsys):
    job = ["perturb", "in", "-o", "out", *BOXES, "--jobs", "2"]
    process = start_and_wait_for(5, here / "out", *job)
    process.kill()
    process.communicate()
    done = [name for name in tree(here / "out") if not name.startswith(".")]
    for name in done:
        assert read_image(here / "out" / name).texts
    assert run(job) == 0
    assert f"{60 - len(done)} perturbed, {len(done)} unchanged" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key", "--quiet"]) == 0
    assert all(same(many / name, here / "back" / name) for name in tree(many))


def test_a_disk_that_fills_up_fails_some_files_and_spoils_none(many, here):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)); "
        "sys.argv[0] = 'fastperturb'; from fastperturb.__main__ import main; sys.exit(main())"
    )
    small = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    write_image(many / "small.png", small)
    boxes = json.loads((here / "boxes.json").read_text())
    (here / "boxes.json").write_text(json.dumps({**boxes, "small.png": [[5, 5, 50, 50]]}))
    arguments = ["perturb", "in", "-o", "out", *BOXES, "--json"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert lines_of(done.stdout)[-1]["summary"]["counts"] == {"failed": 60, "perturbed": 1}
    assert f"in/000.png: out/000.png: {os.strerror(27)}" in done.stderr
    assert tree(here / "out") == ["small.png"]


def test_codecs_do_not_talk_over_us(here):
    """libjpeg writes of extraneous bytes in a JPEG to descriptor 2; the user hears nothing of it."""
    write_image("x.jpg", np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
    data = bytearray((here / "x.jpg").read_bytes())
    data[-200:-100] = bytes(100)
    (here / "x.jpg").write_bytes(data)
    (here / "boxes.json").write_text('{"x.jpg": [[5, 5, 50, 50]]}')
    quiet = subprocess.run(
        [*PROGRAM, "perturb", "x.jpg", "-o", "x.png", *BOXES, "-q"], capture_output=True, text=True, check=True
    )
    assert quiet.stderr == ""
    loud = subprocess.run(
        [*PROGRAM, "perturb", "x.jpg", "-o", "y.png", *BOXES],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OPENCV_LOG_LEVEL": "WARNING"},
    )
    assert "JPEG" in loud.stderr


def test_a_reader_that_goes_away_is_no_traceback(many):
    job = [*PROGRAM, "perturb", "in", "-o", "out", *BOXES, "--json"]
    with subprocess.Popen(job, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
def test_a_progress_bar_on_a_terminal_leaves_standard_output_alone(many, here):
    ours, theirs = os.openpty()
    job = [*PROGRAM, "locate", "in", "--boxes", "boxes.json"]
    shown = b""
    with (here / "lines").open("w") as lines, subprocess.Popen(job, stdout=lines, stderr=theirs) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):  # the way Linux says that nobody writes any more
            while part := os.read(ours, 65_536):
                shown += part
    os.close(ours)
    assert process.returncode == 0
    assert [line["file"] for line in lines_of((here / "lines").read_text())] == [f"in/{name}" for name in tree(many)]
    assert b"/60" in shown
    assert b"60 of 60 files" in shown


def test_jobs_make_no_difference(many, here, capsys):
    pixels = {}
    for jobs in ("1", "2", "7"):
        assert run(["perturb", "in", "-o", jobs, *BOXES, "--reproducible", "--jobs", jobs, "--json"]) == 0
        assert [item["file"] for item in lines_of(capsys.readouterr().out)[:-1]] == [
            f"in/{name}" for name in tree(many)
        ]
        pixels[jobs] = [read_image(here / jobs / name).pixels.tobytes() for name in tree(many)]
    assert pixels["1"] == pixels["2"] == pixels["7"]


def test_only_a_few_files_are_in_hand_at_any_time():
    taken = 0

    def items():
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    done = 0
    for number in pool.map_in_order(lambda item: item, items(), 3, pool.Stop()):
        assert number == done
        done += 1
        assert taken <= done + 3 * 8
    assert done == 1000


def test_a_slow_file_holds_up_the_others_only_in_order():
    """All that may be in hand beside it gets done meanwhile, and comes after it."""
    done = []

    def work(number):
        if number == 0:
            deadline = time.monotonic() + 60
            while len(done) < 2 * 8 - 1 and time.monotonic() < deadline:
                time.sleep(0.001)
        done.append(number)
        return number

    assert list(pool.map_in_order(work, range(100), 2, pool.Stop())) == list(range(100))
    assert done[:15] == list(range(1, 16))


def test_an_error_of_the_walk_is_not_swallowed():
    def items():
        yield from range(5)
        raise PermissionError(13, "Permission denied")

    with pytest.raises(PermissionError):
        list(pool.map_in_order(lambda item: item, items(), 2, pool.Stop()))


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system takes no such advice")
@pytest.mark.parametrize("fails", [False, True])
def test_results_of_a_job_do_not_fill_the_systems_memory(many, here, monkeypatch, fails):
    given = []

    def advise(descriptor, offset, length, advice):
        given.append((os.fstat(descriptor).st_size, offset, length, advice))
        if fails:
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "posix_fadvise", advise)
    write_image(here / "in" / "000.png", read_image(here / "in" / "000.png").pixels)
    assert given == []  # who writes one picture by a call may well read it next
    assert run(["perturb", "in", "-o", "out", *BOXES, "-q"]) == 0
    sizes = [(here / "out" / name).stat().st_size for name in tree(many)]
    assert sorted(given) == sorted((size, 0, 0, os.POSIX_FADV_DONTNEED) for size in sizes)
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key", "-q"]) == 0
    assert all(same(f"back/{name}", f"in/{name}") for name in tree(many))
