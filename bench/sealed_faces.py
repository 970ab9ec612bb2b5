"""A face protected and sealed by ``fp.perturb`` beside what others draw for good: ``python bench/sealed_faces.py``.

Processor time of one thread in interleaved rounds, medians and quickest. OpenCV's blur and mosaic and deface's own
drawing cover the same box and keep nothing; ours copies the image, draws, compresses, encrypts and authenticates.
"""

import statistics
import time

import cv2
import numpy as np

import fastperturb as fp
from fastperturb.protections import Camouflage, Mosaic, Surrogate

ROUNDS, REPEATS = 7, 12


def picture(height: int, width: int) -> np.ndarray:
    """Waves and noise of a photograph's strength."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = np.stack([120 + 60 * np.sin(7 * x + k) * np.cos(5 * y - k) + 25 * x for k in range(3)], 2)
    noisy = cv2.GaussianBlur(waves + rng.normal(0, 25, waves.shape), (0, 0), 1.2) + rng.normal(0, 3, waves.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def contenders(image: np.ndarray, face: fp.Region) -> dict:
    """Name to call."""
    key, head = fp.Key.generate(), Surrogate().regions_for([face], image.shape)
    second = fp.Key.generate()
    public = second.public()
    rows, columns = head[0].clipped(*image.shape[:2])
    box, side = image[rows, columns], (columns.stop - columns.start, rows.stop - rows.start)

    def pixelated():
        small = cv2.resize(box, (8, 10), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, side, interpolation=cv2.INTER_NEAREST)

    calls = {
        "surrogate, sealed": lambda: fp.perturb(image, face, key, Surrogate()),
        "mosaic, sealed": lambda: fp.perturb(image, head, key, Mosaic(cells=8)),
        "surrogate, sealed to two keys": lambda: fp.perturb(image, face, [key, second], Surrogate()),
        "surrogate, sealed to a public key": lambda: fp.perturb(image, face, public, Surrogate()),
        "camouflage, sealed": lambda: fp.perturb(image, face, key, Camouflage()),
        "cv2.GaussianBlur, sigma 10": lambda: cv2.GaussianBlur(box, (0, 0), 10),
        "cv2.resize, mosaic": pixelated,
    }
    try:
        from deface.deface import draw_det
    except ImportError:
        return calls
    work = image.copy()
    corners = (columns.start, rows.start, columns.stop, rows.stop)
    calls["deface, blur in an ellipse"] = lambda: draw_det(work, 1.0, 0, *corners, replacewith="blur", ellipse=True)
    calls["deface, mosaic"] = lambda: draw_det(work, 1.0, 0, *corners, replacewith="mosaic")
    return calls


def main() -> None:
    """Both sizes."""
    cv2.setNumThreads(1)
    for shape, face in (((250, 250), fp.Region(50, 50, 150, 150)), ((1080, 1920), fp.Region(660, 240, 600, 600))):
        calls = contenders(picture(*shape), face)
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(ROUNDS):
            for name, call in calls.items():
                for _ in range(REPEATS if shape[0] < 500 else 1):
                    start = time.thread_time()
                    call()
                    times[name].append(1000 * (time.thread_time() - start))
        print(f"{face.width} x {face.height} in {shape[1]} x {shape[0]} x 3")
        for name, found in times.items():
            print(f"  {name:38} {statistics.median(found):8.2f} ms, quickest {min(found):8.2f}")


if __name__ == "__main__":
    main()
