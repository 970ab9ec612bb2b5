"""Several detectors as one: faces once, by whom, and what happens where one of them fails."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb import Face, Region
from fastperturb.errors import DetectorFailed, MissingExtra
from fastperturb.faces import AnyAngle, Union, make_detector
from fastperturb.faces.registry import make_united, model_files, split_united
from fastperturb.faces.union import merge

IMAGE = np.zeros((200, 300, 3), np.uint8)
POINTS = ((20.0, 20.0), (30.0, 20.0), (25.0, 25.0), (21.0, 30.0), (29.0, 30.0))


class Finds:
    def __init__(self, *faces):
        self.faces = [face if isinstance(face, Face) else Face(Region(*face[:4]), *face[4:]) for face in faces]

    def detect(self, image, /):
        return list(self.faces)


class Fails:
    def __init__(self, error):
        self.error = error

    def detect(self, image, /):
        raise self.error


def test_a_face_of_two_is_one_and_says_by_whom():
    both = Union({"a": Finds((10, 10, 40, 50, 0.7)), "b": Finds((12, 11, 40, 50, 0.9, POINTS), (200, 90, 30, 30, 0.4))})
    first, second = both.detect(IMAGE)
    assert (first.region, first.score, first.landmarks) == (Region(10, 10, 40, 50), 0.9, POINTS)
    assert first.found_by == ("a", "b")
    assert (second.region, second.found_by) == (Region(200, 90, 30, 30), ("b",))
    assert fp.locate(IMAGE, both, grow=0.1)[0].found_by == ("a", "b")


def test_detectors_that_disagree_are_both_covered():
    half, whole = (20, 20, 40, 20, 0.9), (20, 20, 40, 60, 0.5)
    (face,) = Union({"a": Finds(half), "b": Finds(whole)}).detect(IMAGE)
    assert face.region == Region(20, 20, 40, 60)
    apart = Union({"a": Finds(half), "b": Finds((20, 60, 40, 60, 0.5))}).detect(IMAGE)
    assert [item.found_by for item in apart] == [("a",), ("b",)]
    (inside,) = Union({"a": Finds((0, 0, 100, 100, 0.5)), "b": Finds((25, 25, 50, 50, 0.9))}).detect(IMAGE)
    assert inside.region == Region(0, 0, 100, 100)


def test_two_faces_that_one_detector_tells_apart_stay_two():
    near = Union({"a": Finds((10, 10, 40, 40, 0.9), (25, 10, 40, 40, 0.8)), "b": Finds((16, 10, 40, 40, 0.7))})
    assert [face.found_by for face in near.detect(IMAGE)] == [("a", "b"), ("a",)]


def test_agree_gives_what_several_find():
    detectors = {"a": Finds((10, 10, 40, 50)), "b": Finds((12, 11, 40, 50), (200, 90, 30, 30)), "c": Finds()}
    assert [face.found_by for face in Union(detectors, agree=2).detect(IMAGE)] == [("a", "b")]
    assert Union(detectors, agree=3).detect(IMAGE) == []


def test_one_that_fails_is_never_left_out_silently():
    ok = Finds((10, 10, 40, 50))
    with pytest.raises(DetectorFailed, match=r"the detector b failed: RuntimeError: no memory"):
        Union({"a": ok, "b": Fails(RuntimeError("no memory"))}).detect(IMAGE)
    with pytest.raises(DetectorFailed, match=r"the detector a failed: bad file"):
        Union({"a": Fails(fp.errors.ModelError("bad file")), "b": ok}).detect(IMAGE)
    with pytest.raises(MissingExtra, match="OpenCV 4"):
        Union({"a": ok, "b": Fails(MissingExtra("Haar needs OpenCV 4"))}).detect(IMAGE)
    with pytest.raises(ValueError, match="float32 image must be within 0 to 1") as caught:
        Union({"a": make_detector("yunet"), "b": ok}).detect(np.full((9, 9), 300, np.float32))
    assert not isinstance(caught.value, DetectorFailed)


def test_arguments():
    with pytest.raises(ValueError, match="detectors must name at least one"):
        Union({})
    with pytest.raises(TypeError, match=r"detectors\['b'\] must have a method detect\(image\), got 3"):
        Union({"a": Finds(), "b": 3})
    for agree in (0, 3, True, 1.0):
        with pytest.raises(ValueError, match="agree must be from 1 to the 2 detectors"):
            Union({"a": Finds(), "b": Finds()}, agree=agree)


def test_five_thousand_faces_of_two_detectors():
    places = [(x, y) for y in range(0, 5000, 50) for x in range(0, 2500, 50)]
    faces = [Face(Region(x + shift, y, 30, 40), 0.5 + shift / 10) for shift in (0, 3) for x, y in places]
    merged = merge(faces, ["a"] * len(places) + ["b"] * len(places))
    assert len(merged) == 5000
    assert {face.found_by for face in merged} == {("a", "b")}


def test_text_joins_detectors_by_plus_signs(tmp_path):
    assert split_united("yunet+centerface?threshold=0.5") == ["yunet", "centerface?threshold=0.5"]
    assert split_united("yolo=a+b.onnx?classes=1+12+yunet?threshold=0.3") == [
        "yolo=a+b.onnx?classes=1+12", "yunet?threshold=0.3",
    ]  # fmt: skip
    assert split_united("yunet") == ["yunet"]
    assert list(make_united("yunet+yunet?threshold=0.3")) == ["yunet", "yunet?threshold=0.3"]
    assert isinstance(make_detector("yunet+yunet?max_pixels=none"), Union)
    with pytest.raises(ValueError, match=r"detectors must be different ones, got 'yunet\+yunet'"):
        make_detector("yunet+yunet")
    with pytest.raises(ValueError, match="a detector must be one of yunet"):
        make_united("mtcnn+yunet")
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"1")
    assert model_files(f"yunet={path}+centerface") == [path]


def test_five_thousand_faces_at_any_angle():
    """Sure faces keep their boxes, each once; only so many of the others are looked at in crops."""
    places = [(x, y) for y in range(0, 5000, 50) for x in range(0, 2500, 50)]

    class Sees:
        looks = 0

        def detect(self, image, /):
            self.looks += 1
            if image.shape[:2] != (5000, 2500):
                return []
            return [Face(Region(x, y, 30, 40), 0.95 if x < 1250 else 0.85) for x, y in places]

    detector = Sees()
    faces = AnyAngle(detector).detect(np.zeros((5000, 2500), np.uint8))
    assert len(faces) == 5000
    assert sum(face.region.width == 30 for face in faces) == 2500
    assert detector.looks < 2000
