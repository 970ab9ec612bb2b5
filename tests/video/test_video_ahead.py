"""Work that threads begin before its turn: the same comes of it, in the same order, and nothing runs on afterwards."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip("av")

from made_up_video import SquareDetector, background, drawn, red

from fastperturb.video import ahead, find_tracks
from fastperturb.video.ahead import Ahead, Workers
from fastperturb.video.rules import Effort


@pytest.fixture(params=[1, 2, 8])
def cpus(request, monkeypatch):
    monkeypatch.setattr(ahead, "available_cpus", lambda: request.param)
    return request.param


def threads_of_ours():
    return [thread for thread in threading.enumerate() if thread.name.startswith("fastperturb-")]


def test_items_come_in_order_and_no_more_than_asked_for_wait(cpus):
    made = []

    def items():
        for number in range(40):
            made.append(number)
            yield number

    with Ahead(items(), 3) as ready:
        for number in ready:
            assert len(made) <= number + 1 + 3 + 1
            assert number == made[number]
    assert made == list(range(40))
    assert not threads_of_ours()


def test_an_error_comes_after_what_was_made_before_it(cpus):
    def items():
        yield 1
        yield 2
        raise OSError("gone")

    taken = []
    with pytest.raises(OSError, match="gone"), Ahead(items(), 5) as ready:
        taken.extend(ready)
    assert taken == [1, 2]
    with Ahead(items(), 5) as ready:
        assert [next(ready), next(ready)] == [1, 2]
    assert not threads_of_ours()


def test_who_stops_early_waits_for_the_thread(cpus):
    def items():
        for number in range(1000):
            yield number
            time.sleep(0.001)

    def interrupt(ready):
        next(ready)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Ahead(items(), 2) as ready:
        interrupt(ready)
    assert not threads_of_ours()


def test_workers_give_results_in_order_and_raise_what_was_raised(cpus):
    with Workers() as workers:
        assert workers.help == (cpus > 1)
        assert workers.all(lambda number: number * number, list(range(30))) == [n * n for n in range(30)]
        with pytest.raises(ZeroDivisionError):
            workers.all(lambda number: 1 // (number - 5), list(range(9)))
    assert not threads_of_ours()


def crowd(count):
    """Four faces, one of them weak, one that is covered for a while, before a ground that moves, with a cut."""
    for i in range(count):
        ground = background(seed=1 + (i >= 50))
        ground = np.roll(ground, 7 * i, axis=1)
        boxes = [(40 + 4 * i, 40, 44, 50, red()), (500 - 3 * i, 200, 40, 46, red(0.7)), (300, 60 + i, 50, 60, red())]
        if not 20 <= i < 29:
            boxes.append((120 + i, 250, 40, 50, red(0.9)))
        yield i, i / 30, drawn(boxes, ground)


def test_tracks_do_not_depend_on_how_many_threads_look(monkeypatch):
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(ahead, "available_cpus", lambda count=count: count)
        effort = Effort()
        tracks = find_tracks(crowd(80), SquareDetector(), effort=effort)
        found.append((effort, [(t.id, t.first, t.boxes.tolist(), t.scores.tolist(), t.turns.tolist()) for t in tracks]))
    assert len(found[0][1]) >= 8
    assert found[0][0].quick > 40
    assert found[0][0].near > 5
    for effort, tracks in found[1:]:
        assert effort == found[0][0]
        np.testing.assert_equal(tracks, found[0][1])


def test_an_error_of_the_detector_comes_through(cpus):
    class Broken:
        looks = 0

        def detect(self, image, /):
            self.looks += 1
            if self.looks > 30:
                raise RuntimeError("no more")
            return SquareDetector().detect(image)

    with pytest.raises(RuntimeError, match="no more"):
        find_tracks(crowd(60), Broken())
    assert not threads_of_ours()
