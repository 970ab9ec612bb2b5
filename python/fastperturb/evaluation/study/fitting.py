"""Fits the protections that learn, on the training split only.

A process of its own with one thread does it, so that the same seed gives the same model in every run.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from ... import Face
from ...protections import FittedProtection, Protection
from ..datasets import Sample
from ..result_cache import error_text
from .inputs import StudyInputs

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def fit_protections(
    protections: Mapping[str, Protection], inputs: StudyInputs, *, apart: bool
) -> tuple[dict[str, Protection], dict[str, str]]:
    """Fits each protection that must be and is not.

    Args:
        protections: by name.
        inputs: gives the training split.
        apart: in another process.

    Returns:
        Those that were fitted, and for those that could not be the reason.
    """
    samples = [inputs.samples[name] for name in inputs.training]
    faces = [inputs.faces[name] for name in inputs.training]
    fitted: dict[str, Protection] = {}
    broken: dict[str, str] = {}
    for name, protection in protections.items():
        if not isinstance(protection, FittedProtection) or protection.fitted:
            continue
        try:
            fitted[name] = _fit_apart(protection, samples, faces) if apart else fit_one(protection, samples, faces)
        except Exception as error:  # torch may be missing; the others go on, and it is told with each number
            broken[name] = error_text(error)
    return fitted, broken


def _fit_apart(protection: Protection, samples: Sequence[Sample], faces: Sequence[tuple[Face, ...]]) -> Protection:
    context = multiprocessing.get_context("spawn")
    with one_thread(), ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(fit_one, protection, samples, faces).result()


def fit_one(protection: Any, samples: Sequence[Sample], faces: Sequence[tuple[Face, ...]]) -> Protection:
    """The protection, fitted on samples and their faces."""
    protection.fit((sample.read() for sample in samples), faces)
    fitted: Protection = protection
    return fitted


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Lets processes that start meanwhile compute on one thread: sums of several threads differ in their last bits."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
