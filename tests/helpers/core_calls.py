"""The core's permutation as tests call it: images are changed in place, and the answer is how many pixels moved."""

from fastperturb import _core


def permute_in_place(jobs, inverse=False, threads=1):
    """Permutes each (image, core regions, key or keys); gives for each job how many pixels of each region moved."""
    done = []
    _core.permute([(image, image, core, keys, False) for image, core, keys in jobs], inverse, threads, done)
    return [moved for moved, _ in done[0]]
