"""Measures attacks, a task at a time: with a recogniser, by the restorer, on files, and on the data set's own pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..bootstrap import mean_over_people
from ..recognition import AttackResult, Estimate, Identification, Restorer, Verification, attack_files
from .measuring import Number, Tools
from .rows import RESTORATION, SEVERAL
from .tasks import Task, count_lost_pairs, with_recogniser

WHAT_FILES_SHOW = "no pixel"
_PSNR_WORDS = "mean over images, inside the protected regions, against the clear image"
_FIVE_WORDS = "closed set, up to five files of a person together, a person a look-up"


def measure_attack(tools: Tools, task: Task) -> tuple[list[Number], list[tuple[str, str]]]:
    """All attackers with one recogniser: rank-1, rank-5, chance, equal error, true acceptance."""
    study = tools.study
    protection = study.protections[task.protection]
    results = tools.bench(task.actor).run(protection, with_recogniser(study), seed=study.config.seed)
    return [number for result in results for number in _attacked(result)], []


def measure_restorer(tools: Tools, task: Task) -> tuple[list[Number], list[tuple[str, str]]]:
    """The restorer with all recognisers that look at faces, on networks fitted once; and the PSNR that it gained."""
    study, seed = tools.study, tools.study.config.seed
    protection, split = study.protections[task.protection], tools.gallery_split
    networks = Restorer(split, protection, seed)
    numbers: list[Number] = []
    gains = list(networks.gains(split.probes, "restored probes"))
    finite = [gain for gain in gains if math.isfinite(gain.read) and math.isfinite(gain.restored)]
    columns = [[g.read for g in finite], [g.restored for g in finite], [g.restored - g.read for g in finite]]
    for measure, values in zip(RESTORATION, columns, strict=True):
        people = [gain.person for gain in finite]
        mean = mean_over_people(values, people, resamples=study.config.resamples, seed=seed)
        numbers.append((measure, "restorer", networks.way, *mean, len(split.probes) - len(finite), _PSNR_WORDS))
    for name in study.recognisers:
        bench = tools.bench(name)
        if not hasattr(bench.recogniser, "sees_inside"):
            numbers += _attacked(bench.run(protection, ("restorer",), seed=seed, networks=networks)[0])
    return numbers, []


def measure_files(tools: Tools, task: Task) -> tuple[list[Number], list[tuple[str, str]]]:
    """What files name besides their pixels, from one and from five of a person."""
    found = attack_files(tools.gallery_split, tools.study.protections[task.protection], tools.study.config.seed)
    actor, how = f"file/{WHAT_FILES_SHOW}", f"closed set, {found.one.people} people enrolled"
    numbers = list(_identified(actor, found.reading, found.one, how))
    five = found.several
    return [*numbers, (SEVERAL, actor, found.reading, *_ends(five.rank1), five.probes, 0, _FIVE_WORDS)], []


def measure_pairs(tools: Tools, task: Task) -> tuple[list[Number], list[tuple[str, str]]]:
    """The data set's own pairs, by a recogniser that came trained: equal error and true acceptance."""
    study = tools.study
    bench = tools.pair_bench(task.actor)
    if bench is None:
        return [], []
    results = bench.run(study.protections[task.protection], seed=study.config.seed)
    lost = count_lost_pairs(study, tools.inputs)
    found = ((who, verification) for who, verification in results.items() if who in study.config.attackers)
    return [
        number
        for who, verification in found
        for number in _verified(f"{who}/{task.actor}", "direct", verification, "pairs_", lost)
    ], []


def _attacked(result: AttackResult) -> Iterator[Number]:
    actor, reading = f"{result.attacker}/{result.recogniser}", result.reading

    found = result.identification
    if found is not None:
        yield from _identified(actor, reading, found, f"closed set, {found.people} people enrolled")
    yield from _verified(actor, reading, result.verification)


def _identified(actor: str, reading: str, found: Identification, how: str) -> Iterator[Number]:
    for measure, estimate in (("rank1", found.rank1), ("rank5", found.rank5)):
        yield measure, actor, reading, *_ends(estimate), found.probes, 0, how
    yield "chance1", actor, reading, found.chance1, None, None, found.people, 0, "1 / people enrolled"
    yield "chance5", actor, reading, found.chance5, None, None, found.people, 0, "5 / people enrolled"


def _verified(actor: str, reading: str, pairs: Verification, prefix: str = "", failed: int = 0) -> Iterator[Number]:
    how = f"{pairs.genuine} pairs of one person, {pairs.impostors} of two"
    yield f"{prefix}eer", actor, reading, *_ends(pairs.eer), pairs.genuine, failed, how
    for rate, accepted in pairs.tar.items():
        words = f"false acceptance {rate:g}; {how}"
        yield f"{prefix}tar_{rate:g}", actor, reading, *_ends(accepted), pairs.genuine, failed, words


def _ends(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    value, low, high = (None if math.isnan(end) else end for end in (estimate.value, estimate.low, estimate.high))
    return value, low, high
