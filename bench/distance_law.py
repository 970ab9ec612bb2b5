"""Holds the distance law against measurement: ``python bench/distance_law.py``, after ``python tests/fetch_data.py``.

Prints the tables of docs/distance.md: the law on the AT&T faces and on colour photographs, targets, and the recognition
rate of eigenfaces below and above the threshold.
"""

import math
import sys
from pathlib import Path

import numpy as np

import fastperturb as fp

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from photographs import att_faces, photographs, read_rgb

KEY = fp.Key(bytes(range(32)))
WINDOWS = (4, 8, 12, 24, "region")
COVERAGES = (0.01, 0.05, 0.25, 0.5, 1.0)


def squared_error(a, b):
    return float(((a.astype(np.float64) - b) ** 2).sum())


def psnr(a, b):
    return 10 * math.log10(255**2 * a.size / squared_error(a, b))


def att():
    return np.stack([read_rgb(path) for path in att_faces()]), np.repeat(np.arange(40), 10)


def colour():
    """(image, box in its middle) of the colour photographs, halved until neither side is over 1,000 pixels."""
    for photograph in photographs():
        image = photograph.read()
        if image.ndim != 3:
            continue
        while max(image.shape[:2]) > 1000:
            image = image[::2, ::2]
        height, width = image.shape[:2]
        yield image, (width // 4, height // 4, width // 2, height // 2)


def law(name, images, draws):
    """Prints, for each window and coverage, how far measurement is from the law, over all images and several keys."""
    print(f"\n{name}: {len(images)} images, {draws} keys; measured less expected")
    print("                  of the mean   mean of PSNRs, dB       deviation in standard deviations")
    print("window  coverage  error, dB     measured  predicted     rms    within 2    median sd, dB")
    rng = np.random.default_rng(1)
    for window in WINDOWS:
        for coverage in COVERAGES:
            strength = fp.Strength(window=window, coverage=coverage)
            ratios, deviations, spreads = [], [], []
            for image, box in images:
                expected = fp.forecast(image, box, strength).in_frame
                for _ in range(draws if expected.squared_error > 0.0 else 0):
                    hidden, _ = fp.perturb(image, box, fp.Key(rng.bytes(32)), strength)
                    error = squared_error(image, hidden)
                    ratios.append(error / expected.squared_error)
                    deviations.append((error - expected.squared_error) / expected.squared_error_sd)
                    spreads.append(expected.psnr_sd)
            ratio, z, sd = np.array(ratios), np.array(deviations), np.array(spreads)
            mean_of_psnrs = -10 * np.mean(np.log10(np.maximum(ratio, 1e-9)))
            print(
                f"{window!s:>6}  {100 * coverage:6.0f} %  {-10 * math.log10(ratio.mean()):+9.3f}"
                f"     {mean_of_psnrs:+8.3f}  {np.mean(sd**2) * math.log(10) / 20:+9.3f}"
                f"     {math.sqrt(np.mean(z**2)):.2f}   {100 * np.mean(abs(z) < 2):5.1f} %  {np.median(sd):13.3f}"
            )


def targets(name, images):
    """Prints how near perturb() comes to targets between what 3 % and 100 % of the pixels give."""
    print(f"\n{name}: how far the PSNR is from the target, dB")
    print("window  coverage  first draw: rms, worst    after: rms, worst")
    for window in WINDOWS:
        for coverage in (0.03, 0.3, 0.9):
            first, after = [], []
            for image, box in images:
                goal = fp.forecast(image, box, fp.Strength(window=window, coverage=coverage)).in_frame.psnr
                if not math.isfinite(goal):
                    continue
                strength = fp.Strength(window=window, psnr=goal)
                hidden, record = fp.perturb(image, box, KEY, strength, reproducible=True)
                after.append(psnr(image, hidden) - goal)
                plain = fp.Strength(window=window, pixels=record.regions[0].pixels)
                first.append(psnr(image, fp.perturb(image, box, KEY, plain, reproducible=True)[0]) - goal)
            a, b = np.array(first), np.array(after)
            print(
                f"{window!s:>6}  {100 * coverage:6.0f} %  {math.sqrt(np.mean(a**2)):11.3f} {abs(a).max():7.3f}"
                f"    {math.sqrt(np.mean(b**2)):11.3f} {abs(b).max():7.3f}"
            )


def recognition(images, labels):
    """Eigenfaces of 5 clear images a person; the other 5, moved by parts and multiples of theta, are looked up."""
    enrolled = np.arange(len(images)) % 10 < 5
    threshold = fp.strength.fit_threshold(images[enrolled], labels[enrolled], 50)
    print(f"\nAT&T, 5 images a person enrolled:\n{threshold}")
    gallery, names = threshold.project(images[enrolled]), labels[enrolled]
    box = (0, 0, images.shape[2], images.shape[1])
    print(
        "\ndistance  PSNR dB  named rightly  own clear image within theta  mean distance among the eigenfaces  images"
    )
    for factor in (0.0, 0.25, 0.5, 0.75, 1.0, 1.1, 1.2, 1.3, 1.4):
        right, kept, moved = [], [], []
        for image, label in zip(images[~enrolled], labels[~enrolled], strict=True):
            shown = image
            if factor:
                try:
                    strength = fp.Strength(window="region", distance=factor * threshold.theta)
                    shown = fp.perturb(image, box, KEY, strength, reproducible=True)[0]
                except ValueError:  # more than its pixels can give
                    continue
            before, after = threshold.project([image, shown])
            away = np.linalg.norm(gallery - after, axis=1)
            right.append(names[away.argmin()] == label)
            moved.append(np.linalg.norm(after - before))
            kept.append(moved[-1] <= threshold.theta)
        if right:
            level = 10 * math.log10(255**2 * images[0].size / (factor * threshold.theta) ** 2) if factor else math.inf
            print(
                f"{factor:5.2f} theta  {level:7.2f}  {100 * np.mean(right):9.1f} %  {100 * np.mean(kept):22.1f} %"
                f"  {np.mean(moved):28.0f}  {len(right):14d}"
            )


def main():
    faces, labels = att()
    boxes = [(face, (0, 0, face.shape[1], face.shape[0])) for face in faces]
    coloured = list(colour())
    law("AT&T, whole image", boxes, 10)
    law("colour photographs, middle quarter", coloured, 40)
    targets("AT&T, whole image", boxes)
    targets("colour photographs, middle quarter", coloured)
    recognition(faces, labels)


if __name__ == "__main__":
    main()
