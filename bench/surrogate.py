"""Times a surrogate's drawing and rounding: ``python bench/surrogate.py``; one thread, best of many runs.

A face of 150 x 150 in 250 x 250 x 3, uint8, its template scaled before; and the drawing of the default face, made once.
"""

import time

import cv2
import numpy as np

import fastperturb as fp
from fastperturb.perturbation.drawing import Part
from fastperturb.protections import Surrogate
from fastperturb.protections.area import owned_parts
from fastperturb.protections.drawn_face import draw_face


def best(work, runs):
    """Microseconds of processor time, which other programs disturb less."""
    found = []
    for _ in range(runs):
        start = time.thread_time()
        work()
        found.append(time.thread_time() - start)
    return min(found) * 1e6


def main():
    cv2.setNumThreads(1)
    image = np.random.default_rng(0).integers(0, 256, (250, 250, 3), dtype=np.uint8)
    face = fp.Region(50, 60, 150, 150)
    out = image.copy()
    for tone in (None, "coarse", "around"):
        protection = Surrogate(tone=tone)
        owned = owned_parts(protection.regions_for([face], image.shape), image.shape)
        parts = [Part(region, *part, mask) for region, part, mask in owned]
        protection.draw(image, parts, out, [])
        print(f"draw, tone {tone}: {best(lambda p=protection, q=parts: p.draw(image, q, out, []), 500):.0f} us")
    print(f"regions: {best(lambda: Surrogate().regions_for([face], image.shape), 500):.0f} us")
    print(f"the default face: {best(draw_face, 10) / 1e3:.0f} ms")


if __name__ == "__main__":
    main()
