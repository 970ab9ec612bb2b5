"""The Euclidean threshold of eigenfaces: how far an image may move and still be bridged by a nearest neighbour.

docs/distance.md says what the threshold means for the distance of an image, and what it does not.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._optional import import_extra
from ..array_files import load_arrays
from ..bounded_files import read_regular_file
from ..checks import Image, check_image
from ..region import RegionLike, as_regions
from . import distance_law as distance
from .eigenfaces import Floats, blocks, find_eigenfaces, pair_distances, stack_images
from .strength import Strength

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMAT = "fastperturb-threshold 1"
_ACCEPTED_ERROR = 0.05
_FACES_DRAWN = 7
_MOST_BYTES = 2**32


@dataclass(frozen=True, eq=False)
class Threshold:
    """Eigenfaces of a set of images, and the threshold that follows from the distances between them.

    All distances are Euclidean, in units of a sample, between projections on the eigenfaces. A projection only shortens
    distances: an image that moved by ``distance`` lies at most that far from itself among the eigenfaces.

    Attributes:
        theta: the threshold. With labels: the largest distance over which a nearest neighbour still names a person
            rightly, each image being looked up among all others. Without: the largest distance at which at most 5 % of
            the images are not sure to stay nearer to themselves than to any other (which they are up to half the
            distance to their nearest neighbour).
        recognition: the share of images that are named rightly at ``theta`` (without labels: stay so).
        error: the share that are named wrongly (without labels: may be).
        false_acceptance: the share for which another person (without labels: image) lies within ``theta``, so that they
            would be taken for them if their own were not enrolled.
        nearest_own: (M,) distance of each image to the nearest other one of the same person; infinite if there is none.
        nearest_other: (M,) distance of each image to the nearest one of another person.
        within: distances of all pairs of one person.
        between: distances of all pairs of different people.
        mean: the average face, of the images' shape.
        components: ``(k, *shape)`` float32 eigenfaces of unit length, by falling variance.
        variances: (k,) variance along each.
        kept: the share of all variance that they keep.
        dtype: of the images' samples.
        labelled: whether people were told apart by labels.
    """

    theta: float
    recognition: float
    error: float
    false_acceptance: float
    nearest_own: Floats
    nearest_other: Floats
    within: Floats
    between: Floats
    mean: Floats
    components: NDArray[np.float32]
    variances: Floats
    kept: float
    dtype: str
    labelled: bool

    def project(self, images: Iterable[Image]) -> Floats:
        """The (images, k) coordinates of images among the eigenfaces.

        Raises:
            TypeError, ValueError: not images of the shape and dtype that were fitted.
        """
        stack = stack_images(images)
        if stack.shape[1:] != self.mean.shape or stack.dtype.name != self.dtype:
            raise ValueError(
                f"images must be {self.dtype} of shape {self.mean.shape} as those fitted, "
                f"got {stack.dtype.name} of shape {stack.shape[1:]}"
            )
        flat = self.components.reshape(len(self.components), -1)
        rows = [(image.reshape(-1) - self.mean.reshape(-1)) @ flat.T for image in stack]
        return np.array(rows, np.float64)

    def strength(
        self,
        image: Image,
        regions: RegionLike | Iterable[RegionLike],
        *,
        window: int | Literal["region"] | None = None,
        cells: int | None = None,
    ) -> Strength:
        """The strength that moves the regions of an image by ``theta``.

        For one region as large as the images fitted this is ``Strength(distance=theta)``. In general it is the distance
        of the same root mean square in the regions: ``theta`` times the root of (their samples / samples of an image
        fitted), because distances grow with the number of samples.

        Raises:
            ValueError: the image's dtype is not the one fitted, whose unit ``theta`` has.
        """
        check_image(image)
        if image.dtype.name != self.dtype:
            raise ValueError(f"image must be {self.dtype} as the images fitted, got {image.dtype.name}")
        samples = distance.owned_samples(image, as_regions(regions))
        return Strength(window=window, cells=cells, distance=self.theta * (samples / self.mean.size) ** 0.5)

    def to_bytes(self) -> bytes:
        """The contents of a threshold file: NumPy's ``.npz``, without pickles."""
        file = io.BytesIO()
        np.savez_compressed(file, format=_FORMAT, **{field.name: getattr(self, field.name) for field in fields(self)})
        return file.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes :meth:`to_bytes` to exactly this path."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Threshold:
        """Reads what :meth:`save` wrote.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is not such a file.
        """
        try:
            data = load_arrays(read_regular_file(path, _MOST_BYTES), _MOST_BYTES)
            if str(data["format"]) != _FORMAT:
                raise ValueError(f"its format is {str(data['format'])!r:.40}, not {_FORMAT!r}")
            values: dict[str, Any] = {field.name: data[field.name] for field in fields(cls)}
            if values["components"].shape[1:] != values["mean"].shape:
                raise ValueError("its eigenfaces do not have the shape of the average face")
            return cls(**{name: value.item() if value.ndim == 0 else value for name, value in values.items()})
        except (ValueError, KeyError) as error:
            raise ValueError(f"{os.fspath(path)}: not a threshold file: {error}") from None

    def __str__(self) -> str:
        """What was fitted, the threshold and what it costs, in words."""
        images, pairs = len(self.nearest_other), len(self.within) + len(self.between)
        shape = " x ".join(str(length) for length in self.mean.shape)
        lines = [
            f"{images} images of {shape} {self.dtype}, {len(self.components)} eigenfaces that keep "
            f"{100 * self.kept:.1f} % of the variance",
            f"theta = {self.theta:.5g}: as a distance of whole images a root mean square of "
            f"{self.theta / self.mean.size**0.5:.4g} a sample",
        ]
        if self.labelled:
            lines += [
                f"at theta {100 * self.recognition:.1f} % are named rightly by their nearest neighbour, "
                f"{100 * self.error:.1f} % wrongly",
                f"{100 * self.false_acceptance:.1f} % have another person within theta, and would be taken for them if "
                "their own were not enrolled",
                f"distances within people {_summary(self.within)}, between people {_summary(self.between)}, "
                f"over {pairs} pairs",
            ]
        else:
            lines += [
                f"an image that moves by less stays nearest to itself for {100 * self.recognition:.1f} % of the images",
                f"distances between images {_summary(self.between)}, over {pairs} pairs",
            ]
        return "\n".join(lines)

    def plot(self) -> Figure:
        """Draws the average face, the first eigenfaces, and histograms of the distances with ``theta``.

        Returns:
            A matplotlib figure; ``threshold.plot().savefig("threshold.png")``. No display is needed.

        Raises:
            MissingExtra: matplotlib is not installed.
        """
        figure = import_extra("matplotlib.figure", "plot").Figure(figsize=(10, 6), layout="constrained")
        grid = figure.add_gridspec(2, _FACES_DRAWN, height_ratios=(2, 3))
        for column, face in enumerate([self.mean, *self.components[: _FACES_DRAWN - 1]]):
            axes = figure.add_subplot(grid[0, column])
            axes.axis("off")
            axes.set_title(f"eigenface {column}" if column else "average", fontsize=9)
            low, high = float(face.min()), float(face.max())
            axes.imshow((face - low) / max(high - low, 1e-30), cmap="gray")
        axes = figure.add_subplot(grid[1, :])
        kinds = (self.within, "within people"), (self.between, "between people" if self.labelled else "between images")
        bins = np.linspace(0.0, max(values.max(initial=self.theta) for values, _ in kinds) * 1.02, 80)
        for values, label in kinds:
            if values.size:
                axes.hist(values, bins, density=True, alpha=0.6, label=f"{label}, {values.size} pairs")
        axes.axvline(self.theta, color="black", linestyle="--", label=f"theta = {self.theta:.5g}")
        axes.set_xlabel("Euclidean distance among the eigenfaces")
        axes.set_ylabel("density")
        axes.legend(loc="upper right")  # "best" takes long where there are many values, and warns of it
        return figure  # type: ignore[no-any-return]


