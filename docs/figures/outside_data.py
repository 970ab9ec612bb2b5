"""What lies outside the regions names on AT&T, as docs/protections.md tells: ``python docs/figures/outside_data.py``.

The attacker learns nothing: the nearest by sums of absolute differences. Needs the extras ``evaluate`` and ``dlib``,
and the AT&T faces (``python tests/fetch_data.py``).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from att_attacks import DRAWS, SEED, line_up
from ladder_data import PROTECTIONS

from fastperturb.evaluation.recognition import identify
from fastperturb.protections import Black, Surrogate
from fastperturb.protections.area import owned_parts

COARSE, SMALL = (46, 56), (23, 28)
"""Width and height to which whole frames of 184 x 224 are reduced."""


def outside(protection: Any, image: Any, face: Any) -> Any:
    """True where a protection changes nothing."""
    free = np.ones(image.shape, bool)
    for _, part, mask in owned_parts(protection.regions([face], image.shape), image.shape):
        free[part] &= ~mask
    return free


def away_outside(protection: Any, subjects: Any) -> tuple[Any, Any]:
    """(subjects, subjects): how far clear images are from the row's outside its region; that part's share of it."""
    clear = np.array([subject.clear() for subject in subjects]).astype(np.int16)
    free = [outside(protection, subject.clear(), subject.face) for subject in subjects]
    away = [np.abs(clear[:, mask] - image[mask]).sum(axis=1) for image, mask in zip(clear, free, strict=True)]
    return np.array(away, float), np.array([mask.mean() for mask in free])


def rank1(away: Any, probes: Any, enrolled: Any) -> Any:
    """By the nearest image of each person."""
    return identify(away, list(probes), list(enrolled), SEED).rank1


def by_draws(away: Any, people: Any) -> float:
    """Mean over draws of five enrolled and five looked up."""
    found = []
    for seed in range(DRAWS):
        order = np.random.default_rng(seed).permutation(len(people))
        known = np.zeros(len(people), bool)
        for person in np.unique(people):
            known[order[people[order] == person][:5]] = True
        found.append(rank1(away[~known][:, known], people[~known], people[known]).value)
    return float(np.mean(found))


def frames(protection: Any, subjects: Any, size: tuple[int, int], first: int) -> Any:
    """(subjects, pixels): whole frames, small; protected with keys of their own unless ``protection`` is None."""
    shown = []
    for number, subject in enumerate(subjects):
        image = subject.clear()
        if protection is not None:
            image = protection.protect(image, (subject.face,), seed=first + number)
        shown.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(float).ravel())
    return np.array(shown)


def distances(probes: Any, enrolled: Any) -> Any:
    """Sums of absolute differences of every pair."""
    return np.array([np.abs(enrolled - probe).sum(axis=1) for probe in probes])


def told(rank: Any) -> str:
    """A figure and its interval."""
    return f"{rank.value:.3f} ({rank.low:.2f} to {rank.high:.2f})"


def main() -> None:
    """Prints rank-1 by what is outside, by a clear copy of the very picture, and by whole frames."""
    cv2.setNumThreads(1)
    split = line_up()
    gallery, probes = list(split.gallery), list(split.probes)
    everyone = [*gallery, *probes]
    people = np.array([subject.person for subject in everyone])
    known, looked = people[: len(gallery)], people[len(gallery) :]
    protections = {
        "black box": Black(),
        "black head, ellipse": PROTECTIONS["black-head"](),
        "surrogate": Surrogate(),
        "surrogate:area=face": Surrogate(area="face"),
    }
    for name, protection in protections.items():
        away, share = away_outside(protection, everyone)
        one = rank1(away[len(gallery) :, : len(gallery)], looked, known)
        print(f"{name}: share outside, median {np.median(share):.3f}, {share.min():.3f} to {share.max():.3f}")
        print(f"{name}; pixels outside, nearest clear: {told(one)}; {DRAWS} draws {by_draws(away, people):.3f}")
        copy = np.mean((away <= away.min(axis=1, keepdims=True)).sum(axis=1) == 1)
        print(f"{name}; the picture itself among {len(everyone)} clear ones: {copy:.3f}", flush=True)
    for name, protection in {**protections, "surrogate:around": Surrogate(tone="around")}.items():
        both = [frames(protection, side, COARSE, first) for first, side in ((1000, gallery), (2000, probes))]
        print(f"{name}; frame of {COARSE}, both protected: {told(rank1(distances(*both[::-1]), looked, known))}")
    shown = frames(PROTECTIONS["windows"](), probes, SMALL, 3000)
    clear = frames(None, gallery, SMALL, 0)
    print(f"8 cells; frame of {SMALL}, clear enrolled: {told(rank1(distances(shown, clear), looked, known))}")


if __name__ == "__main__":
    main()
