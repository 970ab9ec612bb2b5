"""dlib's network: what it gives against dlib itself, and by which image it aligns."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb.evaluation.datasets import Sample
from fastperturb.evaluation.recognition import DlibResnet, find_faces, make_subjects

pytest.importorskip("dlib", reason="pip install 'fastperturb[dlib]'")


def test_dlibs_network_gives_what_dlib_gives():
    photograph = astronaut().read()
    (face,) = fp.locate(photograph)
    sample = Sample("astronaut", "Collins", lambda: photograph)
    (subject,) = make_subjects([sample], find_faces([sample]))
    assert subject.face == face
    shown = [
        subject,
        subject.altered(lambda image, who: image[..., 0]),
        subject.altered(lambda image, who: np.zeros_like(image)),
    ]
    fast, slow = (DlibResnet(fast=choice).embed(shown) for choice in (True, False))
    assert fast.shape == (3, 128)
    np.testing.assert_allclose(fast, slow, atol=2e-6)
    assert np.linalg.norm(fast[0] - fast[1]) < 0.3 < 0.6 < np.linalg.norm(fast[0] - fast[2])


def test_dlib_may_be_pickled_and_reads_the_clear_image_once():
    photograph = astronaut().read()
    reads = []

    def read():
        reads.append(1)
        return photograph

    sample = Sample("astronaut", "Collins", read)
    (subject,) = make_subjects([sample], find_faces([sample]))
    hidden = subject.altered(lambda image, who: photograph)
    reads.clear()
    recogniser = DlibResnet()
    points = recogniser.embed([hidden, hidden])
    assert len(reads) == 3  # to align, and what is shown twice
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(recogniser)).embed([hidden]), points[:1])  # noqa: S301


def test_dlib_aligns_another_image_of_the_same_name_anew():
    photograph = astronaut().read()
    large = np.repeat(np.repeat(photograph, 2, axis=0), 2, axis=1)
    used = DlibResnet()
    for image in (photograph, large, np.ascontiguousarray(large[:, ::-1])):
        sample = Sample("astronaut", "Collins", lambda image=image: image)
        subjects = make_subjects([sample], find_faces([sample]))
        moved = [replace(one, face=fp.Face(replace(one.face.region, x=one.face.region.x + 9))) for one in subjects]
        for shown in (subjects, moved):
            np.testing.assert_array_equal(used.embed(shown), DlibResnet().embed(shown))
