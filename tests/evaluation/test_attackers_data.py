"""The facts to check against, on the AT&T faces by dlib's network (tests/fetch_data.py; extras dlib, evaluate)."""

from importlib.util import find_spec

import pytest

from fastperturb.evaluation.datasets import open_dataset, split_by_image
from fastperturb.evaluation.recognition import (
    AttackBench,
    DlibResnet,
    GallerySplit,
    LocalHistograms,
    find_faces,
    make_subjects,
)
from fastperturb.protections import parse_protection

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(find_spec("dlib") is None, reason="pip install 'fastperturb[dlib]'"),
]


@pytest.fixture(scope="module")
def gallery_split():
    try:
        dataset = open_dataset("att")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    assert len(dataset.people) == 40
    assert {sample.read().shape for sample in dataset.samples[::50]} == {(224, 184)}
    faces = find_faces(dataset.samples)
    assert all(len(found) == 1 for found in faces.values())
    split = split_by_image(dataset, 5, 0)
    return GallerySplit(make_subjects(split.gallery, faces), make_subjects(split.probes, faces))


@pytest.fixture(scope="module")
def bench(gallery_split):
    return AttackBench(DlibResnet(), gallery_split)


def test_clear(bench):
    (naive,) = bench.run(parse_protection("clear"), ("naive",))
    assert naive.identification.rank1.value == 1.0
    assert naive.verification.eer.value < 0.01


@pytest.mark.parametrize(
    ("protection", "fact"), [("window=8", 0.77), ("window=12", 0.33), ("window=16", 0.14), ("window=region", 0.03)]
)
def test_naive_as_in_the_facts(bench, protection, fact):
    (naive,) = bench.run(parse_protection(f"permutation:{protection}"), ("naive",))
    rank1 = naive.identification.rank1
    assert rank1.low - 0.03 <= fact <= rank1.high + 0.03


def test_black_box(bench):
    """Hair and background: nothing to who knows clear faces only, a third to who knows black boxes."""
    naive, linker = bench.run(parse_protection("black"), ("naive", "linker"))
    assert naive.identification.rank1.value < 0.1
    assert linker.identification.rank1.value == pytest.approx(1 / 3, abs=0.1)


def test_windows_keep_what_histograms_and_views_see(bench, gallery_split):
    """What must never be forgotten when a window is recommended."""
    naive, cleaner = bench.run(parse_protection("permutation:window=16"), ("naive", "cleaner"))
    assert cleaner.identification.rank1.value > naive.identification.rank1.value + 0.5
    whole = parse_protection("permutation:window=region")
    (linker,) = AttackBench(LocalHistograms(grid=1, bins=32), gallery_split).run(whole, ("linker",))
    assert linker.identification.rank1.value > 0.5
