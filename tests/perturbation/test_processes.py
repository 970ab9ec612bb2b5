"""Life in servers: forked children, many threads, callers that share arrays, import without side effects."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from children import alone, in_children

import fastperturb as fp

BOX = (10, 10, 200, 200)


def picture():
    return np.random.default_rng(8).integers(0, 256, (250, 250, 3), np.uint8)


def there_and_back(threads):
    key, image = fp.Key(bytes(range(32))), picture()
    hidden, record = fp.perturb(image, BOX, key, threads=threads)
    return bool((hidden != image).any()) and bool((fp.restore(hidden, record, key, threads=threads) == image).all())


def there_and_back_in_a_child(threads):
    return there_and_back(threads) and all(in_children(there_and_back, [threads]))


def fork_and_work(used_before, threads):
    if used_before:
        assert there_and_back(4)
    for _ in range(3):
        assert in_children(there_and_back, [threads] * 4) == [True] * 4
        assert in_children(there_and_back_in_a_child, [threads] * 2) == [True] * 2
        assert there_and_back(4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("used_before", [False, True])
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_forked_child_works(used_before, threads):
    """OpenMP run-times hang in a child whose parent used threads; ours must not, nor in a grandchild."""
    alone(fork_and_work, used_before, threads)


def test_many_threads_at_once():
    """Hundreds of callers on one shared image: every answer is right and no input changes."""
    image, key = picture(), fp.Key(bytes(range(32)))
    expected, record = fp.perturb(image, BOX, key, reproducible=True)
    before, wrong = image.copy(), []

    def call(number):
        for _ in range(3):
            hidden, same = fp.perturb(image, BOX, key, reproducible=True, threads=1 + number % 2)
            if same != record or (hidden != expected).any() or (fp.restore(hidden, same, key) != image).any():
                wrong.append(number)

    callers = [threading.Thread(target=call, args=(number,)) for number in range(200)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong
    assert (image == before).all()


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


def test_importing_does_no_work():
    """No OpenCV, no thread and no output until something is asked for."""
    result = run(
        """
        import sys, threading
        import fastperturb
        heavy = {"cv2", "onnxruntime", "torch", "typer", "rich", "PIL", "skimage"} & set(sys.modules)
        print(sorted(heavy), threading.active_count())
        """
    )
    assert (result.stdout.strip(), result.stderr) == ("[] 1", "")


def test_an_instruction_set_can_be_forced():
    code = "from fastperturb import _core; print(_core.isa())"
    assert run(code, FASTPERTURB_ISA="baseline").stdout.strip() == "baseline"
    bad = run(code, FASTPERTURB_ISA="neon2")
    assert bad.returncode != 0
    assert "must be one of" in bad.stderr
    assert "baseline on this processor, got 'neon2'" in bad.stderr


@pytest.mark.parametrize(("limit", "cpus"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 8), ("", 8)])
def test_a_container_limits_the_default_number_of_threads(limit, cpus, tmp_path, monkeypatch):
    from fastperturb import threads

    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(threads, "CGROUP_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert threads.check_threads(None) == cpus


def test_a_killed_worker_leaves_the_parent_working():
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    result = run(
        """
        import os, signal, sys
        sys.path.insert(0, "tests")
        import numpy as np, fastperturb as fp
        image = np.random.default_rng(8).integers(0, 256, (250, 250, 3), np.uint8)
        key = fp.Key.generate()
        fp.perturb(image, (0, 0, 250, 250), key, threads=2)
        child = os.fork()
        if child == 0:
            while True:
                fp.perturb(image, (0, 0, 250, 250), key, threads=2)
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        hidden, record = fp.perturb(image, (0, 0, 250, 250), key, threads=2)
        assert (fp.restore(hidden, record, key, threads=2) == image).all()
        print("fine")
        """,
        PYTHONWARNINGS="ignore",
    )
    assert result.stdout.strip() == "fine", result.stderr
