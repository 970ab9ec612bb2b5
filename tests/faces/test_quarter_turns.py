"""Quarter turns of pictures of any dtype, and the margin around faces that are surely upright."""

import numpy as np
import pytest
from photographs import astronaut

from fastperturb.faces import AnyAngle, YuNet
from fastperturb.faces.tilt import turned_copy


@pytest.mark.parametrize("turn", [0, 90, 180, -90])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 2), (5, 7, 3), (5, 7, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_quarter_turns_are_exact(turn, shape, dtype):
    image = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    look = turned_copy(image, turn, (1.0, 1.0))
    assert look.pixels.dtype == dtype
    np.testing.assert_array_equal(look.pixels, np.rot90(image, turn // 90 % 4))


def test_a_margin_around_upright_faces():
    image = astronaut().read()
    (plain,), (wide,) = (AnyAngle(YuNet(), margin=margin).detect(image) for margin in (0.0, 0.05))
    assert wide.turn == 0
    assert wide.region.x <= plain.region.x - 0.05 * plain.region.width + 1
    assert wide.region.width >= 1.1 * plain.region.width - 2
    for margin in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="margin must be 0 to 1"):
            AnyAngle(YuNet(), margin=margin)
