"""What a strength will do to an image, worked out before a pixel moves, as a table to choose by."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .. import _core
from ..checks import Image, check_image, packed
from ..decibels import peak_to_noise
from ..record import CoreRegion
from ..region import Region, RegionLike, as_regions, check_touching, raster_order
from . import distance_law as distance
from .pixel_counts import resolve
from .strength import Strength, list_strengths


@dataclass(frozen=True, slots=True)
class Expected:
    """The squared error of a perturbation over all keys, and what follows from it.

    The mean and standard deviation of the squared error are exact, those of what follows from it are of first order.

    Attributes:
        squared_error: its mean, a sum over samples.
        squared_error_sd: its standard deviation.
        samples: over how many samples (pixels times channels).
        data_range: largest possible sample, for PSNR; None if it is not known.
    """

    squared_error: float
    squared_error_sd: float
    samples: int
    data_range: float | None

    @property
    def mse(self) -> float:
        """Mean squared error; 0 over no samples."""
        return self.squared_error / max(self.samples, 1)

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in dB; infinite if nothing changes, NaN if the data range is not known."""
        if self.data_range is None:
            return math.nan
        return peak_to_noise(self.data_range, self.mse)

    @property
    def psnr_sd(self) -> float:
        """How far the PSNR of one perturbation is from that, in dB (standard deviation)."""
        relative = self.squared_error_sd / self.squared_error if self.squared_error > 0.0 else 0.0
        return 10.0 / math.log(10.0) * relative

    @property
    def distance(self) -> float:
        """Euclidean distance: the root of the squared error."""
        return math.sqrt(self.squared_error)

    @property
    def distance_sd(self) -> float:
        """Standard deviation of the distance."""
        return 0.5 * self.squared_error_sd / self.distance if self.squared_error > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class RegionForecast:
    """What one region will be like.

    Attributes:
        region: where.
        window: side of its windows, in pixels.
        cells: how many windows lie across its shorter side, inside the image.
        pixels: how many of its pixels are to move.
        coverage: the share of its pixels that this is.
        in_face: over the pixels that the region owns.
        in_frame: over the whole image, if no other region moved.
    """

    region: Region
    window: int
    cells: int
    pixels: int
    coverage: float
    in_face: Expected
    in_frame: Expected


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a perturbation will do; ``print`` shows it as a table.

    Attributes:
        regions: what each region will be like, in the order in which they were given.
        in_frame: over the whole image, with all regions.
    """

    regions: tuple[RegionForecast, ...]
    in_frame: Expected

    def __str__(self) -> str:
        """A table: one line for each region, and one for the image."""
        heads = ("region", "window", "cells", "n", "coverage", "PSNR in face", "PSNR in frame", "distance")
        rows = [heads]
        for item in self.regions:
            r = item.region
            numbers = (str(item.window), str(item.cells), str(item.pixels), f"{100 * item.coverage:.1f} %")
            name = f"{r.width} x {r.height} at ({r.x}, {r.y})"
            rows.append((name, *numbers, _decibels(item.in_face), *_in_frame(item.in_frame)))
        total = sum(item.pixels for item in self.regions)
        rows.append(("image", "", "", str(total), "", "", *_in_frame(self.in_frame)))
        widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
        lines = [
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            for row in rows
        ]
        return "\n".join("  ".join(line).rstrip() for line in lines)


def _decibels(expected: Expected) -> str:
    return "-" if math.isnan(expected.psnr) else f"{expected.psnr:.2f} ± {expected.psnr_sd:.2f} dB"


def _in_frame(expected: Expected) -> tuple[str, str]:
    return _decibels(expected), f"{expected.distance:.5g} ± {expected.distance_sd:.2g}"


def forecast(
    image: Image,
    regions: RegionLike | Iterable[RegionLike],
    strength: Strength | Sequence[Strength] = Strength(),
    *,
    data_range: float | None = None,
) -> Forecast:
    """What :func:`perturb` with these arguments will do, without doing it: no key is needed.

    Expected values are over all keys; one perturbation differs by about the standard deviation that stands beside
    them. Where the strength names a target, :func:`perturb` draws until it lands within 0.05 dB of it.

    Args:
        image: as for :func:`perturb`.
        regions: as for :func:`perturb`.
        strength: as for :func:`perturb`.
        data_range: largest possible sample, for PSNR: 255 for uint8, 65535 for uint16 if not given; for float32 that
            of the strength, without which there is no PSNR (NaN).

    Returns:
        Windows, numbers of pixels and expected distances of each region, in the order given, and of the image.

    Raises:
        NoFaceFound: ``regions`` is empty.
        TypeError, ValueError: as for :func:`perturb`.
    """
    check_image(image)
    if data_range is not None and not 0.0 < data_range < math.inf:
        raise ValueError(f"data_range must be over 0 and finite, got {data_range!r}")
    where = as_regions(regions)
    order = raster_order(where)  # as perturb has them, for pixels that lie equally deep in several
    in_order = tuple(where[i] for i in order)
    strengths: Strength | Sequence[Strength] = strength
    if len(where) > 1:
        check_touching(where, image.shape)
        given = list_strengths(strength, len(where))
        strengths = [given[i] for i in order]
    core, _ = resolve(image, in_order, strengths, order)
    if data_range is None:
        data_range = strength.data_range if isinstance(strength, Strength) else strength[0].data_range
    top = distance.peak(image, data_range)
    moments = _core.expect_error(packed(image), core, 2)
    found = dict(zip(order, _regions(image, in_order, core, moments, top), strict=True))
    total, spread = sum(mean for mean, _ in moments), math.sqrt(sum(variance for _, variance in moments))
    items = tuple(found[i] for i in range(len(where)))  # as the caller has them
    return Forecast(items, Expected(total, spread, image.size, top))


def _regions(
    image: Image,
    regions: Sequence[Region],
    core: list[CoreRegion],
    moments: list[tuple[float, float]],
    top: float | None,
) -> Iterator[RegionForecast]:
    """What each region will be like, out of means and variances of its squared error."""
    height, width = image.shape[:2]
    channels = image.size // (height * width)
    for region, item, owned, (mean, variance) in zip(
        regions, core, _core.owned_pixels(height, width, core, 2), moments, strict=True
    ):
        rows, columns = region.clipped(height, width)
        shorter = min(rows.stop - rows.start, columns.stop - columns.start)
        spread = math.sqrt(variance)
        in_face, in_frame = (Expected(mean, spread, samples, top) for samples in (owned * channels, image.size))
        share = item.pixels / owned if owned else 0.0
        yield RegionForecast(region, item.window, -(-shorter // item.window), item.pixels, share, in_face, in_frame)
