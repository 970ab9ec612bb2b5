"""Face keys as values: text, damage, equality, and that nothing shows the secret."""

import pickle

import numpy as np
import pytest
import reference_seal

import fastperturb as fp
from fastperturb.face_key import FaceKey

SECRET = bytes(range(100, 132))


@pytest.fixture
def face():
    return FaceKey(bytes(range(8)), 513, SECRET)


def test_text_there_and_back(face):
    text = face.to_text()
    assert text == "fpface2_AAECAwQFBgcBAmRlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn-AgYKDdUC34w"
    assert text == reference_seal.face_text(bytes(range(8)), 513, SECRET)
    assert len(text) == 70
    assert FaceKey.from_text(f"  {text}\n") == face
    assert pickle.loads(pickle.dumps(face)) == face  # noqa: S301


def test_every_damaged_character_is_noticed_and_never_repeated(face):
    text = face.to_text()
    for at in range(len(text)):
        for other in "A_z":
            damaged = text[:at] + other + text[at + 1 :]
            if damaged == text:
                continue
            with pytest.raises(ValueError, match="a face key's text must") as caught:
                FaceKey.from_text(damaged)
            assert damaged[8:30] not in str(caught.value)
    for wrong in (text[:-1], text + "A", text + "=", "", "fpface2_", text.replace("fpface2", "fpface3")):
        with pytest.raises(ValueError, match="a face key's text must"):
            FaceKey.from_text(wrong)


def test_a_face_key_is_no_master_key_and_the_reverse(face):
    with pytest.raises(ValueError, match="a key's text must start with"):
        fp.Key.from_text(face.to_text())
    with pytest.raises(ValueError, match="a face key's text must start with"):
        FaceKey.from_text(fp.Key.generate().to_text())
    with pytest.raises(TypeError, match="got a FaceKey, which restores one face and protects nothing"):
        fp.perturb(np.zeros((9, 9), np.uint8), (0, 0, 9, 9), face)


def test_what_it_shows(face):
    assert repr(face) == "FaceKey(record='0001020304050607', index=513)"
    assert face != FaceKey(bytes(range(8)), 512, SECRET)
    assert face != FaceKey(bytes(range(8)), 513, bytes(32))
    assert face != "text"
    assert hash(face) == hash(FaceKey(bytes(range(8)), 513, bytes(32)))
    with pytest.raises(AttributeError, match="cannot be changed"):
        face.index = 1


@pytest.mark.parametrize("values", [(bytes(7), 0, SECRET), (bytes(8), -1, SECRET), (bytes(8), 65_535, SECRET)])
def test_wrong_sizes(values):
    with pytest.raises(ValueError, match="must have 8 bytes, 0 to 65534, and 32 bytes"):
        FaceKey(*values)
    with pytest.raises(TypeError):
        FaceKey(bytes(8), True, SECRET)
