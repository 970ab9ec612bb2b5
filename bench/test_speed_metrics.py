"""The metrics against others, with pytest-benchmark: ``python -m pytest bench/test_speed_metrics.py``.

Every answer is asserted. ``python bench/compare.py metrics`` runs the same in interleaved rounds and prints ratios.
"""

import pytest

from contests_metrics import KINDS, SIZES, contest

PEERS = ["fastperturb", "frame-analytics", "OpenCV recipe", "pytorch-msssim", "fast-ssim", "cv2.PSNR", "numkong"]


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_metrics(benchmark, kind, size, name):
    if kind == "multi-scale SSIM" and min(SIZES[size][:2]) < 161:
        pytest.skip("smaller than five scales need")
    found = {candidate.name: candidate for candidate in contest(kind, size, threads=1).candidates}
    if name not in found:
        pytest.skip(f"{name} does not compute this, or is not installed")
    benchmark.group = f"{kind}, {size}"
    found[name].check()
    benchmark(found[name].call)
