"""Ctrl-C at any moment: pixels that were moved in place have their record, or are where they were."""

import gc
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import fastperturb as fp

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers"),
    # A finalizer or a callback of the garbage collector may be what an interrupt hits; it is lost there.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def interrupted(request):
    """Calls something and interrupts it at a random moment of the time that it takes; True if it was."""

    def stop(_number, _frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    moments = random.Random(1)

    def call(job, seconds):
        result = None
        try:
            signal.setitimer(signal.ITIMER_REAL, moments.uniform(1e-5, seconds * 0.95))
            result = job()
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            pass
        return result is None

    gc.disable()
    yield call
    gc.enable()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def seconds_of(job):
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def check(images, before, job, interrupted):
    """Interrupts at least 20 of 80 or more calls; how many hit depends on what else the machine does."""
    seconds = min(seconds_of(job) for _ in range(5))
    images[...] = before
    calls = count = 0
    while calls < 80 or count < 20:
        if interrupted(job, seconds):
            count += 1
            assert np.array_equal(images, before)
        images[...] = before
        calls += 1
        assert calls < 2000


def test_one_image_in_place(key, interrupted):
    image = np.random.default_rng(1).integers(0, 256, (900, 900, 3), np.uint8)
    check(image, image.copy(), lambda: fp.perturb(image, (0, 0, 900, 900), key, out=image), interrupted)


def test_an_interrupt_while_the_turn_is_left(key, image, monkeypatch):
    class Interrupted:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            raise KeyboardInterrupt

    monkeypatch.setattr("fastperturb.perturbation.single.limit_calls", lambda _: Interrupted())
    before = image.copy()
    with pytest.raises(KeyboardInterrupt):
        fp.perturb(image, (0, 0, 60, 60), key, out=image)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_in_place(key, interrupted, threads):
    stack = np.random.default_rng(2).integers(0, 256, (200, 80, 80, 3), np.uint8)
    boxes = [(5, 5, 70, 70)] * len(stack)
    job = lambda: fp.perturb_many(stack, boxes, key, out=stack, threads=threads)  # noqa: E731
    check(stack, stack.copy(), job, interrupted)


DAEMONS = """
import sys, threading, time
import numpy as np
import fastperturb as fp

key = fp.Key.generate()
stack = np.random.default_rng(0).integers(0, 256, (64, 100, 100, 3), np.uint8)
called = threading.Event()

def work():
    while True:
        if sys.argv[1] == "many":
            fp.perturb_many(stack, [(5, 5, 90, 90)] * 64, key, threads=2)
        else:
            fp.perturb(stack[0], (5, 5, 90, 90), key)
        called.set()

for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
called.wait(60)
"""


@pytest.mark.parametrize("call", ["one", "many"])
def test_the_interpreter_ends_while_daemon_threads_work(call):
    for _ in range(4):
        result = subprocess.run(
            [sys.executable, "-c", DAEMONS, call], capture_output=True, text=True, timeout=120, check=False
        )
        assert result.returncode == 0, result.stderr
