"""The contests of the metrics: sizes, pairs of images, peers. A peer that is not installed is named and left out.

Images are made here: noise at several scales, added up, which has the smooth parts, edges and texture that photographs
have. Every answer is checked against scikit-image in float64, by the border rule of each peer.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

import fastperturb as fp
from compare import Candidate, Contest
from fastperturb.metrics import measures as metrics
from fastperturb.metrics import ms_ssim
from fastperturb.metrics.ssim_options import SsimOptions

SIZES = {
    "92x112x1": (112, 92),
    "112x112x3": (112, 112, 3),
    "250x250x3": (250, 250, 3),
    "1920x1080x3": (1080, 1920, 3),
    "3840x2160x1": (2160, 3840),
}
FACES = {"92x112x1": 70, "112x112x3": 80, "250x250x3": 150, "1920x1080x3": 600, "3840x2160x1": 600}
UNIFORM = SsimOptions(window="uniform", size=7, sample_covariance=True)


def optional(name: str) -> Any | None:
    """A peer's module, or None and a line that names it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"{name} is not installed: left out", file=sys.stderr)
        return None


BEYOND_V3 = ("skylake", "icelake", "genoa", "turin", "alder", "sierra", "sapphire", "sapphireamx", "graniteamx")
"""Numkong's names of what x86-64-v3 processors do not have."""


@functools.cache
def numkong_offers() -> tuple[str, ...]:
    """Those of :data:`BEYOND_V3` that this processor has."""
    numkong = optional("numkong")
    return () if numkong is None else tuple(name for name in BEYOND_V3 if numkong.get_capabilities().get(name))


def limit_peers(isa: str) -> None:
    """Takes from numkong, the one peer that can be told, what a processor of our instruction set does not have."""
    for name in numkong_offers():
        numkong = importlib.import_module("numkong")
        (numkong.enable_capability if isa == "x86_64_v4" else numkong.disable_capability)(name)


