"""What perturbing is compared with: the same work done by others, as nearly as they can, and what differs by name.

Each contender takes an image, a box (x, y, width, height) and a number of pixels, and returns a function without
arguments that does the job once and returns the result, and a function that checks a result. A contender whose package
is not installed raises ImportError.
"""

import importlib

import numpy as np

import fastperturb as fp
from fastperturb import _core


def _kept_values(image):
    """What every permutation of whole pixels keeps: the sorted multiset of them."""
    expected = np.sort(image.reshape(-1, image.shape[-1]).astype(np.int64) @ [1, 256, 65536])

    def check(result):
        packed = np.sort(result.reshape(-1, result.shape[-1]).astype(np.int64) @ [1, 256, 65536])
        assert (packed == expected).all()

    return check


def _core_contender(keys, inverse):
    """Permutation alone, in place: 32-byte key, keystream, unbiased draws, move; or the same, undone."""

    def make(image, box, pixels, window=19):
        core = [(*box, 0, window, pixels)]
        work = image.copy()

        def run():
            _core.permute([(work, work, core, keys, False)], inverse, 1, [])
            return work

        return run, _kept_values(image)

    return make


def ours_perturb(image, box, pixels, window=19):
    """fp.perturb: checks, fresh nonce, subkey, copy, permutation, record and tag."""
    key, strength = fp.Key.generate(), fp.Strength(window=window, pixels=pixels)

    def run():
        return fp.perturb(image, box, key, strength)

    def check(result):
        hidden, record = result
        assert record.moved == pixels
        assert (fp.restore(hidden, record, key) == image).all()

    return run, check


def ours_restore(image, box, pixels, window=19):
    """fp.restore: tag checked first."""
    key = fp.Key.generate()
    hidden, record = fp.perturb(image, box, key, fp.Strength(window=window, pixels=pixels))

    def check(result):
        assert (result == image).all()

    return lambda: fp.restore(hidden, record, key), check


def numpy_permutation(image, box, pixels):
    """rng.permutation of the box's pixels, then one fancy assignment. No cryptography, one window, no inverse kept."""
    x, y, w, h = box
    rng = np.random.default_rng(0)
    work = image.copy()
    columns = np.arange(x, x + w)
    flat = ((np.arange(y, y + h)[:, None] * image.shape[1]) + columns).ravel()

    def run():
        rows = work.reshape(-1, work.shape[-1])
        drawn = flat[rng.permutation(flat.size)[:pixels]]
        rows[np.roll(drawn, -1)] = rows[drawn]
        return work

    return run, _kept_values(image)


def numba_fisher_yates(image, box, pixels):
    """A partial Fisher-Yates shuffle and the move, compiled by numba. Its Mersenne Twister is no cryptography."""
    numba = importlib.import_module("numba")
    x, y, w, h = box
    work = image.copy()

    @numba.njit
    def shuffle(rows, flat, order, pixels):
        order[:] = np.arange(flat.size)
        for i in range(pixels):
            j = np.random.randint(i, flat.size)  # noqa: NPY002 (numba knows no other)
            order[i], order[j] = order[j], order[i]
        first = rows[flat[order[pixels - 1]]].copy()
        for i in range(pixels - 1, 0, -1):
            rows[flat[order[i]]] = rows[flat[order[i - 1]]]
        rows[flat[order[0]]] = first

    flat = ((np.arange(y, y + h)[:, None] * image.shape[1]) + np.arange(x, x + w)).ravel()
    order = np.empty(flat.size, np.int64)

    def run():
        shuffle(work.reshape(-1, work.shape[-1]), flat, order, pixels)
        return work

    return run, _kept_values(image)


def opencv_remap(image, box, pixels):
    """rng.choice and cv2.remap by nearest neighbour on the box: the best ready-made parts. No cryptography."""
    cv2 = importlib.import_module("cv2")
    x, y, w, h = box
    rng = np.random.default_rng(0)
    crop = np.ascontiguousarray(image[y : y + h, x : x + w])
    columns, rows = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))

    def run():
        drawn = rng.choice(w * h, pixels, replace=False, shuffle=True)
        to_x, to_y = columns.ravel().copy(), rows.ravel().copy()
        source = np.roll(drawn, 1)
        to_x[drawn], to_y[drawn] = source % w, source // w
        return cv2.remap(crop, to_x.reshape(h, w), to_y.reshape(h, w), cv2.INTER_NEAREST)

    return run, _kept_values(crop)


def pyscramble_pixels(image, box, pixels):
    """pyscramble's scramble of single pixels by MD5 of a password: the box as RGBA, and all of it, whatever n is."""
    pyscramble = importlib.import_module("pyscramble")
    x, y, w, h = box
    crop = np.dstack([image[y : y + h, x : x + w], np.full((h, w), 255, np.uint8)])
    check = _kept_values(np.ascontiguousarray(crop[..., :3]))
    return lambda: pyscramble.per_pixel_md5_encrypt(crop, "password"), lambda result: check(result[..., :3])


def keystream_alone(image, box, pixels):
    """``cryptography``'s ChaCha20, as many bytes as we draw, a new object each call: a floor for keyed work."""
    ciphers = importlib.import_module("cryptography.hazmat.primitives.ciphers")
    algorithm = importlib.import_module("cryptography.hazmat.primitives.ciphers.algorithms")
    blank = bytes(2 * pixels)

    def run():
        return ciphers.Cipher(algorithm.ChaCha20(bytes(32), bytes(16)), mode=None).encryptor().update(blank)

    def check(result):
        assert len(result) == len(blank)
        assert result[:8] == bytes.fromhex("76b8e0ada0f13d90")

    return run, check


def copy_alone(image, box, pixels):
    """A copy of the image: the floor for everything that does not work in place."""

    def check(result):
        assert (result == image).all()

    return image.copy, check


CONTENDERS = {
    "fastperturb core": _core_contender(bytes(range(32)), False),
    "fastperturb core, back": _core_contender(bytes(range(32)), True),
    "fastperturb core, version 2": _core_contender([bytes(range(32))], False),
    "fastperturb core, version 2, back": _core_contender([bytes(range(32))], True),
    "fastperturb.perturb": ours_perturb,
    "fastperturb.restore": ours_restore,
    "NumPy permutation": numpy_permutation,
    "numba Fisher-Yates": numba_fisher_yates,
    "rng.choice + cv2.remap": opencv_remap,
    "pyscramble": pyscramble_pixels,
    "cryptography ChaCha20": keystream_alone,
    "copy of the image": copy_alone,
}
