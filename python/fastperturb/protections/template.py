"""The face that a surrogate shows: a small picture with five landmarks and the ellipse of its head."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Real
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import Face
from .._optional import import_opencv
from ..array_files import load_arrays
from ..bounded_files import read_regular_file
from ..checks import check_array, check_image, is_finite
from ..errors import ModelError
from ..faces.model_files import read_model
from ..region import Point
from . import drawn_face
from .face_average import average_face

Image = NDArray[Any]
Box: TypeAlias = tuple[float, float, float, float]

FRAME_WIDTH, FRAME_HEIGHT = 400, 520
"""Size in which templates are kept: a head's box, as :func:`.rounding.round_face` lays it."""
_MARKS = drawn_face.LANDMARKS  # where landmarks lie in the frame
_FORMAT = "fastperturb-template 1"
_LARGEST = 8192
_MOST_BYTES = 2**29  # of arrays; picture and matte of the largest sides have three fifths
_MOST_TEXT = 2**16


@dataclass(frozen=True, eq=False)
class Template:
    """A face to show in place of others.

    Attributes:
        picture: RGB, (height, width, 3), uint8 or float32 from 0 to 1; sides from 8 to 8,192 pixels.
        landmarks: five (x, y) in pixels of the picture, of an upright face: right eye, left eye, nose tip, right and
            left mouth corner, right and left as the person has them.
        head: the box (x, y, width, height) around the head's ellipse, with hair, ears and chin; it is laid over a
            region of 1 to 1.3. None: placed by the landmarks. It may reach beyond the picture, whose rim then repeats.
        matte: (height, width), uint8, 255 where the head is and 0 where its background is; None: the ellipse, softened.

    Raises:
        TypeError: ``picture`` or ``matte`` of another type or dtype.
        ValueError: their shape or values; no five landmarks, or one outside the picture; a head without size.
    """

    picture: Image
    landmarks: tuple[Point, ...]
    head: Box | None = None
    matte: NDArray[np.uint8] | None = None
    frame: NDArray[np.uint8] = field(init=False, repr=False)
    """What is drawn: the head's box as 520 x 400, RGB."""
    frame_matte: NDArray[np.uint8] = field(init=False, repr=False)
    """The matte of that, 520 x 400."""
    fingerprint: str = field(init=False)
    """Sixteen hexadecimal digits of a hash of what is drawn."""

    def __post_init__(self) -> None:
        picture = _checked_picture(self.picture)
        landmarks = _checked_landmarks(self.landmarks, picture.shape)
        head = _head_by(landmarks) if self.head is None else _checked_head(self.head)
        matte = _checked_matte(self.matte, picture.shape)
        frame = _cut(picture, head)
        drawn = _soft_ellipse() if matte is None else _cut(matte, head)
        for array in (picture, frame, drawn):
            array.flags.writeable = False
        found = hashlib.blake2b(frame.tobytes() + drawn.tobytes(), digest_size=8).hexdigest()
        values = {"picture": picture, "landmarks": landmarks, "head": head, "matte": matte}
        for name, value in {**values, "frame": frame, "frame_matte": drawn, "fingerprint": found}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def default(cls) -> Template:
        """The face that :mod:`.drawn_face` draws, of no one; drawn once."""
        return _default()

    @classmethod
    def fit(cls, images: Iterable[Image], faces: Iterable[Sequence[Face]] | None = None) -> Template:
        """The average face of images, as the paper makes it: landmarks laid over each other, where there are any.

        Faces without five landmarks are laid over each other by their boxes, grown to the head. An average of few
        people shows them.

        Args:
            images: each looked at once; grey or RGB, alpha is left out.
            faces: for each image its faces; None finds them by :func:`fastperturb.locate`.

        Raises:
            ValueError: no face in any image, or not as many lists of faces as images.
        """
        mean = average_face(images, faces, _MARKS, (FRAME_WIDTH, FRAME_HEIGHT))
        return cls(np.rint(mean).astype(np.uint8), _MARKS, (0.0, 0.0, FRAME_WIDTH, FRAME_HEIGHT))

    @classmethod
    def from_file(cls, path: str | Path) -> Template:
        """A template of a file.

        Args:
            path: one that :meth:`to_file` wrote (``.npz``); or a picture (PNG, JPEG, WebP; its alpha is the matte) with
                a file of the same name and the ending ``.json`` beside it: ``{"landmarks": [[x, y], ...], "head":
                [x, y, width, height]}``, of which ``head`` may be left out.

        Raises:
            ModelError: no such file, one of another kind, or values that do not fit; the message says which.
        """
        content = read_model(path)
        try:
            return _from_arrays(cls, content) if content[:2] == b"PK" else _from_picture(cls, content, Path(path))
        except (OSError, KeyError, TypeError, ValueError) as error:
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            raise ModelError(f"{path}: no template: {reason}") from error

    def to_file(self, path: str | Path) -> None:
        """Writes picture, landmarks, head and matte as NumPy's ``.npz``, without pickle."""
        arrays: dict[str, NDArray[Any]] = {"picture": self.picture, "landmarks": np.array(self.landmarks)}
        arrays["head"] = np.array(self.head)
        if self.matte is not None:
            arrays["matte"] = self.matte
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, format=np.array(_FORMAT), **arrays)
        Path(path).write_bytes(buffer.getvalue())


