"""The same answers on every system: ``python tests/answers.py`` recomputes tests/vectors/answers.json and compares.

Needs NumPy and the package alone, so that an emulator, a wheel's builder or another compiler can run it. Pixels,
records and maps of SSIM are compared by hash; errors and SSIM by their digits, ten of them where the C library's
logarithm or exponential takes part. ``--write`` makes the file anew.
"""

import hashlib
import json
import platform
import runpy
import sys
from pathlib import Path

import numpy as np

import fastperturb as fp
from fastperturb.metrics.measures import SsimOptions, ssim_map

VECTORS = Path(__file__).parent / "vectors"
FROZEN = VECTORS / "answers.json"
SHAPES = [(97, 131), (97, 131, 3), (300, 200, 4)]
REGIONS = [fp.Region(3, 4, 70, 80), fp.Region(40, 20, 60, 60, shape="ellipse")]
RANGES = {"uint8": None, "uint16": None, "float32": 4096.0}


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:32]


def answers() -> dict[str, str]:
    """What each question was answered with, as text."""
    vector_image = runpy.run_path(str(VECTORS / "make.py"))["vector_image"]
    key, found = fp.Key(bytes(range(32))), {}
    for dtype, data_range in RANGES.items():
        for shape in SHAPES:
            name = f"{dtype} {shape}"
            image = vector_image(list(shape), dtype)
            hidden, record = fp.perturb(image, REGIONS, key, reproducible=True)
            assert (fp.restore(hidden, record, key) == image).all(), name
            found[f"hidden, {name}"] = sha256(hidden)
            found[f"record, {name}"] = hashlib.sha256(record.to_bytes()).hexdigest()[:32]
            for interpolation in ("mosaic", "lanczos"):
                found[f"{interpolation} view, {name}"] = sha256(fp.view(hidden, record, interpolation=interpolation))
            goal = fp.Strength(window=9, mse=fp.mse(image, hidden) / 3)
            found[f"solved pixels, {name}"] = str(fp.perturb(image, REGIONS, key, goal)[1].moved)
            found[f"mse, {name}"] = repr(fp.mse(image, hidden))
            found[f"psnr, {name}"] = f"{fp.psnr(image, hidden, data_range=data_range):.10g}"
            uniform = SsimOptions(window="uniform")
            found[f"uniform map, {name}"] = sha256(ssim_map(image, hidden, data_range=data_range, options=uniform))
            for window in ("gaussian", "uniform"):
                options = SsimOptions(window=window)
                found[f"{window} ssim, {name}"] = (
                    f"{fp.ssim(image, hidden, data_range=data_range, options=options):.10g}"
                )
    return found


def main(*arguments: str) -> None:
    found = answers()
    if arguments == ("--write",):
        FROZEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))
    wrong = {
        name: (frozen.get(name), found.get(name)) for name in frozen | found if frozen.get(name) != found.get(name)
    }
    assert not wrong, f"(frozen, found): {wrong}"
    print(f"{len(found)} answers as frozen: {platform.system()} {platform.machine()}, {fp.info().instruction_set}")


if __name__ == "__main__":
    main(*sys.argv[1:])
