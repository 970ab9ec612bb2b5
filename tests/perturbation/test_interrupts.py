"""Ctrl-C at any moment: pixels that were moved in place have their record, or are where they were."""

import gc
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.perturbation import batch_pipeline

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


@pytest.mark.parametrize("protection", [fp.Strength(), fp.Mosaic(cells=4)])
def test_an_interrupt_while_the_turn_is_left(key, image, monkeypatch, protection):
    class Interrupted:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            raise KeyboardInterrupt

    monkeypatch.setattr("fastperturb.perturbation.single.limit_calls", lambda _: Interrupted())
    before = image.copy()
    with pytest.raises(KeyboardInterrupt):
        fp.perturb(image, (0, 0, 60, 60), key, protection, out=image)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_in_place(key, interrupted, threads):
    stack = np.random.default_rng(2).integers(0, 256, (200, 80, 80, 3), np.uint8)
    boxes = [(5, 5, 70, 70)] * len(stack)
    job = lambda: fp.perturb_many(stack, boxes, key, out=stack, threads=threads)  # noqa: E731
    check(stack, stack.copy(), job, interrupted)


@pytest.mark.parametrize("again", [0, 1, 3])
@pytest.mark.parametrize("protection", [fp.Strength(), fp.Mosaic(cells=4)])
def test_an_interrupt_while_a_thread_is_started(key, monkeypatch, protection, again):
    """Nobody knows of that thread yet, and it writes all the same; more interrupts come while it is waited for."""
    images = list(np.random.default_rng(3).integers(0, 256, (8, 700, 700, 3), np.uint8))
    before = [image.copy() for image in images]
    start, sleep, pauses = threading.Thread.start, time.sleep, []

    def interrupted_start(thread):
        start(thread)
        raise KeyboardInterrupt

    def interrupted_sleep(seconds):
        pauses.append(seconds)
        if len(pauses) <= again:
            raise KeyboardInterrupt
        sleep(seconds)

    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    monkeypatch.setattr(time, "sleep", interrupted_sleep)
    others = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        fp.perturb_many(images, [[(5, 5, 600, 600)]] * 8, key, protection, out=images, threads=2, reproducible=True)
    for thread in set(threading.enumerate()) - others:
        thread.join(60)
    assert all(np.array_equal(image, old) for image, old in zip(images, before, strict=True))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("protection", [fp.Strength(), fp.Mosaic(cells=4)])
def test_another_interrupt_while_images_are_taken_back(key, monkeypatch, protection, threads):
    stack = np.random.default_rng(4).integers(0, 256, (12, 80, 80, 3), np.uint8)
    before = stack.copy()
    real, calls = batch_pipeline.Chunk.take_back, []

    def end(*_):
        raise KeyboardInterrupt

    def interrupted(chunk, index):
        calls.append(index)
        if len(calls) % 3 == 1:
            raise KeyboardInterrupt
        real(chunk, index)
        if len(calls) % 3 == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("fastperturb.perturbation.batch.gather", end)
    monkeypatch.setattr(batch_pipeline.Chunk, "take_back", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fp.perturb_many(stack, [(5, 5, 70, 70)] * 12, key, protection, out=stack, threads=threads)
    assert np.array_equal(stack, before)


def test_one_image_that_cannot_be_taken_back_does_not_lose_the_others(key, monkeypatch):
    stack = np.random.default_rng(4).integers(0, 256, (6, 80, 80, 3), np.uint8)
    before = stack.copy()
    real = batch_pipeline.Chunk.take_back

    def end(*_):
        raise KeyboardInterrupt

    def without_memory(chunk, index):
        if index == 2:
            raise MemoryError
        real(chunk, index)

    monkeypatch.setattr("fastperturb.perturbation.batch.gather", end)
    monkeypatch.setattr(batch_pipeline.Chunk, "take_back", without_memory)
    with pytest.raises(MemoryError):
        fp.perturb_many(stack, [(5, 5, 70, 70)] * 6, key, out=stack, threads=1)
    assert [i for i in range(6) if not np.array_equal(stack[i], before[i])] == [2]


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
