"""Runs the tasks of a study over processes, keeps what is finished, and puts the results together in a fixed order.

Each process computes on one thread, so that the same seed gives the same bits however many processes there are.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..._optional import import_opencv
from ..result_cache import FOLDER, ResultCache, digest_code, error_text
from ..versions import list_libraries, read_versions
from .attacking import measure_attack, measure_files, measure_pairs, measure_restorer
from .examples import make_examples, make_sweep, make_threshold
from .fitting import fit_protections, one_thread
from .inputs import StudyInputs, prepare
from .measuring import Tools, measure_detection, measure_quality
from .results import StudyResults, gather
from .tasks import Study, Task, expected_cost, leave_out, list_tasks, task_digest
from .versions import study_versions, task_versions

Progress = Callable[[str, float, float], None]
Content = dict[str, Any]

_MEASURING = {
    "quality": measure_quality,
    "detection": measure_detection,
    "attack": measure_attack,
    "restorer": measure_restorer,
    "file": measure_files,
    "pairs": measure_pairs,
}
_DRAWING = {"examples": make_examples, "sweep": make_sweep, "threshold": make_threshold}
_POLL = 0.5  # seconds between looks at whether to stop
_tools: list[Tools] = []  # of this process, when it is a worker


class Stopped(Exception):
    """The run was asked to stop; what was finished is kept."""


@dataclass(frozen=True, slots=True)
class Running:
    """How to run.

    Attributes:
        folder: keeps finished tasks in "cache"; None keeps nothing.
        jobs: processes; 0 works in this one.
        progress: called with (what was done last, seconds of work done, seconds of work in all), as expected.
        stop: asked now and then; true stops the run.
    """

    folder: Path | None = None
    jobs: int = 0
    progress: Progress | None = None
    stop: Callable[[], bool] | None = None


def run_study(study: Study, running: Running = Running()) -> StudyResults:
    """Runs the tasks of a study that are not in the cache.

    Args:
        study: what is to be done.
        running: how.

    Returns:
        All numbers in a fixed order; tasks that failed as a whole are among the failures, and are tried again by the
        next run.

    Raises:
        Stopped: ``running.stop`` said so.
        ValueError: no image shows a face.
        OSError: the folder cannot be written.
    """
    cache = ResultCache(None if running.folder is None else running.folder / FOLDER)

    def reading(what: str, done: int, total: int) -> None:
        if running.stop is not None and running.stop():
            raise Stopped
        if running.progress is not None and done % 20 == 0:
            running.progress(f"{what} {done} of {total}", 0.0, 1.0)

    began = time.perf_counter()
    code = digest_code()
    version = [read_versions(list_libraries(study.locator)), code]
    inputs = prepare(study.dataset, study.locator, {**study.settings, "version": version}, cache, reading)
    study = leave_out(study, inputs)
    tasks = list_tasks(study, inputs)
    versions = study_versions(study, tasks)
    digests = {task: task_digest(study, inputs, task, {**task_versions(study, task), "code": code}) for task in tasks}
    contents = {task: found for task in tasks if (found := cache.find(digests[task])) is not None}
    todo = [task for task in tasks if task not in contents]
    study, unfit = _fitted(study, inputs, todo, running)
    for task in [task for task in todo if task.protection in unfit]:
        contents[task] = {"numbers": [], "failures": [], "seconds": 0.0, "broken": unfit[task.protection]}
    todo = [task for task in todo if task not in contents]
    ahead = sum(expected_cost(study, task) for task in tasks)
    done = ahead - sum(expected_cost(study, task) for task in todo)
    for task, content in _results(study, inputs, todo, running):
        contents[task] = content
        if not content.get("broken"):
            cache.keep(digests[task], content)
        done += expected_cost(study, task)
        if running.progress is not None:
            running.progress(str(task), done, ahead)
    seconds = {"run": time.perf_counter() - began, "tasks_done": len(todo), "tasks": len(tasks)}
    return gather(study, inputs, contents, versions, seconds)


def _fitted(study: Study, inputs: StudyInputs, todo: list[Task], running: Running) -> tuple[Study, dict[str, str]]:
    """The study with those protections fitted that are needed, and what could not be fitted, with the reason."""
    every = any(task.kind == "examples" for task in todo)
    needed = {
        name: item for name, item in study.protections.items() if every or any(c.protection == name for c in todo)
    }
    if running.progress is not None:
        running.progress("fitting", 0.0, 1.0)
    fitted, unfit = fit_protections(needed, inputs, apart=running.jobs > 0)
    return replace(study, protections={**study.protections, **fitted}), unfit


def _results(study: Study, inputs: StudyInputs, todo: list[Task], running: Running) -> Iterator[tuple[Task, Content]]:
    if running.jobs == 0 or not todo:
        tools = Tools(study, inputs)
        for task in todo:
            if running.stop is not None and running.stop():
                raise Stopped
            yield task, do_task(tools, task)
        return
    before = set(multiprocessing.active_children())
    with one_thread():
        pool = ProcessPoolExecutor(
            running.jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(study, inputs),
        )
        waiting: dict[Future[Content], Task] = {}
        try:
            waiting = {pool.submit(_work, task): task for task in todo}
            yield from _finished(waiting, running)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            if any(not future.done() for future in waiting):
                for child in set(multiprocessing.active_children()) - before:
                    child.terminate()


def _finished(waiting: dict[Future[Content], Task], running: Running) -> Iterator[tuple[Task, Content]]:
    left = set(waiting)
    while left:
        if running.stop is not None and running.stop():
            raise Stopped
        ready, left = wait(left, _POLL, FIRST_COMPLETED)
        for future in ready:
            try:
                yield waiting[future], future.result()
            except BrokenProcessPool as error:
                if running.stop is not None and running.stop():  # the signal went to the whole group
                    raise Stopped from None
                raise OSError(f"a process of the study ended by itself, out of memory perhaps: {error}") from error


def _begin(study: Study, inputs: StudyInputs) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides, and ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _tools[:] = [Tools(study, inputs)]


def _end_with_parent() -> None:
    """Ends this process when its parent is killed, which the pipes of the pool do not tell."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(task: Task) -> Content:
    return do_task(_tools[0], task)


def do_task(tools: Tools, task: Task) -> Content:
    """What a task gives: "numbers" or "drawing", "failures" (image, reason) and "seconds"; "broken" if it failed."""
    import_opencv().setNumThreads(1)
    began = time.perf_counter()
    content: Content = {"numbers": [], "failures": []}
    try:
        if task.kind in _MEASURING:
            numbers, failures = _MEASURING[task.kind](tools, task)
            content["numbers"] = [list(number) for number in numbers]
        else:
            content["drawing"], failures = _DRAWING[task.kind](tools, task)
        content["failures"] = [list(failure) for failure in failures]
    except Exception as error:  # told and counted; the others go on, and the next run tries again
        content["broken"] = error_text(error)
    content["seconds"] = round(time.perf_counter() - began, 3)
    return content