def fit_threshold(
    images: Iterable[Image], labels: Sequence[Any] | NDArray[Any] | None = None, components: int | None = None
) -> Threshold:
    """Finds eigenfaces of a set of images, and how far a nearest neighbour among them bridges.

    Args:
        images: at least 2, all of one shape, (height, width) or (height, width, channels), and one dtype, uint8, uint16
            or float32: aligned faces, or whole small frames as in the AT&T set.
        labels: for each image who it shows, anything that can be compared; None if that is not known.
        components: how many eigenfaces, 1 to the number of images less 1; None for as many as keep 95 % of the
            variance.

    Returns:
        The eigenfaces, the distances, and ``theta``; :class:`Threshold` defines it.

    Raises:
        TypeError, ValueError: an argument is not as said above, or no image is nearest to one of the same person.
    """
    stack = stack_images(images)
    count = len(stack)
    names = None if labels is None else np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1)
    if names is not None and len(names) != count:
        raise ValueError(f"labels must have one entry for each of the {count} images, got {len(names)}")
    mean, faces, variances, kept = find_eigenfaces(stack, components)
    shape = stack.shape[1:]
    flat = stack.reshape(count, -1)
    projected = np.zeros((count, len(faces)))
    for part in blocks(flat.shape[1]):
        projected += (flat[:, part] - mean[part]) @ faces[:, part].T
    within, between, own, other = pair_distances(projected, np.arange(count) if names is None else names)
    theta, recognition, error = _threshold(own, other, labelled=names is not None)
    return Threshold(
        theta=theta,
        recognition=recognition,
        error=error,
        false_acceptance=float(np.mean(other <= theta)),
        nearest_own=own,
        nearest_other=other,
        within=within,
        between=between,
        mean=mean.reshape(shape),
        components=faces.reshape(-1, *shape).astype(np.float32),
        variances=variances,
        kept=kept,
        dtype=stack.dtype.name,
        labelled=names is not None,
    )


def _threshold(own: Floats, other: Floats, *, labelled: bool) -> tuple[float, float, float]:
    """theta, and the shares of images named rightly and wrongly at it, as :class:`Threshold` defines them."""
    if labelled:
        right = own < other
        if not right.any():
            raise ValueError(
                "labels must give some image a neighbour of the same person nearer than all others; none has"
            )
        theta = float(own[right].max())
        return theta, float(right.mean()), float(np.mean(~right & (other <= theta)))
    safe = np.sort(other / 2.0)
    theta = float(safe[int(_ACCEPTED_ERROR * len(safe))])
    error = float(np.mean(safe < theta))
    return theta, 1.0 - error, error


def _summary(distances: Floats) -> str:
    if distances.size == 0:
        return "none"
    low, middle, high = np.quantile(distances, (0.05, 0.5, 0.95))
    return f"{middle:.5g} ({low:.5g} to {high:.5g} for 90 %)"
