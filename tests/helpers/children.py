"""Tests that fork: in an interpreter of their own, and with children that say where they hang if they do."""

import faulthandler
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SECONDS = 60


def alone(function, *arguments):
    """Calls a module's function in a new interpreter.

    In the one that runs all tests Ray has been, whose threads and signal handler stay: nothing can be said of forks
    beside those.
    """
    folder = Path(function.__code__.co_filename).parent
    call = f"from {function.__module__} import {function.__name__} as call; call(*{arguments!r})"
    result = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", call],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(Path(__file__).parent)))},
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def answer(work, argument, connection):
    faulthandler.register(signal.SIGUSR1)
    connection.send(work(argument))


def in_children(work, arguments):
    """What ``work`` returns for each argument in a forked child of its own, all of them at once."""
    context = multiprocessing.get_context("fork")
    children = []
    try:
        for argument in arguments:
            here, there = context.Pipe(duplex=False)
            child = context.Process(target=answer, args=(work, argument, there))
            child.start()
            there.close()
            children.append((child, here))
        return [answer_of(child, here) for child, here in children]
    finally:
        for child, here in children:
            child.kill()
            child.join()
            here.close()


def answer_of(child, connection):
    if not connection.poll(SECONDS):
        os.kill(child.pid, signal.SIGUSR1)
        time.sleep(1)
        raise AssertionError(f"no answer from process {child.pid} within {SECONDS} s; its stack is printed")
    result = connection.recv()
    child.join(SECONDS)
    assert child.exitcode == 0
    return result
