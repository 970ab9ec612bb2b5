"""Makes version_1.json out of the slow reference: ``python tests/vectors/make.py``.

The file is frozen: it may gain cases, but a case that changes is a new record version.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
import reference


def vector_image(shape: list[int], dtype: str) -> np.ndarray:
    """An image by formula, so that no random generator has to stay the same."""
    index = np.arange(np.prod(shape), dtype=np.uint64)
    value = (index * 2654435761 + index // 7 * 40503) % 2**32
    if dtype == "float32":
        return ((value.astype(np.float64) - 2**31) / 2**20).astype(np.float32).reshape(shape)
    return (value >> (24 if dtype == "uint8" else 16)).astype(dtype).reshape(shape)


def region(x, y, width, height, shape, window, pixels):
    return locals()


CASES = [
    ("one box, all pixels, small windows", [40, 50, 3], "uint8", [region(5, 4, 36, 30, "box", 8, 1080)]),
    ("the paper's n", [112, 92], "uint8", [region(0, 0, 92, 112, "box", 12, 8000)]),
    ("one window of the whole region", [60, 70, 3], "uint8", [region(3, 2, 60, 50, "box", 60, 3000)]),
    ("few pixels of many windows", [30, 30, 4], "uint16", [region(0, 0, 30, 30, "box", 3, 50)]),
    ("ellipse, clipped", [33, 44, 1], "float32", [region(-9, -4, 40, 30, "ellipse", 7, 500)]),
    (
        "three regions that overlap",
        [50, 60, 2],
        "uint16",
        [
            region(0, 0, 40, 40, "box", 9, 500),
            region(20, 10, 35, 35, "ellipse", 40, 600),
            region(50, 40, 30, 30, "box", 2, 77),
        ],
    ),
    ("single pixels left over", [25, 25, 3], "uint8", [region(0, 0, 25, 25, "box", 12, 625)]),
    ("the last size that draws 16-bit words", [64, 64], "uint8", [region(0, 0, 64, 64, "box", 64, 4096)]),
    ("the first size that draws 32-bit words", [241, 17], "uint8", [region(0, 0, 17, 241, "box", 241, 4097)]),
]


def vector_of(name: str, key: bytes, nonce: bytes, image: np.ndarray, regions: list[dict]) -> dict:
    """What a reader must find, by the reference."""
    hidden, record = reference.perturb(image, regions, key, nonce)
    return {
        "name": name,
        "key": key.hex(),
        "image_sha256": hashlib.sha256(image.tobytes()).hexdigest(),
        "hidden_sha256": hashlib.sha256(hidden.tobytes()).hexdigest(),
        "reproducible_nonce": reference.reproducible_nonce(key, image, regions).hex(),
        "record": record,
    }


def main() -> None:
    vectors = []
    for number, (name, shape, dtype, regions) in enumerate(CASES):
        key, nonce = bytes(range(number, number + 32)), bytes(range(200 - number, 224 - number))
        vectors.append(vector_of(name, key, nonce, vector_image(shape, dtype), regions))
    Path(__file__).with_name("version_1.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
