"""Templates: the drawn face, averages of faces, files, and what is refused."""

import json

import cv2
import numpy as np
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb.errors import ModelError
from fastperturb.protections import Surrogate, Template
from fastperturb.protections.drawn_face import LANDMARKS, draw_face

MARKS = ((40.0, 60.0), (80.0, 60.0), (60.0, 80.0), (45.0, 100.0), (75.0, 100.0))


def plain(shape=(140, 120, 3)):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_the_drawn_face_is_drawn_once_and_can_be_drawn_at_any_size():
    template = Template.default()
    assert template is Template.default()
    assert template.frame.shape == (520, 400, 3)
    assert not template.frame.flags.writeable
    small, matte = draw_face(100, 130)
    reduced = cv2.resize(template.picture, (100, 130), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - reduced).mean() < 4
    assert matte[0, 0] == 0
    assert matte[70, 50] == 255


@pytest.mark.parametrize("width", [24, 40, 80, 200, 400, 800])
@pytest.mark.parametrize("ground", ["black", "white", "noise"])
def test_the_drawn_face_is_found_at_any_size_on_any_ground(width, ground):
    side = 3 * width
    image = {
        "black": np.zeros((side, side, 3), np.uint8),
        "white": np.full((side, side, 3), 255, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8),
    }[ground]
    box = fp.Region(side // 2 - width // 4, side // 2 - width // 3, width // 2, int(0.65 * width))
    shown = Surrogate().protect(image, [box], seed=0)
    (face,) = fp.locate(shown)
    assert face.score > 0.85
    region = Surrogate().regions_for([box], image.shape)[0]
    for (x, y), (own_x, own_y) in zip(face.landmarks, LANDMARKS, strict=True):
        scale = region.width / 400
        assert abs(x - region.x - own_x * scale) < 0.05 * region.width + 1
        assert abs(y - region.y - own_y * scale) < 0.05 * region.width + 1


def test_a_head_is_placed_by_landmarks():
    head = Template(plain(), MARKS).head
    scaled = [((x - head[0]) / head[2] * 400, (y - head[1]) / head[3] * 520) for x, y in MARKS]
    eyes, mouth = np.mean(scaled[:2], axis=0), np.mean(scaled[3:], axis=0)
    assert np.allclose((eyes[0] + mouth[0]) / 2, 200, atol=0.01)
    rows = [y for _, y in LANDMARKS]
    assert np.allclose((eyes[1] + mouth[1]) / 2, (rows[0] + rows[3]) / 2, atol=0.01)
    assert abs(head[3] / head[2] - 1.3) < 1e-9


def test_files_come_back(tmp_path):
    template = Template(plain(), MARKS, matte=plain()[..., 0])
    template.to_file(tmp_path / "face.npz")
    again = Template.from_file(tmp_path / "face.npz")
    assert again.fingerprint == template.fingerprint
    assert (again.landmarks, again.head) == (template.landmarks, template.head)
    bgra = np.dstack([template.picture[..., ::-1], template.matte])
    cv2.imwrite(str(tmp_path / "face.png"), bgra)
    (tmp_path / "face.json").write_text(json.dumps({"landmarks": MARKS}))
    assert Template.from_file(tmp_path / "face.png").fingerprint == template.fingerprint
    (tmp_path / "face.json").write_text(json.dumps({"landmarks": MARKS, "head": [10, 10, 50, 65]}))
    assert Template.from_file(tmp_path / "face.png").head == (10, 10, 50, 65)


def test_float_pictures_are_taken_as_they_look():
    assert (
        Template(plain().astype(np.float32) / np.float32(255), MARKS).fingerprint
        == Template(plain(), MARKS).fingerprint
    )


def test_the_average_lays_landmarks_over_each_other():
    clear = astronaut().read()
    (face,) = fp.locate(clear)
    half = cv2.resize(clear, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    marks = tuple((x / 2, y / 2) for x, y in face.landmarks)
    fitted = Template.fit([clear, half], [[face], [fp.Face(face.region, landmarks=marks)]])
    alone = Template.fit([clear])
    assert np.abs(fitted.frame.astype(int) - alone.frame).mean() < 3
    assert fp.locate(fitted.picture)[0].score > 0.85
    boxes = Template.fit([clear[..., 0]], [[fp.Face(face.region)]])
    assert np.array_equal(boxes.frame[..., 0], boxes.frame[..., 2])
    shown = Surrogate(template=fitted).protect(clear, [face], seed=0)
    assert fp.locate(shown)[0].score > 0.8


def test_an_average_of_two_is_their_mean():
    faces = [fp.Face(fp.Region(30, 40, 50, 60))]
    dark, light = np.full((160, 150, 3), 40, np.uint8), np.full((160, 150, 3), 140, np.uint8)
    assert (Template.fit([dark, light], [faces, faces]).frame == 90).all()
    wide = np.full((160, 150), 90 * 257, np.uint16)
    assert (Template.fit([wide], [faces]).frame == 90).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Template(plain(), ()), ValueError, "landmarks must be 5 points .*, got 0"),
        (
            lambda: Template(plain(), ((120.5, 9.0), *MARKS[1:])),
            ValueError,
            r"in the picture of 120 x 140, got \(120.5, 9\)",
        ),
        (lambda: Template(plain(), ((float("nan"), 9.0), *MARKS[1:])), ValueError, "landmarks must lie in the picture"),
        (lambda: Template(plain(), ((1.0,), *MARKS[1:])), ValueError, r"a landmark must be \(x, y\), got \(1.0,\)"),
        (lambda: Template(plain(), MARKS[1::-1] + MARKS[2:]), ValueError, "right eye to the left of the left one"),
        (lambda: Template(plain((140, 120)), MARKS), ValueError, r"picture must be RGB.*shape \(140, 120\)"),
        (lambda: Template(plain((140, 120, 4)), MARKS), ValueError, "picture must be RGB"),
        (
            lambda: Template(plain().astype(np.uint16), MARKS),
            ValueError,
            "picture must be RGB, uint8 or float32, got uint16",
        ),
        (lambda: Template(plain((7, 120, 3)), MARKS), ValueError, "sides of 8 to 8192 pixels"),
        (
            lambda: Template(plain().astype(np.float32), MARKS),
            ValueError,
            "picture must lie within 0 to 1, got 0 to 255",
        ),
        (lambda: Template([1], MARKS), TypeError, "picture must be a NumPy array"),
        (lambda: Template(plain(), MARKS, head=(0, 0, 0, 5)), ValueError, "head must have sides of 1"),
        (lambda: Template(plain(), MARKS, head=(0, 0, 5)), ValueError, r"head must be \(x, y, width, height\)"),
        (lambda: Template(plain(), MARKS, matte=plain()), ValueError, "matte must have the picture's shape"),
        (
            lambda: Template(plain(), MARKS, matte=np.zeros((140, 120))),
            TypeError,
            "matte must be a uint8 array, got float64",
        ),
        (lambda: Template.fit([]), ValueError, "at least one face to average, got none"),
        (lambda: Template.fit([plain()], [[]]), ValueError, "at least one face to average"),
        (lambda: Template.fit([plain()], []), ValueError, "a list for each image: there are more images"),
        (lambda: Template.fit([], [[]]), ValueError, "a list for each image: there are more lists"),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_wrong_files_say_what_is_wrong(tmp_path):
    def told(name, content, beside=None):
        (tmp_path / name).write_bytes(content)
        if beside is not None:
            (tmp_path / name).with_suffix(".json").write_text(beside)
        with pytest.raises(ModelError) as caught:
            Template.from_file(tmp_path / name)
        return str(caught.value)

    png = cv2.imencode(".png", plain())[1].tobytes()
    marks = json.dumps({"landmarks": MARKS})
    assert "landmarks must be in a.json beside it" in told("a.png", png)
    assert "landmarks is missing" in told("b.png", png, "{}")
    assert "landmarks must be 5 points" in told("c.png", png, '{"landmarks": [[1, 2]]}')
    assert "must hold landmarks" in told("d.png", png, '{"landmarks": [], "mouth": 1}')
    assert "neither a picture nor" in told("e.png", b"nonsense", marks)
    assert "RGB of 8 bits" in told("f.png", cv2.imencode(".png", plain()[..., 0])[1].tobytes(), marks)
    assert "no template" in told("g.npz", b"PK\x03\x04 cut")
    np.savez(tmp_path / "h.npz", format=np.array("other"), picture=plain())
    assert "its format must be" in told("h.npz", (tmp_path / "h.npz").read_bytes())
    np.savez(tmp_path / "i.npz", format=np.array([{}], dtype=object), picture=plain())
    assert "no template" in told("i.npz", (tmp_path / "i.npz").read_bytes())  # pickled
    with pytest.raises(ModelError, match="cannot be read"):
        Template.from_file(tmp_path / "missing.png")
