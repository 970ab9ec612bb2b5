"""Faces that are spared by example photographs: whom dlib knows, small and turned faces, bad examples, own networks."""

from importlib.util import find_spec

import cv2
import numpy as np
import onnx_models as models
import pytest
from cli_cases import lines_of
from photographs import HINT, photographs

import fastperturb as fp
from fastperturb import Face, Region
from fastperturb.cli.app import run
from fastperturb.faces import AnyAngle, DlibEmbedding, OnnxFaceEmbedding, Sparing, YuNet
from fastperturb.files import write_image

NEEDS_DLIB = pytest.mark.skipif(
    find_spec("dlib") is None or find_spec("face_recognition_models") is None, reason="needs the extra dlib"
)


@pytest.fixture(scope="module")
def portraits():
    try:
        found = {item.path.name: item.read()[..., :3] for item in photographs()}
    except FileNotFoundError:
        pytest.skip(HINT)
    return {
        name: cv2.resize(found[name], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg")
    }


@NEEDS_DLIB
@pytest.mark.data
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_the_person_is_spared_and_others_are_not(portraits, turn):
    sparing = Sparing(AnyAngle(YuNet()), [portraits["obama2.jpg"]], DlibEmbedding())
    own, other = (np.ascontiguousarray(np.rot90(portraits[name], -turn)) for name in ("obama.jpg", "biden.jpg"))
    assert fp.locate(own, sparing) == []
    assert [len(part) for part in sparing.split(own)] == [0, 1]
    assert len(fp.locate(other, sparing)) == 1


@NEEDS_DLIB
@pytest.mark.data
def test_small_faces_are_never_spared(portraits):
    image = portraits["obama2.jpg"]
    sparing = Sparing(AnyAngle(YuNet()), [image], DlibEmbedding())
    small = cv2.resize(image, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    (face,) = fp.locate(small, sparing)
    assert face.region.width < 50
    with pytest.raises(ValueError, match=r"examples\[1\] must show a face that is large and clear enough"):
        Sparing(AnyAngle(YuNet()), [image, small], DlibEmbedding())
    with pytest.raises(ValueError, match=r"blank must show one face, the one to be spared, got 0"):
        Sparing(YuNet(), [np.zeros((99, 99), np.uint8)], DlibEmbedding(), names=["blank"])


@NEEDS_DLIB
@pytest.mark.data
def test_the_command_line_spares(portraits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "friends").mkdir()
    write_image("friends/a.png", portraits["obama2.jpg"])
    for name in ("obama.jpg", "biden.jpg"):
        write_image(name.replace("jpg", "png"), portraits[name])
    assert run(["locate", "obama.png", "biden.png", "--spare", "friends"]) == 0
    rows = {row["file"]: len(row["faces"]) for row in lines_of(capsys.readouterr().out)}
    assert rows == {"obama.png": 0, "biden.png": 1}
    assert run(["locate", "obama.png", "--spare", "friends", "--spare-threshold", "0.05"]) == 0
    assert len(lines_of(capsys.readouterr().out)[0]["faces"]) == 1
    assert run(["locate", "obama.png", "--spare-threshold", "0.5"]) == 2
    assert "go with --spare FOLDER" in capsys.readouterr().err
    (tmp_path / "nobody").mkdir()
    assert run(["locate", "obama.png", "--spare", "nobody"]) == 2
    assert "holds no files" in capsys.readouterr().err


class Boxed:
    def __init__(self, *faces):
        self.faces = list(faces)

    def detect(self, image, /):
        return self.faces


POINTS = ((38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2))


@pytest.fixture
def mean_colour(tmp_path):
    """A network whose vector is the mean colour, -1 to 1, of a crop."""
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    nodes = [
        onnx.helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        onnx.helper.make_node("Flatten", ["pooled"], ["vector"]),
    ]
    return models.save(tmp_path / "mean.onnx", nodes, [("x", 1, [1, 3, 112, 112])], [("vector", 1, [1, 3])])


def test_an_own_network_sees_an_aligned_crop(mean_colour):
    """The face is drawn twice as large and moved; aligned, it fills the crop with its colour."""
    face = Face(Region(140, 30, 224, 224), 0.9, tuple((140 + 2 * x, 30 + 2 * y) for x, y in POINTS))
    image = np.zeros((300, 400, 3), np.uint8)
    image[30:254, 140:364] = (255, 0, 0)
    embedding = OnnxFaceEmbedding(mean_colour, threshold=0.5)
    assert np.allclose(embedding.embed(image, face), np.array([1, -1, -1]) / 3**0.5, atol=0.03)
    assert embedding.embed(image, Face(face.region)) is None  # without landmarks
    assert embedding.embed(image, Face(Region(0, 0, 40, 90), 0.9, POINTS)) is None
    sparing = Sparing(Boxed(face), [image], embedding)
    assert sparing.detect(image) == []
    assert sparing.detect(image[..., ::-1].copy()) == [face]


def test_arguments(mean_colour, tmp_path):
    for threshold in (0, 2.5, "1"):
        with pytest.raises(ValueError, match="threshold must be over 0 and up to 2"):
            OnnxFaceEmbedding(mean_colour, threshold=threshold)
    with pytest.raises(ValueError, match="examples must hold at least one photograph"):
        Sparing(YuNet(), [], OnnxFaceEmbedding(mean_colour, threshold=1))
    with pytest.raises(TypeError, match=r"detector must have a method detect\(image\)"):
        Sparing(None, [np.zeros((9, 9), np.uint8)], OnnxFaceEmbedding(mean_colour, threshold=1))
    wrong = models.save(tmp_path / "w.onnx", [], [("x", 1, [1, 3, 64, 64])], [("x", 1, [1, 3, 64, 64])])
    with pytest.raises(fp.errors.ModelError, match=r"must take floats \(1, 3, 112, 112\), got \(1, 3, 64, 64\)"):
        OnnxFaceEmbedding(wrong, threshold=1)
    wide = models.save(tmp_path / "v.onnx", [], [("x", 1, [1, 3, 112, 112])], [("x", 1, [1, 3, 112, 112])])
    with pytest.raises(fp.errors.ModelError, match="must give one vector"):
        OnnxFaceEmbedding(wide, threshold=1)
