"""Errors go from process to process: pools of workers send them, and break on one that cannot be read."""

import copy
import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import fastperturb as fp
from fastperturb import errors

MADE = {
    name: (kind({2: ValueError("no"), 1: fp.WrongKey("other")}, [3, None, None]),)
    if kind is errors.BatchError
    else (kind("it says why"), kind())
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, BaseException)
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_is_read_as_it_was_written(name, protocol):
    for error in MADE[name]:
        error.where = "a.jpg"
        again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - ours
        assert (type(again), str(again), again.where) == (type(error), str(error), "a.jpg")
        assert str(copy.deepcopy(error)) == str(copy.copy(error)) == str(error)


def test_a_batch_error_has_its_errors_and_results_in_another_process():
    again = pickle.loads(pickle.dumps(MADE["BatchError"][0]))  # noqa: S301 - ours
    assert {i: (type(error), str(error)) for i, error in again.errors.items()} == {
        2: (ValueError, "no"),
        1: (fp.WrongKey, "other"),
    }
    assert again.results == [3, None, None]
    assert str(again).startswith("2 of 3 images failed; the first is image 1: WrongKey: other")


def protect_two(second):
    image = np.arange(2500, dtype=np.uint16).reshape(50, 50)
    return fp.perturb_many([image, image], [[(5, 5, 20, 20)], second], fp.Key(bytes(range(32))), threads=1)


def test_a_pool_of_processes_goes_on_after_a_batch_that_failed():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        bad, good = [pool.submit(protect_two, second) for second in ([], [(1, 2, 3, 4)])]
        with pytest.raises(errors.BatchError) as caught:
            bad.result(120)
        assert len(good.result(120)) == 2
    assert isinstance(caught.value.errors[1], fp.NoFaceFound)
    hidden, record = caught.value.results[0]
    assert fp.restore(hidden, record, fp.Key(bytes(range(32)))).dtype == np.uint16
