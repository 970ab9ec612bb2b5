"""Makes version_2_jpeg.json, records of a JPEG's coefficients: ``python tests/vectors/make_version_2_jpeg.py``.

The files are frozen. They were made by the package, reproducibly, out of JPEGs that Pillow wrote; the reference in
tests/helpers/reference_jpeg.py, which shares nothing with it, restores them.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
import numpy as np
import reference_jpeg
from jpeg_cases import coefficients, jpeg, jpeg_440, picture, with_coefficients

import fastperturb as fp
from fastperturb.files import perturb_jpeg

SECRET = bytes(range(7, 39))
KEY = fp.Key(SECRET)
SMALL = picture(69, 91)
GREY = jpeg(picture(24, 32), grey=True)
STRONG = np.random.default_rng(0).integers(-1000, 1001, coefficients(GREY).shape).astype(np.int16)
BLACK, SURROGATE = fp.protections.Black(), fp.Surrogate()
CASES = {
    "4:2:0, an ellipse": (jpeg(SMALL), [fp.Region(30, 20, 24, 28)], SURROGATE),
    "4:2:2, two boxes that overlap": (
        jpeg(SMALL, sampling="4:2:2"),
        [fp.Region(10, 12, 30, 30), fp.Region(33, 20, 30, 40)],
        BLACK,
    ),
    "4:4:0, beyond the edge": (jpeg_440(SMALL), [fp.Region(70, 50, 60, 60)], BLACK),
    "grey, one MCU of strong coefficients": (with_coefficients(GREY, STRONG), [fp.Region(8, 8, 4, 4)], BLACK),
}


def main() -> None:
    found = []
    for name, (data, regions, drawing) in CASES.items():
        hidden, record = perturb_jpeg(data, regions, KEY, drawing, reproducible=True, seal_metadata=False)
        original = coefficients(data).astype("<i2").tobytes()
        assert reference_jpeg.restore(hidden, SECRET).astype("<i2").tobytes() == original, name
        found.append(
            {
                "name": name,
                "file": base64.b64encode(hidden).decode(),
                "record_sha256": hashlib.sha256(record.to_bytes()).hexdigest(),
                "original_sha256": hashlib.sha256(original).hexdigest(),
            }
        )
    text = {"key": SECRET.hex(), "vectors": found}
    Path(__file__).with_name("version_2_jpeg.json").write_text(json.dumps(text, indent=1) + "\n")


if __name__ == "__main__":
    main()
