"""The contests of the permutation, as ``bench/test_speed_perturb.py`` has them: who is in, how large, how checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from compare import Candidate, Contest
from perturb_contenders import CONTENDERS
from test_speed_perturb import CASES


def contests(threads: int) -> Iterator[Contest]:
    """Each case with all contenders that are installed; all on one thread."""
    if threads != 1:
        raise SystemExit("these contenders are made for one thread")
    for case, (shape, box, pixels) in CASES.items():
        image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        found = Contest(case, pixels / 1e6, "Mpx moved")
        for name, make in CONTENDERS.items():
            try:
                run, check = make(image, box, pixels)
            except ImportError as error:
                print(f"{name}: {error}: left out", file=sys.stderr)
                continue
            check(run())
            found.candidates.append(Candidate(name, run))
        yield found