@lru_cache(maxsize=1)
def _default() -> Template:
    picture, matte = drawn_face.draw_face(FRAME_WIDTH, FRAME_HEIGHT)
    return Template(picture, _MARKS, (0.0, 0.0, FRAME_WIDTH, FRAME_HEIGHT), matte)


def _checked_picture(picture: Image) -> NDArray[np.uint8]:
    check_image(picture, "picture")
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype == np.uint16:
        raise ValueError(f"picture must be RGB, uint8 or float32, got {picture.dtype} of shape {picture.shape}")
    if not (min(picture.shape[:2]) >= 8 and max(picture.shape[:2]) <= _LARGEST):
        raise ValueError(f"picture must have sides of 8 to {_LARGEST} pixels, got shape {picture.shape}")
    if picture.dtype == np.uint8:
        return np.array(picture, order="C")
    if picture.min() < 0 or picture.max() > 1:
        raise ValueError(f"picture must lie within 0 to 1, got {picture.min():g} to {picture.max():g}")
    return np.rint(picture * np.float32(255)).astype(np.uint8)


def _checked_landmarks(landmarks: Any, shape: tuple[int, ...]) -> tuple[Point, ...]:
    if len(landmarks) != 5:
        raise ValueError(
            "landmarks must be 5 points (right eye, left eye, nose tip, right and left mouth corner), "
            f"got {len(landmarks)}"
        )
    points = []
    for point in landmarks:
        if len(point) != 2 or not all(isinstance(number, Real) for number in point):
            raise ValueError(f"a landmark must be (x, y), got {point!r}")
        x, y = (float(number) if is_finite(number) else math.nan for number in point)
        if not (0 <= x <= shape[1] and 0 <= y <= shape[0]):
            raise ValueError(f"landmarks must lie in the picture of {shape[1]} x {shape[0]}, got ({x:g}, {y:g})")
        points.append((x, y))
    if not (
        points[0][0] < points[1][0]
        and points[3][0] < points[4][0]
        and points[0][1] + points[1][1] < points[3][1] + points[4][1]
    ):
        raise ValueError(
            f"landmarks must be those of an upright face, right eye to the left of the left one, got {points}"
        )
    return tuple(points)


def _checked_head(head: Any) -> Box:
    if len(head) != 4 or not all(isinstance(number, Real) and is_finite(number) for number in head):
        raise ValueError(f"head must be (x, y, width, height), got {head!r}")
    x, y, width, height = (float(number) for number in head)
    if not (1 <= width <= 4 * _LARGEST and 1 <= height <= 4 * _LARGEST and max(abs(x), abs(y)) <= 4 * _LARGEST):
        raise ValueError(f"head must have sides of 1 to {4 * _LARGEST} pixels, near the picture, got {head!r}")
    return x, y, width, height


