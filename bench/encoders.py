"""What settings of file formats cost: ``python bench/encoders.py``, one thread, a perturbed photograph in two sizes.

Every file is decoded and compared first. Needs the extras ``cli`` and ``demo``.
"""

import statistics
import time

import cv2
import numpy as np
from skimage import data

import fastperturb as fp
from fastperturb.files import png_pixels
from fastperturb.files.writing import encode

KEY = fp.Key(bytes(range(32)))
PNG = (
    ("RLE, every row less its left neighbour", [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]),
    ("Huffman only, the same", [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]),
    ("level 0 (stored)", [cv2.IMWRITE_PNG_COMPRESSION, 0]),
    ("level 1, all filters tried", [cv2.IMWRITE_PNG_COMPRESSION, 1]),
    ("level 6, all filters tried", [cv2.IMWRITE_PNG_COMPRESSION, 6]),
)


def photographs():
    """A face of 120 x 150 in 250 x 250, and of 600 x 600 in 1080p with a camera's noise; both perturbed."""
    portrait = data.astronaut()
    small = cv2.resize(portrait[:300, 80:380], (250, 250), interpolation=cv2.INTER_AREA)
    yield fp.perturb(small, (60, 50, 120, 150), KEY)[0]
    large = cv2.resize(portrait[:288], (1920, 1080), interpolation=cv2.INTER_CUBIC)
    large = np.clip(large + np.random.default_rng(0).normal(0, 1.5, large.shape), 0, 255).astype(np.uint8)
    yield fp.perturb(large, (700, 100, 600, 600), KEY)[0]


def ways(image):
    """(name, call that encodes) of every setting."""
    bgr = np.ascontiguousarray(image[..., ::-1])
    if png_pixels.import_isal() is not None:
        yield "PNG by ISA-L, as it is written", lambda: b"".join(encode(image, "PNG"))
    for name, settings in PNG:
        yield f"PNG by OpenCV, {name}", lambda settings=settings: cv2.imencode(".png", bgr, settings)[1].tobytes()
    yield "WebP, lossless", lambda: cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    yield "TIFF (LZW)", lambda: cv2.imencode(".tiff", bgr)[1].tobytes()


def main():
    """Prints one table an image."""
    cv2.setNumThreads(1)
    for image in photographs():
        print(f"\n{image.shape[1]} x {image.shape[0]} x 3, {image.nbytes / 1000:,.0f} kB")
        rounds = 31 if image.nbytes < 10**6 else 5
        for name, call in ways(image):
            written = call()
            back = cv2.cvtColor(cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            assert np.array_equal(back, image), name
            times = []
            for _ in range(rounds if "WebP" not in name else 3):
                start = time.perf_counter()
                call()
                times.append(time.perf_counter() - start)
            print(f"{name:55} {statistics.median(times) * 1e3:8.2f} ms {len(written) / 1000:8,.0f} kB")


if __name__ == "__main__":
    main()
