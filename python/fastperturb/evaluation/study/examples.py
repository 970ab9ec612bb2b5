"""Tasks that make pictures and curves: examples of every protection, the n sweep, the threshold and its faces.

Pictures are PNG in base64, so that a task stays JSON.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import Camouflage, Face, Key, Region, Strength, Surrogate, perturb, psnr, ssim
from ..._optional import import_opencv
from ...strength import fit_threshold
from ..bootstrap import mean_over_people
from ..detection.tasks import readings_of
from ..result_cache import error_text
from .inputs import choose
from .measuring import Tools
from .tasks import Task

PAPER_FRAME = (92, 112)  # width, height of the paper's AT&T images, whose n runs from 4,500 to 9,360
NUMBERS = (4500, 5310, 6120, 6930, 7740, 8550, 9360)
WINDOWS: tuple[int | str, ...] = (4, 8, 12, 24, "region")
_MOST_FITTED = 1000  # images: the matrix of their inner products is its square
_BINS = 60
_SWEPT = {"quick": 60, "full": 400}


def make_examples(tools: Tools, task: Task) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """For each protection and sample the picture as it is, and through the view where there is one."""
    study, failures = tools.study, list[tuple[str, str]]()
    pictures: dict[str, Any] = {
        name: {reading: [] for reading in readings_of(p)} for name, p in study.protections.items()
    }
    for protection, readings in pictures.items():
        for reading, shown in readings.items():
            wanted = Task("examples", protection, "", reading, task.names)
            shown += [encode(changed) for _, _, changed, _ in tools.shown(wanted, failures)]
    return {"pictures": pictures, "names": list(task.names)}, failures


def make_sweep(tools: Tools, task: Task) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """PSNR and SSIM against n, whole frames of 92 x 112 grey pixels moved, by window: the paper's Figures 5 and 6.

    Beside them, in "drawn", surrogate and camouflage over the head, in the same frames.
    """
    study, failures = tools.study, list[tuple[str, str]]()
    key = Key(hashlib.blake2b(b"fastperturb sweep %d" % study.config.seed, digest_size=32).digest())
    frames = _frames(tools, task.names, _SWEPT[study.config.profile], failures)
    curves = []
    for window in WINDOWS:
        for count in NUMBERS:
            strength = Strength(window=window, pixels=count)  # type: ignore[arg-type]
            hidden = [
                perturb(frame.image, (0, 0, *PAPER_FRAME), key, strength, reproducible=True)[0] for frame in frames
            ]
            curves.append({"window": window, "n": count, **_likeness(tools, frames, hidden)})
    drawn = []
    for protection in (Surrogate(), Camouflage()):
        hidden = [protection.protect(frame.image, [frame.face], seed=study.config.seed) for frame in frames]
        drawn.append({"name": protection.name, **_likeness(tools, frames, hidden)})
    return {"curves": curves, "drawn": drawn}, failures


def _likeness(tools: Tools, frames: Sequence[_Frame], hidden: Sequence[Any]) -> dict[str, Any]:
    """How many frames, and mean and interval of PSNR and SSIM."""
    config, people = tools.study.config, tools.inputs.people([frame.name for frame in frames])
    found: dict[str, Any] = {"images": len(frames)}
    for name, measure in (("psnr", psnr), ("ssim", ssim)):
        values = [measure(frame.image, after) for frame, after in zip(frames, hidden, strict=True)]
        found[name] = mean_over_people(values, people, resamples=config.resamples, seed=config.seed)[:3]
    return found


def make_threshold(tools: Tools, task: Task) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The paper's threshold on grey frames of 92 x 112: theta, distances within and between people, average face."""
    failures: list[tuple[str, str]] = []
    frames = _frames(tools, task.names, _MOST_FITTED, failures)
    named = tools.inputs.people([frame.name for frame in frames])
    people = named if all(named) and len(set(named)) < len(named) else None
    fitted = fit_threshold([frame.image for frame in frames], people)
    top = float(max(values.max(initial=fitted.theta) for values in (fitted.within, fitted.between))) * 1.02
    edges = np.linspace(0.0, top, _BINS + 1)
    within, between = (np.histogram(values, edges)[0].tolist() for values in (fitted.within, fitted.between))
    facts = {name: getattr(fitted, name) for name in ("theta", "recognition", "error", "false_acceptance", "kept")}
    faces = [fitted.mean, *fitted.components[:5]]
    return {
        **{name: float(value) for name, value in facts.items()},
        "labelled": fitted.labelled,
        "images": len(frames),
        "components": len(fitted.components),
        "edges": edges.tolist(),
        "within": within,
        "between": between,
        "faces": [encode(_stretched(face)) for face in faces],
    }, failures


def encode(image: Any) -> str:
    """A grey or RGB uint8 image as PNG in base64."""
    cv2 = import_opencv()
    ok, data = cv2.imencode(".png", image if image.ndim == 2 else np.ascontiguousarray(image[..., ::-1]))
    if not ok:
        raise ValueError(f"an image of shape {image.shape} cannot be written as PNG")
    return base64.b64encode(data.tobytes()).decode()


class _Frame(NamedTuple):
    """A grey frame of the paper's size, and the face in it."""

    name: str
    image: Any
    face: Face


def _frames(tools: Tools, names: tuple[str, ...], most: int, failures: list[tuple[str, str]]) -> list[_Frame]:
    cv2 = import_opencv()
    raw = {sample.name: sample for sample in tools.study.raw.samples}
    frames = []
    for name in choose(names, most, tools.study.config.seed, "frames"):
        try:
            image = raw[name].read()
        except Exception as error:
            failures.append((name, error_text(error)))
            continue
        if image.ndim == 3:
            image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        shape = image.shape
        if shape[::-1] != PAPER_FRAME:
            image = cv2.resize(image, PAPER_FRAME, interpolation=cv2.INTER_AREA)
        face = _scaled(tools.inputs.faces[name][0], tools.inputs.samples[name].read().shape)
        frames.append(_Frame(name, np.ascontiguousarray(image), face))
    return frames


def _scaled(face: Face, shape: tuple[int, ...]) -> Face:
    """A face of an image of this shape, in a frame of the paper's size; without its landmarks."""
    across, down = PAPER_FRAME[0] / shape[1], PAPER_FRAME[1] / shape[0]
    box = face.region
    left, top = round(box.x * across), round(box.y * down)
    right, bottom = round((box.x + box.width) * across), round((box.y + box.height) * down)
    return Face(Region(left, top, max(1, right - left), max(1, bottom - top)), face.score, turn=face.turn)


def _stretched(face: Any) -> Any:
    low, high = float(face.min()), float(face.max())
    return np.round((np.asarray(face, np.float64) - low) / max(high - low, 1e-30) * 255).astype(np.uint8)
