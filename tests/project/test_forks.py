"""A child that is forked while a thread loads or sets something up does not wait for that thread for ever."""

import importlib
import os
import pkgutil
import subprocess
import sys
import threading
from importlib import resources

import numpy as np
import pytest

from fastperturb import _forks, faces, protections

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

FORKED_AT_ONCE = """
import os, sys, threading, time
import numpy as np
import fastperturb as fp

pixels = np.arange(30000) % 251
key, image = fp.Key.generate(), pixels.astype(np.uint8).reshape(100, 100, 3)
box, public = (5, 5, 80, 80), key.public()
calls = {
    "windows": lambda: fp.perturb(image, box, key),
    "surrogate": lambda: fp.perturb(image, box, key, fp.Surrogate()),
    "camouflage": lambda: fp.perturb(image, box, public, fp.Camouflage()),
    "mosaic": lambda: fp.perturb(image, box, public, fp.Mosaic(cells=6)),
    "locate": lambda: fp.locate(image),
    "a detector": lambda: fp.faces.YuNet().detect(image),
}
call = calls[sys.argv[1]]
fp.perturb, fp.locate, fp.Surrogate
thread = threading.Thread(target=call)
thread.start()
time.sleep(float(sys.argv[2]))
child = os.fork()
if child == 0:
    call()
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""


MOMENTS = (0.0, 0.0001, 0.004)


@pytest.mark.parametrize(
    ("call", "moments"),
    [
        ("windows", [0.0001, *(0.002 * number for number in range(10))]),
        *((call, MOMENTS) for call in ("surrogate", "camouflage", "mosaic", "locate", "a detector")),
    ],
)
def test_a_child_forked_while_a_thread_makes_the_first_call(call, moments):
    for delay in moments:
        command = [sys.executable, "-c", FORKED_AT_ONCE, call, str(delay)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr


def forks_wait():
    """Whether a fork of another thread would have to wait now."""
    got = []

    def try_it():
        if _forks.apart_from_forks.acquire(blocking=False):
            _forks.apart_from_forks.release()
            got.append(True)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    return not got


def test_the_first_use_of_each_kind_holds_forks_back():
    class Drawing:
        @_forks.first_apart_from_forks
        def draw(self, image):
            return forks_wait()

    class Other(Drawing):
        pass

    grey, colour = np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint8)
    assert [Drawing().draw(grey), Drawing().draw(grey), Drawing().draw(colour)] == [True, False, True]
    assert [Other().draw(grey), Other().draw(grey[:1]), Other().draw(grey.astype(float))] == [True, False, True]
    assert not forks_wait()


def test_a_first_use_that_fails_lets_forks_go_on():
    @_forks.first_apart_from_forks
    def draw(self, image):
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            draw(None, None)
        assert not forks_wait()


def test_a_lock_is_free_in_the_child_and_after():
    """It is taken before the fork by the forking thread, and given back on both sides."""
    lock = threading.Lock()
    _forks.hold_during_forks(lock)
    try:
        child = os.fork()
        if child == 0:
            os._exit(0 if lock.acquire(blocking=False) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert not lock.locked()
    finally:
        _forks._locks.remove(lock)


def test_the_weights_are_read_apart(monkeypatch):
    """The first reading of resources imports what reads them: its module's lock would stay taken in a child."""
    seen, files_of = [], resources.files

    def files(package):
        seen.append(forks_wait())
        return files_of(package)

    monkeypatch.setattr(faces.yunet.resources, "files", files)
    faces.YuNet()
    assert seen == [True]


def classes(package):
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        yield from (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)


def test_what_uses_opencv_first_is_apart():
    """Every drawing of the package, and the detectors that run networks."""
    drawings = {item for item in classes(protections) if isinstance(item, type) and "draw" in vars(item)}
    assert {item.__name__ for item in drawings} >= {"Surrogate", "Camouflage"}
    detectors = {faces.yunet.YuNet, faces.centerface.CenterFace}
    methods = [item.draw for item in drawings] + [item.detect for item in detectors]
    assert [method for method in methods if not hasattr(method, "__wrapped__")] == []
