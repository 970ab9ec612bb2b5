"""A NumPy matrix is refused, with what to do: its parts keep two axes, and what relies on fewer goes astray."""

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.perturbation import examine, permute, perturb_many, restore_many
from fastperturb.protections import Black, Blur, Camouflage, Mosaic, Noise, Template, parse_protection
from fastperturb.strength import forecast

BOX = (20, 20, 20, 20)
PLAIN = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)
MATRIX = PLAIN.view(np.matrix)
KEY = fp.Key(bytes(range(32)))
HIDDEN, RECORD = fp.perturb(PLAIN, BOX, KEY, fp.Mosaic(cells=3))
FACES = [fp.Face(fp.Region(*BOX))]
PROTECTIONS = [
    Black(),
    Blur(sigma=2.0),
    Noise(0.1),
    Mosaic(cells=3),
    Camouflage(),
    fp.Surrogate(),
    parse_protection("permutation:cells=4"),
]
CALLS = {
    "perturb": lambda: fp.perturb(MATRIX, BOX, KEY),
    "perturb out": lambda: fp.perturb(PLAIN, BOX, KEY, out=MATRIX.copy()),
    "perturb with a surrogate": lambda: fp.perturb(MATRIX, BOX, KEY, fp.Surrogate(tone="around")),
    "surrogate out": lambda: fp.perturb(PLAIN, BOX, KEY, fp.Surrogate(tone="around"), out=MATRIX.copy()),
    "restore": lambda: fp.restore(HIDDEN.view(np.matrix), RECORD, KEY),
    "restore out": lambda: fp.restore(HIDDEN, RECORD, KEY, out=MATRIX.copy()),
    "examine": lambda: examine(HIDDEN.view(np.matrix), RECORD, KEY),
    "view": lambda: fp.view(MATRIX, BOX),
    "view out": lambda: fp.view(PLAIN, BOX, out=MATRIX.copy()),
    "permute": lambda: permute(MATRIX.copy(), [(fp.Region(*BOX), 4, 400)], [bytes(32)]),
    "locate": lambda: fp.locate(MATRIX),
    "forecast": lambda: forecast(MATRIX, BOX, fp.Strength()),
    "template": lambda: Template(
        np.zeros((64, 64, 3), np.uint8), [(20, 20), (40, 20), (30, 30), (22, 42), (38, 42)], (8, 8, 40, 50), MATRIX
    ),
    **{one.name: lambda one=one: one.protect(MATRIX, FACES, seed=1) for one in PROTECTIONS},
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_entrance_refuses_it(call):
    with pytest.raises(TypeError, match=r"\w+ must be a plain NumPy array, got a matrix; np\.asarray\(\w+\) makes one"):
        call()


@pytest.mark.parametrize("protection", [fp.Strength(), fp.Surrogate(tone="around")])
def test_a_batch_names_it(protection):
    ok, bad, out = perturb_many([PLAIN, MATRIX, PLAIN], [BOX] * 3, KEY, protection, return_errors=True, threads=2)
    assert isinstance(bad, TypeError)
    assert all(np.array_equal(fp.restore(*one, KEY), PLAIN) for one in (ok, out))
    assert isinstance(restore_many([MATRIX], [RECORD], KEY, return_errors=True)[0], TypeError)


def test_what_it_says_to_do_helps():
    hidden, record = fp.perturb(np.asarray(MATRIX), BOX, KEY, fp.Surrogate(tone="around"))
    assert np.array_equal(fp.restore(hidden, record, KEY), PLAIN)
