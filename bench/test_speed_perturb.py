"""Perturbing against others, with pytest-benchmark: ``python -m pytest bench/test_speed_perturb.py``.

Every answer is asserted. `bench/compare.py perturb` runs the same in interleaved rounds and prints ratios.
"""

import numpy as np
import pytest

from perturb_contenders import CONTENDERS

CASES = {
    "250x250x3, n=8000": ((250, 250, 3), (50, 50, 150, 150), 8_000),
    "250x250x3, n=22500": ((250, 250, 3), (50, 50, 150, 150), 22_500),
    "1080p, 600x600 face": ((1080, 1920, 3), (500, 200, 600, 600), 360_000),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", CONTENDERS)
def test_perturb(benchmark, name, case):
    shape, box, pixels = CASES[case]
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    try:
        run, check = CONTENDERS[name](image, box, pixels)
    except ImportError as error:
        pytest.skip(f"{name}: {error}")
    benchmark.group = case
    check(benchmark(run))
