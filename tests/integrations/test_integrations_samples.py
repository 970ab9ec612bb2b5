"""What could be a picture in a sample, whatever holds it; what cannot."""

import numpy as np
import pytest

from fastperturb.integrations.samples import could_be_picture, number_lists, refuse_pictures

PICTURE = np.arange(12 * 9 * 3, dtype=np.uint8).reshape(12, 9, 3)


@pytest.mark.parametrize(
    "value",
    [
        PICTURE,
        PICTURE.tolist(),
        PICTURE[..., 0].tolist(),
        (PICTURE / 255).transpose(2, 0, 1).tolist(),
        [PICTURE.tolist()],
        {"small": PICTURE.tolist()},
        tuple(map(tuple, PICTURE[..., 0].tolist())),
        list(PICTURE),  # rows as arrays
        [[np.uint8(value) for value in row] for row in PICTURE[..., 0]],
        [PICTURE[:9].tolist(), PICTURE.tolist()],
        np.array([PICTURE[:9], PICTURE, None], dtype=object)[:2],
    ],
    ids=lambda value: type(value).__name__,
)
def test_pictures(value):
    assert could_be_picture(value)
    with pytest.raises(ValueError, match="'thumb' could be a picture"):
        refuse_pictures([("thumb", value), ("thumb", value)], (), "hide it")
    refuse_pictures([("thumb", value)], ("thumb",), "hide it")


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 7, 1.5, "text" * 9, b"bytes", [], [[]], {}),
        [[1, 2, 30, 40]] * 50,  # boxes
        [[1.5, 2.5]] * 68,  # landmarks
        [[[1, 2]] * 5] * 20,  # landmarks of faces
        list(range(1000)),
        [PICTURE[0, 0]] * 50,
        [np.float32(0.5)] * 600,
        [list(range(length)) for length in range(1, 30)],  # tokens of sentences
        [[[1] * length] for length in range(8, 30)],  # polygons
        (PICTURE > 9).tolist(),
        [["a"] * 9] * 9,
        [[None] * 9] * 9,
        np.array([[1, 2], [3]], dtype=object),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_pictures(value):
    assert not could_be_picture(value)


def test_lists_of_numbers_are_found_by_their_names_at_any_depth():
    sample = (PICTURE, {"boxes": [[1, 2, 3, 4]], "more": {"thumb": PICTURE.tolist()}, "label": 3}, [PICTURE, "x"], [5])
    found = dict(number_lists(sample))
    assert found == {"boxes": [[1, 2, 3, 4]], "thumb": PICTURE.tolist(), "3": [5]}
    assert [name for name, value in found.items() if could_be_picture(value)] == ["thumb"]
