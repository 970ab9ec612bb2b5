"""Size and time of a seal beside lossless WebP and PNG, on ellipses of photographs: ``python bench/seals.py FOLDERS``.

Faces are found by ``fp.locate`` and widened to the head. Each seal is opened again and compared. Medians over faces;
the time of a face is the least of seven. Sizes are before padding, which adds up to an eighth of the raw size.
"""

import statistics
import struct
import sys
import time
from pathlib import Path

import cv2
import numpy as np

import fastperturb as fp
from fastperturb.perturbation import seal_coding


def least(function) -> float:
    """Milliseconds."""
    times = []
    for _ in range(7):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def heads(folder: Path):
    """(crop, mask) of each face."""
    for path in sorted(folder.rglob("*")):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.suffix.lower() in (".jpg", ".png", ".pgm") else None
        if image is None:
            continue
        if path.suffix == ".pgm":
            image = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)[..., 0]
        for face in fp.locate(np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else image):
            box = face.region
            w, h = int(box.width * 1.4), int(box.height * 1.5)
            head = fp.Region(box.x + box.width // 2 - w // 2, box.y + box.height // 2 - int(h * 0.55), w, h, "ellipse")
            rows, columns = head.clipped(*image.shape[:2])
            y, x = np.mgrid[rows, columns]
            mask = ((2 * (x - head.x) + 1 - w) * h) ** 2 + ((2 * (y - head.y) + 1 - h) * w) ** 2 <= (w * h) ** 2
            yield np.ascontiguousarray(image[rows, columns]), mask


def main() -> None:
    columns = {"raw": [], "seal": [], "webp": [], "png": [], "seal ms": [], "open ms": [], "webp ms": [], "png ms": []}
    padded = []
    for crop, mask in (head for folder in sys.argv[1:] for head in heads(Path(folder))):
        raw = int(mask.sum()) * crop[0, 0].nbytes
        plain = seal_coding.encode(crop, mask)
        out = np.zeros_like(crop)
        seal_coding.decode(plain, raw, "the seal").put(out, mask)
        assert (out[mask] == crop[mask]).all(), "a seal must bring the pixels back"
        blank = crop * mask.reshape(*mask.shape, *[1] * (crop.ndim - 2)).astype(np.uint8)
        for name, extension, options in (("webp", ".webp", [64, 101]), ("png", ".png", [16, 6])):
            columns[name].append(len(cv2.imencode(extension, blank, options)[1]))
            columns[name + " ms"].append(least(lambda e=extension, o=options, b=blank: cv2.imencode(e, b, o)))
        columns["raw"].append(raw)
        columns["seal"].append(9 + struct.unpack_from("<Q", plain, 1)[0])
        columns["seal ms"].append(least(lambda c=crop, m=mask: seal_coding.encode(c, m)))
        columns["open ms"].append(least(lambda p=plain, r=raw, o=out, m=mask: seal_coding.decode(p, r, "").put(o, m)))
        padded.append(len(plain))
    count = len(padded)
    sums = {name: sum(columns[name]) / count for name in ("raw", "seal", "webp", "png")}
    print(f"{count} faces, mean bytes:", {name: round(value) for name, value in sums.items()})
    print(f"seal / webp {sums['seal'] / sums['webp']:.3f}, padded / seal {sum(padded) / count / sums['seal']:.3f}")
    print("median ms:", {n: round(statistics.median(v), 2) for n, v in columns.items() if n.endswith("ms")})


if __name__ == "__main__":
    main()
