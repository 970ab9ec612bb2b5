"""The ways in which servers and data loaders run us: pre-forked workers, and loops that feed worker processes."""

import multiprocessing
import os
import queue
import signal
import threading

import numpy as np
import pytest
from children import alone

import fastperturb as fp

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
]
BOX = (20, 20, 150, 150)
KEY = fp.Key(bytes(range(32)))


def picture(seed):
    return np.random.default_rng(seed).integers(0, 256, (200, 200, 3), np.uint8)


def answer(number):
    """What a request handler does; True if the picture came back."""
    image = picture(number)
    hidden, record = fp.perturb(image, BOX, KEY, threads=1 + number % 3)
    return bool((hidden != image).any()) and bool((fp.restore(hidden, record, KEY) == image).all())


def serve(results, ready, requests):
    """A worker: several threads answer requests, as a threaded worker of gunicorn does."""
    numbers = queue.SimpleQueue()
    for number in range(requests):
        numbers.put(number)

    def handle():
        while True:
            try:
                number = numbers.get_nowait()
            except queue.Empty:
                return
            results.put((os.getpid(), answer(number)))

    ready.set()
    threads = [threading.Thread(target=handle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def master(used_before):
    """Imports, and perhaps uses, the package; then forks workers, and anew where one is killed, as gunicorn does."""
    context = multiprocessing.get_context("fork")
    if used_before:
        assert answer(2)
        fp.perturb_many([picture(i) for i in range(8)], [BOX] * 8, KEY, threads=4)
    results, victim_ready = context.SimpleQueue(), context.Event()
    victim = context.Process(target=serve, args=(context.SimpleQueue(), victim_ready, 10_000))
    victim.start()
    assert victim_ready.wait(60)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join(60)
    workers = [context.Process(target=serve, args=(results, context.Event(), 30)) for _ in range(3)]
    for worker in workers:
        worker.start()
    answers = [results.get() for _ in range(90)]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len({pid for pid, _ in answers}) == 3
    assert all(right for _, right in answers)
    assert answer(1)


@pytest.mark.parametrize("used_before", [False, True])
def test_workers_forked_from_a_preloaded_master(used_before):
    alone(master, used_before)


def load(indices, batches):
    """A worker of a data loader: an index in, a protected batch out."""
    for index in iter(indices.get, None):
        images = [picture(4 * index + i) for i in range(4)]
        protected = fp.perturb_many(images, [BOX] * 4, KEY, reproducible=True, threads=2)
        batches.put((index, np.stack([hidden for hidden, _ in protected])))


def feed_worker_processes(start):
    fp.perturb_many([picture(i) for i in range(4)], [BOX] * 4, KEY, threads=2)
    context = multiprocessing.get_context(start)
    indices, batches = context.Queue(), context.Queue()
    workers = [context.Process(target=load, args=(indices, batches)) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for _epoch in range(2):
            for index in range(6):
                indices.put(index)
            got = dict(batches.get(timeout=120) for _ in range(6))
            for index in range(6):
                for i in range(4):
                    expected, _ = fp.perturb(picture(4 * index + i), BOX, KEY, reproducible=True)
                    assert np.array_equal(got[index][i], expected)
    finally:
        for _worker in workers:
            indices.put(None)
        for worker in workers:
            worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_data_loader_that_feeds_worker_processes(start):
    """Persistent workers over two epochs give the same batches as one process does."""
    alone(feed_worker_processes, start)
