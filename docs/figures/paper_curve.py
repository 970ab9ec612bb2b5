"""Draws paper_curve.png, PSNR and SSIM against n on the AT&T faces: ``python docs/figures/paper_curve.py``.

Needs matplotlib, scikit-image and the faces that ``python tests/fetch_data.py`` fetches. Prints what it draws.
"""

import math
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from skimage.metrics import structural_similarity

import fastperturb as fp

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))
from photographs import att_faces, read_rgb

KEY = fp.Key(bytes(range(32)))
NUMBERS = (4500, 5310, 6120, 6930, 7740, 8550, 9360)
WINDOWS = (2, 3, 4, 6, 8, 12, 24, "region")
PAPER = {"PSNR, dB": (29.95, 20.78), "SSIM": (0.699, 0.547)}


def measure(faces: list[np.ndarray], window: int | str, n: int) -> tuple[float, float]:
    """Mean PSNR and SSIM over the faces, each moved in one window tiling of its whole frame."""
    psnr, ssim = [], []
    for face in faces:
        strength = fp.Strength(window=window, pixels=n)
        hidden, _ = fp.perturb(face, (0, 0, face.shape[1], face.shape[0]), KEY, strength, reproducible=True)
        psnr.append(10 * math.log10(255**2 / np.mean((face.astype(float) - hidden) ** 2)))
        ssim.append(structural_similarity(face, hidden, gaussian_weights=True, sigma=1.5, use_sample_covariance=False))
    return float(np.mean(psnr)), float(np.mean(ssim))


def main() -> None:
    """Draws both curves for every window, and the paper's end points."""
    faces = [read_rgb(path) for path in att_faces()]
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    both = figure.subplots(1, 2)
    for index, window in enumerate(WINDOWS):
        curve = np.array([measure(faces, window, n) for n in NUMBERS])
        print(
            f"window {window!s:>6}: "
            + "  ".join(f"{n}: {p:.2f} dB {s:.3f}" for n, (p, s) in zip(NUMBERS, curve, strict=True))
        )
        name = "one window" if window == "region" else f"window {window}"
        for axes, values in zip(both, curve.T, strict=True):
            axes.plot(NUMBERS, values, color=f"C{index}", marker=".", label=name)
    for axes, (label, ends) in zip(both, PAPER.items(), strict=True):
        axes.plot((NUMBERS[0], NUMBERS[-1]), ends, "k*", markersize=11, label="the paper's end points")
        axes.set_xlabel("n, pixels moved of the 10,304")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    figure.legend(*both[1].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(Path(__file__).with_name("paper_curve.png"), dpi=100)


if __name__ == "__main__":
    main()
