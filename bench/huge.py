"""The largest there is: ``python bench/huge.py`` protects and restores 5,000 faces, and a photograph of 300 megapixels.

The faces lie in one image of 4100 x 5200 pixels, each sealed on its own. The photograph is a JPEG of 20,000 x 15,000
with five copies of scikit-image's astronaut, 512 to 3,000 pixels wide; the command line looks for their faces, protects
them and brings the very file back. It needs 3 GB of memory and 100 MB of disk. `--find careful` looks harder, and
longer.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data

import fastperturb as fp
from fastperturb.files import read_record
from fastperturb.protections import parse_protection

PLACES = ((500, 700, 512), (14_000, 18_000, 512), (3000, 12_000, 1500), (12_000, 2000, 1500), (9000, 7000, 3000))
PROTECTIONS = ("surrogate", "camouflage", "mosaic:6", "blur:cells=4", "noise:0.1")


def faces() -> None:
    """Times of 5,000 faces by each protection."""
    image = np.random.default_rng(0).integers(0, 256, (5200, 4100, 3), np.uint8)
    where = [fp.Region(12 + 58 * (k % 70), 12 + 70 * (k // 70), 36, 44) for k in range(5000)]
    key = fp.Key.generate()
    for name in PROTECTIONS:
        start = time.perf_counter()
        hidden, record = fp.perturb(image, where, key, parse_protection(name))
        protected = time.perf_counter()
        back = fp.restore(hidden, fp.Record.from_json(record.to_json()), key)
        assert np.array_equal(back, image)
        taken = protected - start, time.perf_counter() - protected
        print(f"{len(record.regions):,} faces, {name:12} protected in {taken[0]:.2f} s, restored in {taken[1]:.2f} s")


def photograph(find: str) -> None:
    """300 megapixels through the command line."""
    with tempfile.TemporaryDirectory() as name:
        source, hidden, back = (str(Path(name, part)) for part in ("in.jpg", "hidden.jpg", "back.jpg"))
        small = np.random.default_rng(0).integers(60, 200, (150, 200, 3), np.uint8)
        image = cv2.resize(small, (20_000, 15_000), interpolation=cv2.INTER_CUBIC)
        for y, x, side in PLACES:
            image[y : y + side, x : x + side] = cv2.resize(skimage.data.astronaut()[..., ::-1], (side, side))
        cv2.imwrite(source, image)
        del image
        fp.Key.generate().to_file(Path(name, "key"))
        shared = ["--key-file", str(Path(name, "key")), "--max-pixels", "400000000", "-q"]
        for command in (
            ["perturb", source, "-o", hidden, "--exact-file", "--find", find, *shared],
            ["restore", hidden, "-o", back, *shared],
        ):
            start = time.perf_counter()
            subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-m", "fastperturb", *command], check=True
            )
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
            print(f"300 MP, {command[0]}: {time.perf_counter() - start:.1f} s, {peak} MiB at most")
        assert Path(back).read_bytes() == Path(source).read_bytes()
        print(f"{len(read_record(hidden).regions)} regions came back, byte for byte; {len(PLACES)} faces were there")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--find", default="fast", choices=("fast", "careful", "everything"))
    chosen = parser.parse_args()
    faces()
    photograph(chosen.find)