def _checked_matte(matte: Any, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    if matte is None:
        return None
    if isinstance(matte, np.ndarray):
        check_array(matte, "matte")
    if not isinstance(matte, np.ndarray) or matte.dtype != np.uint8:
        raise TypeError(f"matte must be a uint8 array, got {getattr(matte, 'dtype', type(matte).__name__)}")
    if matte.shape != shape[:2]:
        raise ValueError(f"matte must have the picture's shape {shape[:2]}, got {matte.shape}")
    kept = np.array(matte, order="C")
    kept.flags.writeable = False
    return kept


def _head_by(landmarks: tuple[Point, ...]) -> Box:
    """Where the frame lies if these landmarks have their places in it, by the distances of eyes and mouth."""
    (eyes, mouth, across), (own_eyes, own_mouth, own_across) = _measures(landmarks), _measures(_MARKS)
    down, own_down = mouth[1] - eyes[1], own_mouth[1] - own_eyes[1]
    scale = (across / own_across + down / own_down) / 2
    x = (eyes[0] + mouth[0]) / 2 - scale * FRAME_WIDTH / 2
    y = (eyes[1] + mouth[1]) / 2 - scale * (own_eyes[1] + own_mouth[1]) / 2
    return x, y, scale * FRAME_WIDTH, scale * FRAME_HEIGHT


def _measures(landmarks: tuple[Point, ...]) -> tuple[Point, Point, float]:
    """Middle of the eyes, middle of the mouth, distance of the eyes."""
    right, left, _, corner, other = landmarks
    middles = [((one[0] + two[0]) / 2, (one[1] + two[1]) / 2) for one, two in ((right, left), (corner, other))]
    return middles[0], middles[1], math.dist(right, left)


def _cut(picture: NDArray[np.uint8], head: Box) -> NDArray[np.uint8]:
    """A box of a picture in the frame's size, its rim repeated where the box reaches beyond."""
    cv2 = import_opencv()
    left, top = round(head[0]), round(head[1])
    right, bottom = max(left + 1, round(head[0] + head[2])), max(top + 1, round(head[1] + head[3]))
    rows = np.clip(np.arange(top, bottom), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, right), 0, picture.shape[1] - 1)
    cut = picture[rows][:, columns]
    if cut.shape[:2] == (FRAME_HEIGHT, FRAME_WIDTH):
        return np.ascontiguousarray(cut)
    shrinks = cut.shape[0] * cut.shape[1] > FRAME_HEIGHT * FRAME_WIDTH
    found: NDArray[np.uint8] = cv2.resize(
        cut, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    return found


def _soft_ellipse() -> NDArray[np.uint8]:
    """The frame's ellipse, fading over its outer tenth."""
    across = (np.arange(FRAME_WIDTH, dtype=np.float32) + 0.5) / (FRAME_WIDTH / 2) - 1
    down = (np.arange(FRAME_HEIGHT, dtype=np.float32) + 0.5) / (FRAME_HEIGHT / 2) - 1
    far = np.sqrt(down[:, np.newaxis] ** 2 + across**2)
    soft: NDArray[np.uint8] = np.rint(np.clip((1 - far) * 10, 0, 1) * 255).astype(np.uint8)
    return soft


def _from_arrays(kind: type[Template], content: bytes) -> Template:
    data = load_arrays(content, _MOST_BYTES)
    if str(data["format"]) != _FORMAT:
        raise ValueError(f"its format must be {_FORMAT!r}, got {str(data['format'])!r:.80}")
    return kind(data["picture"], data["landmarks"], data["head"], data.get("matte"))  # type: ignore[arg-type]


def _from_picture(kind: type[Template], content: bytes, path: Path) -> Template:
    cv2 = import_opencv()
    beside = path.with_suffix(".json")
    if not beside.is_file():
        raise ValueError(f"landmarks must be in {beside.name} beside it, which is not there")
    try:
        told = json.loads(read_regular_file(beside, _MOST_TEXT).decode("utf-8"))
    except RecursionError:
        raise ValueError(f"{beside.name} is nested too deeply") from None
    if not isinstance(told, dict) or not set(told) <= {"landmarks", "head"}:
        raise ValueError(f"{beside.name} must hold landmarks and, if wanted, head, got {str(told)[:80]}")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError("neither a picture nor a .npz file")
    if picture.dtype != np.uint8 or picture.ndim != 3:
        raise ValueError(f"the picture must be RGB of 8 bits, got {picture.dtype} of shape {picture.shape}")
    matte = np.ascontiguousarray(picture[..., 3]) if picture.shape[2] == 4 else None
    return kind(np.ascontiguousarray(picture[..., 2::-1]), told["landmarks"], told.get("head"), matte)
