"""The queue of small calls: nobody is lost, nobody waits for ever, and fork() does not copy who is inside."""

import os
import threading

import numpy as np
import pytest
from children import alone, in_children

import fastperturb as fp
from fastperturb import _core
from fastperturb.perturbation import call_limiter as limiter

BOX = (10, 10, 80, 60)
KEY = fp.Key(bytes(range(32)))


def picture(seed):
    return np.random.default_rng(seed).integers(0, 256, (100, 100, 3), np.uint8)


def run_threads(count, work):
    failures = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "a thread waits for ever"
    assert not failures


@pytest.fixture
def places(request):
    limiter.limit_calls(picture(0))  # settles the number of places first
    _core.set_max_inside(request.param)
    yield request.param
    limiter._limiter.cache_clear()


@pytest.mark.parametrize("places", [1, 2, 7], indirect=True)
def test_all_callers_get_their_turns(places):
    """64 threads, each with its own image, more than one turn's worth of calls in all."""

    def work(number):
        image = picture(number)
        for _ in range(20):
            hidden, record = fp.perturb(image, BOX, KEY)
            assert np.array_equal(fp.restore(hidden, record, KEY), image)

    run_threads(64, work)


@pytest.mark.parametrize("places", [1, 2], indirect=True)
def test_no_more_threads_are_inside_than_there_are_places(places):
    turn, lock, inside, most = _core.CallLimiter(), threading.Lock(), [0], [0]

    def work(_number):
        for _ in range(50):
            with turn:
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                threading.Event().wait(0.0002)
                with lock:
                    inside[0] -= 1

    run_threads(12, work)
    assert most[0] == places


@pytest.mark.parametrize("places", [1], indirect=True)
def test_an_error_gives_the_place_back(places):
    for _ in range(3):
        with pytest.raises(ValueError, match="regions"):
            fp.perturb(picture(1), (500, 500, 10, 10), KEY)
    run_threads(2, lambda number: fp.perturb(picture(number), BOX, KEY))


@pytest.mark.parametrize("places", [1], indirect=True)
def test_a_thread_that_is_inside_goes_in_again(places):
    """A finalizer or a signal handler may call while its thread is in a call already."""
    turn = _core.CallLimiter()
    with turn, turn:
        fp.perturb(picture(1), BOX, KEY)
    run_threads(2, lambda number: fp.perturb(picture(number), BOX, KEY))


@pytest.mark.parametrize("places", [1], indirect=True)
def test_a_thread_that_does_not_come_back_leaves_its_place(places):
    """Each thread calls once and ends, so that no one who leaves calls the next."""
    run_threads(100, lambda number: fp.perturb(picture(number), BOX, KEY))


@pytest.mark.parametrize("places", [2], indirect=True)
def test_a_place_that_is_given_up_is_taken_while_others_are_inside(places):
    turn, last_may_go, waiter_was_in = _core.CallLimiter(), threading.Event(), threading.Event()
    both_inside, waiter_waits = threading.Barrier(3), threading.Event()

    def stay():
        with turn:
            both_inside.wait(60)
            assert waiter_was_in.wait(60), "its place stayed empty"
            last_may_go.set()

    def leave():
        with turn:
            both_inside.wait(60)
            waiter_waits.wait(60)

    def wait():
        waiter_waits.set()
        with turn:
            waiter_was_in.set()

    threads = [threading.Thread(target=work) for work in (stay, leave)]
    for thread in threads:
        thread.start()
    both_inside.wait(60)
    run_threads(1, lambda _number: wait())
    for thread in threads:
        thread.join(60)
    assert last_may_go.is_set()


@pytest.mark.parametrize("places", [4], indirect=True)
def test_threads_that_call_once_use_all_places(places):
    """Twelve that each stay until four are inside: they would never go if one place stayed empty."""
    turn, four = _core.CallLimiter(), threading.Barrier(4)

    def work(_number):
        with turn:
            four.wait(50)

    run_threads(12, work)


def test_large_images_do_not_queue():
    small, large = np.zeros((512, 512, 3), np.uint8), np.zeros((1024, 1025), np.uint8)
    assert isinstance(limiter.limit_calls(small), _core.CallLimiter)
    assert not isinstance(limiter.limit_calls(large), _core.CallLimiter)


def call_once(number):
    image = picture(number)
    hidden, record = fp.perturb(image, BOX, KEY)
    return bool((fp.restore(hidden, record, KEY) == image).all())


def fork_while_others_are_inside():
    assert call_once(0)  # a child of a process that is importing what it needs too would wait for that for ever
    _core.set_max_inside(1)
    turn, inside, done = _core.CallLimiter(), threading.Event(), threading.Event()

    def hold():
        with turn:
            inside.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    waiting = threading.Thread(target=call_once, args=(1,))
    holder.start()
    inside.wait(60)
    waiting.start()
    try:
        assert in_children(call_once, range(4)) == [True] * 4
    finally:
        done.set()
        holder.join(60)
        waiting.join(60)
    assert call_once(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_while_others_are_inside_works():
    """The child has none of the threads that hold the places or wait for them."""
    alone(fork_while_others_are_inside)