def picture(shape: tuple[int, ...]) -> np.ndarray:
    """A uint8 image of noise at scales of 1 to 128 pixels, stronger the larger the scale."""
    rng = np.random.default_rng(sum(shape))
    height, width, channels = shape[0], shape[1], shape[2] if len(shape) == 3 else 1
    found = np.zeros((height, width, channels), np.float32)
    for octave in range(8):
        coarse = rng.normal(size=(height // 2**octave + 2, width // 2**octave + 2, channels)).astype(np.float32)
        found += 1.6**octave * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).reshape(found.shape)
    found = 128 + found * (50 / found.std())
    return np.clip(found, 0, 255).astype(np.uint8).reshape(shape)


def noisy(image: np.ndarray) -> np.ndarray:
    """The image with noise on every pixel."""
    noise = np.random.default_rng(7).normal(0, 12, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def perturbed(image: np.ndarray, face: int) -> np.ndarray:
    """The image with its middle, `face` pixels wide and high, perturbed."""
    top, left = (image.shape[0] - face) // 2, (image.shape[1] - face) // 2
    return fp.perturb(image, (left, top, face, face), fp.Key(bytes(range(32))))[0]


def gaussian_reference(a: np.ndarray, b: np.ndarray) -> float:
    """The same definition in scikit-image, in float64."""
    return structural_similarity(
        a.astype(np.float64), b.astype(np.float64), data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, channel_axis=-1 if a.ndim == 3 else None,
    )  # fmt: skip


def uniform_reference(a: np.ndarray, b: np.ndarray) -> float:
    """scikit-image's default in float64."""
    axis = -1 if a.ndim == 3 else None
    return structural_similarity(a.astype(np.float64), b.astype(np.float64), data_range=255, channel_axis=axis)


def opencv_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """OpenCV's recipe: five Gaussian blurs in float32, the border left out."""
    x, y = a.astype(np.float32), b.astype(np.float32)
    blur = [cv2.GaussianBlur(q, (11, 11), 1.5)[5:-5, 5:-5] for q in (x, y, x * x, y * y, x * y)]
    mean_xy, mean_squares = blur[0] * blur[1], blur[0] * blur[0] + blur[1] * blur[1]
    top = (2 * mean_xy + 6.5025) * (2 * (blur[4] - mean_xy) + 58.5225)
    return float((top / ((mean_squares + 6.5025) * (blur[2] + blur[3] - mean_squares + 58.5225))).mean())


def torch_tensors(a: np.ndarray, b: np.ndarray, kind: str) -> list[Any]:
    """(1, channels, height, width) tensors, made outside of the timed call."""
    torch = importlib.import_module("torch")
    planes = [np.ascontiguousarray(np.moveaxis(x.reshape(*x.shape[:2], -1), 2, 0))[None] for x in (a, b)]
    return [torch.from_numpy(x).to(getattr(torch, kind)) for x in planes]


def gaussian(a: np.ndarray, b: np.ndarray, threads: int) -> Iterator[Candidate]:
    """Everybody's SSIM with the window of the paper."""
    expected = gaussian_reference(a, b)
    yield Candidate("fastperturb", lambda: metrics.ssim(a, b, threads=threads), expected, 1e-6)
    if peer := optional("frame_analytics"):
        x, y = torch_tensors(a, b, "uint8")
        yield Candidate("frame-analytics", lambda: peer.ssim(x, y), expected, 1e-5)
    yield Candidate("OpenCV recipe", lambda: opencv_ssim(a, b), expected, 1e-4)
    if peer_msssim := optional("pytorch_msssim"):
        xf, yf = torch_tensors(a, b, "float32")
        yield Candidate("pytorch-msssim", lambda: peer_msssim.ssim(xf, yf, data_range=255), expected, 1e-4)
    yield Candidate("scikit-image, float64", lambda: gaussian_reference(a, b), expected, 1e-12)


def uniform(a: np.ndarray, b: np.ndarray, threads: int) -> Iterator[Candidate]:
    """Everybody's SSIM with a uniform window of 7 x 7."""
    expected = uniform_reference(a, b)
    yield Candidate("fastperturb", lambda: metrics.ssim(a, b, options=UNIFORM, threads=threads), expected, 1e-6)
    if peer := optional("fast_ssim"):
        yield Candidate("fast-ssim", lambda: peer.ssim(a, b), expected, 1e-3)
    yield Candidate("scikit-image, float64", lambda: uniform_reference(a, b), expected, 1e-12)


def decibels(a: np.ndarray, b: np.ndarray, threads: int) -> Iterator[Candidate]:
    """Everybody's PSNR."""
    expected = float(peak_signal_noise_ratio(a, b))
    yield Candidate("fastperturb", lambda: metrics.psnr(a, b, threads=threads), expected, 1e-12)
    yield Candidate("cv2.PSNR", lambda: cv2.PSNR(a, b), expected, 1e-9)
    if peer := optional("numkong"):
        x, y = a.reshape(-1), b.reshape(-1)
        total = float(((x.astype(np.int64) - y) ** 2).sum())
        yield Candidate("numkong", lambda: peer.sqeuclidean(x, y), total, 0.0, "the sum only")
    if peer_fast := optional("fast_ssim"):
        yield Candidate("fast-ssim", lambda: peer_fast.psnr(a, b), expected, 1e-6)
    if peer_torch := optional("frame_analytics"):
        xt, yt = torch_tensors(a, b, "uint8")
        yield Candidate("frame-analytics", lambda: peer_torch.psnr(xt, yt), expected, 1e-4)
    yield Candidate("scikit-image", lambda: float(peak_signal_noise_ratio(a, b)), expected, 1e-9)


def multi_scale(a: np.ndarray, b: np.ndarray, threads: int) -> Iterator[Candidate]:
    """Everybody's multi-scale SSIM. pytorch-msssim pads odd sides with zeros, we repeat the edge."""
    yield Candidate("fastperturb", lambda: ms_ssim(a, b, threads=threads))
    if peer := optional("pytorch_msssim"):
        xf, yf = torch_tensors(a, b, "float32")
        yield Candidate("pytorch-msssim", lambda: peer.ms_ssim(xf, yf, data_range=255), ms_ssim(a, b), 1e-3)


KINDS: dict[str, tuple[Callable[..., Iterator[Candidate]], bool]] = {
    "SSIM, 11x11 Gaussian, everything differs": (gaussian, False),
    "SSIM, 11x11 Gaussian, an image and its perturbation": (gaussian, True),
    "SSIM, 7x7 uniform, everything differs": (uniform, False),
    "PSNR": (decibels, False),
    "multi-scale SSIM": (multi_scale, False),
}


def contest(kind: str, size: str, threads: int) -> Contest:
    """One kind of contest at one size."""
    make, face = KINDS[kind]
    a = picture(SIZES[size])
    b = perturbed(a, FACES[size]) if face else noisy(a)
    return Contest(f"{kind}, {size}", a.size / 1e6, "Mpx", list(make(a, b, threads)))


def contests(threads: int) -> Iterator[Contest]:
    """SSIM where everything differs, SSIM of perturbations, uniform SSIM, PSNR; each size; a batch."""
    cv2.setNumThreads(threads)
    if torch := optional("torch"):
        torch.set_num_threads(threads)
    for kind in KINDS:
        for size in SIZES:
            if kind != "multi-scale SSIM" or min(SIZES[size][:2]) >= 161:
                yield contest(kind, size, threads)
    yield batch(threads)


def batch(threads: int) -> Contest:
    """A thousand pairs in one call beside a loop over a peer's."""
    a = np.stack([picture((250, 250, 3))] * 1000)
    b = np.stack([noisy(a[0])] * 1000)
    expected = gaussian_reference(a[0], b[0])
    found = Contest("SSIM, 11x11 Gaussian, batch of 1000, 250x250x3", a.size / 1e6, "Mpx")
    found.candidates.append(
        Candidate("fastperturb", lambda: metrics.ssim_many(a, b, threads=threads).mean(), expected, 1e-6)
    )
    if peer := optional("frame_analytics"):
        pairs = [torch_tensors(x, y, "uint8") for x, y in zip(a, b, strict=True)]
        found.candidates.append(
            Candidate("frame-analytics", lambda: np.mean([float(peer.ssim(x, y)) for x, y in pairs]), expected, 1e-5)
        )
    return found
