"""How often ``Sparing`` errs, for docs/faces.md: ``python docs/figures/spare_data.py`` (extra ``dlib``).

Each of the 40 people of the AT&T faces is spared in turn by the first three of ten photographs. The other seven should
be spared, and none of the 390 photographs of others.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from fastperturb import locate
from fastperturb.faces import DlibEmbedding, YuNet

TESTS = Path(__file__).parents[2] / "tests"
EXAMPLES = 3


def main() -> None:
    """Measures and prints."""
    sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]
    from photographs import att_faces, read_rgb

    embedding, detector = DlibEmbedding(), YuNet()
    vectors = []
    for path in att_faces():
        grey = cv2.resize(read_rgb(path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        image = cv2.copyMakeBorder(np.dstack((grey,) * 3), 60, 60, 60, 60, cv2.BORDER_REPLICATE)
        vectors.append(embedding.embed(image, locate(image, detector)[0]))
    known = np.array(vectors).reshape(40, 10, -1)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 40, (2000, 40))
    for threshold in (0.35, 0.4, 0.45, 0.5, 0.55, 0.6):
        missed, strangers = [], []
        for person in range(40):
            examples = known[person, :EXAMPLES]
            near = np.linalg.norm(known[:, :, None] - examples, axis=-1).min(axis=-1) <= threshold
            missed.append(1 - near[person, EXAMPLES:].mean())
            strangers.append(np.delete(near, person, axis=0).mean())
        rows = [np.quantile(np.array(values)[drawn].mean(axis=1), [0.025, 0.975]) for values in (missed, strangers)]
        for name, values, row in zip(("own, not spared", "strangers, spared"), (missed, strangers), rows, strict=True):
            print(f"threshold {threshold}: {name}: {np.mean(values):.5f} ({row[0]:.5f} to {row[1]:.5f})")


if __name__ == "__main__":
    main()
