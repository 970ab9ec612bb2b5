"""Metadata sealed in records: they come back with the key, and with nothing else."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.errors import RecordError, Tampered, WrongKey
from fastperturb.perturbation import forget, open_metadata, rekey
from fastperturb.perturbation.format_v2 import SealOptions
from fastperturb.perturbation.record_v2_reading import from_bytes
from fastperturb.perturbation.sealing import Sealing, draw_and_seal
from fastperturb.protections import Mosaic
from fastperturb.protections.drawing import as_drawing

IMAGE = np.random.default_rng(3).integers(0, 255, (60, 70, 3), np.uint8)
KEY, OTHER = fp.Key(bytes(range(32))), fp.Key(bytes(range(1, 33)))
FACES = [(5, 6, 20, 24), (30, 20, 20, 24)]
METADATA = b"name, time and a thumbnail" * 300
PROTECTIONS = [fp.Strength(), Mosaic(cells=4)]


def protected(protection=PROTECTIONS[1], **options):
    return fp.perturb(IMAGE, FACES, KEY, protection, metadata=METADATA, **options)


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_they_come_back_with_the_key_alone(protection):
    hidden, record = protected(protection)
    assert np.array_equal(fp.restore(hidden, record, KEY), IMAGE)
    assert open_metadata(fp.Record.from_json(record.to_json()), KEY) == METADATA
    with pytest.raises(WrongKey):
        open_metadata(record, OTHER)
    assert open_metadata(record, KEY.face_key(record, 0)) is None
    assert METADATA[:40] not in record.to_bytes()


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_a_record_without_has_none(protection):
    record = fp.perturb(IMAGE, FACES, KEY, protection)[1]
    assert open_metadata(record, KEY) is None
    assert len(protected(protection)[1].to_bytes()) > len(record.to_bytes()) + len(METADATA)


def test_every_byte_that_changes_is_noticed():
    whole = protected()[1].to_bytes()
    seal = len(whole) - 2 * 4096 - 16
    for place in (*range(0, seal, 97), seal, seal + 1, seal + 5000, len(whole) - 17, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 4
        try:
            found = open_metadata(from_bytes(bytes(changed)), KEY)
        except (RecordError, Tampered, WrongKey):
            continue
        # a seal of a face: it is checked when the face is restored
        assert found == METADATA
        assert place < seal


def test_those_of_another_record_are_refused():
    first, second = (from_bytes(protected()[1].to_bytes()) for _ in range(2))
    size = len(second.seals[-1])
    swapped = first.to_bytes()[:-size] + second.to_bytes()[-size:]
    with pytest.raises(Tampered, match="metadata are damaged"):
        open_metadata(from_bytes(swapped), KEY)
    for cut in (swapped[:-1], swapped[:-4096], swapped + b"\0"):
        with pytest.raises(RecordError):
            from_bytes(cut)


def test_beside_they_are_in_the_file_of_seals():
    sealing = Sealing(options=SealOptions(beside=True, rest=METADATA))
    record = draw_and_seal(IMAGE, FACES, KEY, as_drawing(Mosaic(cells=4)), None, sealing)[1]
    apart = fp.Record.from_json(record.to_json())
    with pytest.raises(RecordError, match="file beside"):
        open_metadata(apart, KEY)
    assert open_metadata(apart.with_beside(record.beside_bytes()), KEY) == METADATA


def test_they_can_be_erased_and_given_to_others():
    record = protected()[1]
    assert open_metadata(forget(record, KEY, regions=(), rest=True), KEY) is None
    given = rekey(record, KEY, [OTHER])
    assert open_metadata(given, OTHER) == METADATA
    with pytest.raises(WrongKey):
        open_metadata(given, KEY)


def test_equal_ones_give_equal_records_and_others_unrelated_ones():
    records = [
        fp.perturb(IMAGE, FACES, KEY, Mosaic(cells=4), metadata=data, reproducible=True)[1]
        for data in (METADATA, METADATA, METADATA + b"!", METADATA[:-1])
    ]
    assert records[0].to_bytes() == records[1].to_bytes()
    assert len({record.rest.salt for record in records}) == 3
    assert len({record.seals[-1][:64] for record in records}) == 3


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="metadata must be bytes or None"):
        fp.perturb(IMAGE, FACES, KEY, metadata="text")
    with pytest.raises(ValueError, match="up to 16777208 bytes, got 16777209"):
        fp.perturb(IMAGE, FACES, KEY, metadata=bytes(2**24 - 7))
    with pytest.raises(TypeError, match="record must be a Record"):
        open_metadata(None, KEY)
    with pytest.raises(TypeError):
        open_metadata(protected()[1], b"key")
