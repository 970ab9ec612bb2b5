"""Puts scrambled pixels back by how they vary together over many images that one permutation has scrambled alike.

Le Roux, Bengio, Lamblin, Joliveau, Kegl 2007, "Learning the 2-D topology of images" (NIPS): pixels that correlate are
near. ``unscramble`` needs the scrambled images alone, ``unscramble_knowing`` clear images of other people too.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment
from scipy.sparse import SparseEfficiencyWarning
from sklearn.manifold import Isomap

NEIGHBOURS = (4, 6, 8)
"""In the graphs that are tried: the fewer, the fewer false ways across the face, and the more pieces."""
RADII = (3.0, 2.5, 2.0, 1.5, 1.2, 1.0)
"""Standard deviations, in pixels, of the blurs of the refinement, for grids of about 40 x 40."""
LAST_RADII = (1.5, 1.2, 1.0)
"""The same where images of others have said about where everything is."""
TURNS = 24  # of the embedding that are tried, over a quarter turn
ROUNDS = 8  # of matching correlations with known ones
SHARES = (0.1, 0.5, 0.9)


def unscramble(values: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
    """Two orders, by Isomap alone and refined: ``values[:, order].reshape(-1, *shape)`` are images again.

    Up to flips and half turns (and quarter turns of a square grid): nothing in the values tells these.

    Args:
        values: (images, pixels) floats, all scrambled alike; 2 images or more.
        shape: rows and columns of the grid.
    """
    points = standardised(values)
    found = []
    for neighbours in NEIGHBOURS:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The number of connected components", UserWarning)
            warnings.simplefilter("ignore", SparseEfficiencyWarning)  # of joining these
            isomap = Isomap(n_neighbors=neighbours, n_components=2, eigen_solver="arpack")
            places = isomap.fit_transform(points)
        first = lay_out(places, values, shape)
        found.append((first, refine(first, points, shape, RADII)))
    return min(found, key=lambda pair: roughness(pair[1], values, shape))


def unscramble_knowing(values: Any, known: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
    """Two orders: means, spreads, quantiles and correlations of pixels are like those of known images; and refined.

    Args:
        values: (images, pixels) floats, all scrambled alike.
        known: (images, pixels) of clear images of other people, rows first, framed alike.
        shape: rows and columns of the grid.
    """
    ours, theirs = _marginals(values), _marginals(known)
    plain = np.square(theirs[:, :, None] - ours[:, None, :]).sum(axis=0) / 100**2
    order = linear_sum_assignment(plain)[1]
    mine, right = (standardised(one) @ standardised(one).T for one in (values, known))
    for _ in range(ROUNDS):
        placed = mine[:, order]
        cost = np.square(placed).sum(axis=1)[None] - 2 * right @ placed.T
        again = linear_sum_assignment(cost / 100 + plain)[1]
        if (again == order).all():
            break
        order = again
    return order, refine(order, standardised(values), shape, LAST_RADII)


def standardised(values: Any) -> Any:
    """(pixels, images): inner products of rows are correlations over the images."""
    points = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-6)
    return np.ascontiguousarray(points.T, np.float32) / np.float32(np.sqrt(len(values)))


def _marginals(values: Any) -> Any:
    return np.stack([values.mean(axis=0), values.std(axis=0), *np.quantile(values, SHARES, axis=0)])


def lay_out(places: Any, values: Any, shape: tuple[int, int]) -> Any:
    """(pixels,): which scrambled pixel goes to each place of the grid, rows first.

    The plane is turned, cut into rows of equal count, and these are sorted; that turn is kept under which neighbours on
    the grid differ least.

    Args:
        places: (pixels, 2) on the plane.
        values: (images, pixels).
        shape: rows and columns of the grid.
    """
    best, found = np.inf, np.arange(len(places))
    for turn in np.arange(2 * TURNS) * np.pi / 2 / TURNS:
        across = places @ (np.cos(turn), np.sin(turn))
        along = places @ (-np.sin(turn), np.cos(turn))
        rows = np.argsort(across, kind="stable").reshape(shape)
        order = np.concatenate([row[np.argsort(along[row], kind="stable")] for row in rows])
        rough = roughness(order, values, shape)
        if rough < best:
            best, found = rough, order
    return found


def roughness(order: Any, values: Any, shape: tuple[int, int]) -> float:
    """How much neighbours on the grid differ."""
    grid = values[:, order].reshape(len(values), *shape)
    return sum(float(np.abs(np.diff(grid, axis=axis)).mean()) for axis in (1, 2))


def refine(order: Any, points: Any, shape: tuple[int, int], radii: tuple[float, ...]) -> Any:
    """The order after rounds of the least-cost assignment of pixels to the blurred grid, less and less blurred.

    Barthel, Hezel, Jung, Schall 2023 ("linear assignment sorting") sort images on a grid in this way.

    Args:
        order: to begin with.
        points: (pixels, numbers), alike for near pixels.
        shape: rows and columns of the grid.
        radii: standard deviations of the blurs, in pixels.
    """
    for radius in radii:
        grid = points[order].reshape(*shape, -1)
        smooth = gaussian_filter(grid, (radius, radius, 0), mode="nearest").reshape(len(order), -1)
        cost = np.square(smooth).sum(axis=1)[:, None] - 2 * smooth @ points.T
        order = linear_sum_assignment(cost)[1]
    return order


def flips(order: Any, shape: tuple[int, int]) -> list[Any]:
    """The order with its grid flipped in the four ways that keep the shape."""
    grid = order.reshape(shape)
    return [turned.ravel() for turned in (grid, grid[::-1], grid[:, ::-1], grid[::-1, ::-1])]


def share_near(order: Any, truth: Any, shape: tuple[int, int], within: int = 2) -> float:
    """The share of pixels put at most ``within`` rows and columns from their place.

    Args:
        order: which scrambled pixel goes to each place.
        truth: the right order.
        shape: of the grid.
        within: how far.
    """
    right = np.empty(len(truth), np.intp)
    right[truth] = np.arange(len(truth))
    rows, columns = np.divmod(right[order], shape[1])
    own_rows, own_columns = np.divmod(np.arange(len(order)), shape[1])
    return float(np.mean((abs(rows - own_rows) <= within) & (abs(columns - own_columns) <= within)))
