"""The file attacker: its numbers against the file itself, what it names of made-up people, and how it is counted."""

from dataclasses import replace

import numpy as np
import pytest
from people import FACE, make_people, make_split

import fastperturb as fp
from fastperturb.evaluation.datasets import DataSet, Sample
from fastperturb.evaluation.recognition import GallerySplit, attack_files
from fastperturb.evaluation.recognition.file_attack import file_numbers
from fastperturb.files.reading import RECORD_TEXT
from fastperturb.files.writing import encode
from fastperturb.protections import Black, Clear, Mosaic, Permutation, Surrogate
from fastperturb.protections.permutation import seeded_key


def moved(subject, by):
    box = subject.face.region
    return replace(subject, face=replace(FACE, region=fp.Region(box.x + by, box.y, box.width, box.height)))


def placed_by_person():
    """Everybody's face at a place of the person's own."""
    split = make_split()
    parts = ([moved(one, 2 * int(one.person[1:]) - 8) for one in part] for part in (split.gallery, split.probes))
    return GallerySplit(*parts)


@pytest.mark.parametrize("protection", [Mosaic(cells=4), Surrogate()])
def test_numbers_are_those_of_the_file_that_is_written(protection):
    subject = make_split().gallery[0]
    ((left, top, width, height, seals, length, beside, inside),) = file_numbers([subject], protection, 5)
    hidden, record = fp.perturb(subject.clear(), [FACE], seeded_key(5), protection, reproducible=True)
    box = record.regions[0].region
    assert (left, top, width, height) == (box.x, box.y, box.width, box.height)
    assert seals == sum(entry.length for entry in record.entries)
    assert length == len(record.to_bytes())
    assert beside == len(b"".join(encode(hidden, "PNG")))
    assert inside == len(b"".join(encode(hidden, "PNG", texts={RECORD_TEXT: record.to_json()})))
    assert inside > beside + seals


def test_permutations_have_no_seal_and_clear_no_record():
    subject = make_split().gallery[0]
    ((*_, seals, length, beside, inside),) = file_numbers([subject], Permutation(), 0)
    assert seals == 0 < length < inside - beside
    assert next(file_numbers([subject], Clear(), 0))[:6] == [0] * 6


def test_places_name_people_and_the_same_place_for_all_does_not():
    told = attack_files(placed_by_person(), Black(), 0)
    assert told.one.rank1.value > 0.9
    assert told.reading.startswith("region")
    assert told.one.probes == 24
    assert told.several.probes == told.several.people == 8
    assert told.several.rank1.value > 0.9
    assert told.tried[told.reading] == max(told.tried.values())
    same = attack_files(make_split(), Black(), 0)
    assert same.tried["region, nearest"] == pytest.approx(1 / 8)


def test_the_mean_of_several_files_is_looked_up_among_means():
    """Places that scatter by more than people differ: one file says little, five together more."""
    rng = np.random.default_rng(0)
    split = make_split(make_people(8, 10), enrolled=5)
    parts = (
        [moved(one, int(np.clip(2 * int(one.person[1:]) - 8 + rng.normal(0, 3), -12, 12))) for one in part]
        for part in (split.gallery, split.probes)
    )
    told = attack_files(GallerySplit(*parts), Black(), 0)
    assert told.several.rank1.value > told.one.rank1.value + 0.1


def test_the_same_seed_gives_the_same():
    split = placed_by_person()
    assert attack_files(split, Surrogate(), 3) == attack_files(split, Surrogate(), 3)


def test_a_file_without_a_face_in_its_image_counts_as_it_is():
    """A region beyond the image changes nothing: the file is still looked at, with zeros for what it lacks."""
    samples = DataSet("one", (Sample("p0/0", "p0", lambda: np.zeros((72, 64), np.uint8)),)).samples
    split = make_split()
    lost = replace(split.gallery[0], face=replace(FACE, region=fp.Region(200, 200, 10, 10)), clear=samples[0].read)
    assert next(file_numbers([lost], Mosaic(cells=4), 0))[:6] == [0] * 6
