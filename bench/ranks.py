"""The camouflage kernel beside NumPy's ways to do the same: ``python bench/ranks.py [--rounds 15]``.

Both sort pixels by 77 R + 150 G + 29 B and places by a float32 template, as images of one shape; results are compared
by what is shown at every place. Rounds are interleaved; medians, quickest times and ratios per round are printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastperturb import _core

KEY = bytes(range(32))


def luminance(pixels: NDArray[Any]) -> NDArray[Any]:
    """77 R + 150 G + 29 B, or the only channel."""
    if pixels.shape[-1] < 3:
        return pixels[..., 0]
    kind = np.float32 if pixels.dtype == np.float32 else np.int32
    found: NDArray[Any] = pixels.astype(kind) @ np.array([77, 150, 29], kind)
    return found


def make_case(side: int, channels: int, dtype: type) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """A smooth picture with noise, and a smooth template."""
    rng = np.random.default_rng(side)
    y, x = np.mgrid[:side, :side] / side
    waves = [120 + 60 * np.sin(7 * x + k) * np.cos(5 * y - k) + 25 * x for k in range(channels)]
    picture = np.stack(waves, axis=2) + rng.normal(0, 6, (side, side, channels))
    image = np.clip(picture, 0, 255) * (257 if dtype is np.uint16 else 1)
    ground = np.exp(-((x - 0.5) ** 2 + (y - 0.55) ** 2) * 6) + 0.2 * np.sin(9 * x) * np.sin(8 * y)
    return np.ascontiguousarray(image.astype(dtype)), np.ascontiguousarray(ground, np.float32)


def by_argsort(image: NDArray[Any], ground: NDArray[np.float32]) -> NDArray[Any]:
    """Two sorts; what is equal stays in raster order, which tells where it was."""
    pixels = image.reshape(ground.size, -1)
    shown = np.empty_like(pixels)
    shown[np.argsort(ground.ravel(), kind="stable")] = pixels[np.argsort(luminance(pixels), kind="stable")]
    return shown.reshape(image.shape)


def by_lot_and_argsort(image: NDArray[Any], ground: NDArray[np.float32]) -> NDArray[Any]:
    """The same work as ours: what is equal is decided by lot (not by a cipher)."""
    rng, pixels, places = np.random.default_rng(), image.reshape(ground.size, -1), ground.ravel()
    lots = rng.permutation(ground.size)
    sources = lots[np.argsort(luminance(pixels)[lots], kind="stable")]
    lots = rng.permutation(ground.size)
    shown = np.empty_like(pixels)
    shown[lots[np.argsort(places[lots], kind="stable")]] = pixels[sources]
    return shown.reshape(image.shape)


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Processor time of a call, by several."""
    start = time.thread_time()  # which other programs disturb less
    for _ in range(repeats):
        call()
    return (time.thread_time() - start) / repeats


def contest(side: int, channels: int, dtype: type, rounds: int) -> None:
    """Prints one size's rows."""
    image, ground = make_case(side, channels, dtype)
    out = image.copy()
    colours = np.repeat(ground[..., np.newaxis], 3, axis=2) * np.array([1.0, 0.8, 0.7], np.float32)

    def ours() -> None:
        _core.match_ranks(image, out, _core.PlaceOrder(ground, None, None, KEY, False))

    order = _core.PlaceOrder(ground, None, None, KEY, False)
    calls: dict[str, Callable[[], Any]] = {"ours": ours}
    calls["ours, template kept in order"] = lambda: _core.match_ranks(image, out, order)
    if channels > 2:
        coloured = _core.PlaceOrder(colours, None, None, KEY, True)
        calls["ours, like colours together"] = lambda: _core.match_ranks(image, out, coloured)
    calls["NumPy argsort"] = lambda: by_argsort(image, ground)
    calls["NumPy argsort, ties by lot"] = lambda: by_lot_and_argsort(image, ground)
    ours()
    assert np.isclose(luminance(out), luminance(by_lot_and_argsort(image, ground)), rtol=1e-5).mean() > 0.99
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(seconds(call, max(1, 4_000_000 // side**2 // 20)))
    print(f"{side}x{side}x{channels} {np.dtype(dtype).name}")
    for name, found in times.items():
        ratio = statistics.median(a / b for a, b in zip(found, times["ours"], strict=True))
        print(f"  {name:28} {statistics.median(found) * 1e6:9.0f} us, quickest {min(found) * 1e6:9.0f}, x {ratio:.1f}")


def main() -> None:
    """All sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    for side in (150, 600):
        for channels, dtype in ((3, np.uint8), (1, np.uint8), (3, np.uint16), (3, np.float32)):
            contest(side, channels, dtype, rounds)


if __name__ == "__main__":
    main()
