"""Albumentations: a transform that protects faces, in the boxes of the sample or where a detector finds them.

Made for albumentations 2.0.8, the last release under the MIT licence. It also runs on albumentationsx 2.5, its AGPL
successor, which has the same import name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import Record, Region
from .._optional import import_extra
from .always import refuse_in, refuse_running
from .key_places import KeysLike, plain_keys, read_plain_keys
from .protector import FaceOptions, Protector, refuse_taken
from .samples import refuse_pictures

_A: Any = import_extra("albumentations", "albumentations")
_Targets: Any = import_extra("albumentations.core.type_definitions", "albumentations").Targets

__all__ = ["FaceOptions", "PerturbFaces"]
_IMAGES = frozenset(("image", "images"))
_VOLUMES = frozenset(("volume", "volumes"))
_KNOWN = frozenset(
    ("image", "images", "mask", "masks", "mask3d", "masks3d", "bboxes", "keypoints", "applied_transforms")
)
_SOME = tuple(getattr(_A, name) for name in ("OneOf", "OneOrOther", "SomeOf") if hasattr(_A, name))


class PerturbFaces(_A.DualTransform):  # type: ignore[misc]
    """Protects the faces of ``image``, of each of ``images``, and of every additional target of these kinds.

    Boxes, masks and keypoints stay.

    It always runs: there is no probability, and containers that may leave it out (``OneOf``, ``SomeOf``, ``p`` below 1)
    refuse it when they are made. Put it before transforms that crop or turn: those drop or move boxes while parts of
    faces stay. What an image without a face means, ``options.no_face`` says.

    In a ``Compose`` with ``bbox_params`` and ``bboxes`` in the sample, of any format, these are the faces of ``image``;
    without, or with ``boxes="locate"``, they are looked for. A further image, ``image2``, has the boxes that
    ``boxes`` names, or those of the additional target that ends alike, ``bboxes2``. The faces of ``images`` are looked
    for, unless ``boxes`` says that boxes are those of each of them: ``{"images": "bboxes"}``.

    The result has one entry more for each image, ``record_key`` and ``record_key`` + ``_image2``: the record as JSON
    text, without which nothing can be restored, or "" for an image that was passed on in the clear; for ``images`` a
    list of them, ``record_images``. ``restore`` needs the image as it comes out of this transform.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`, also as what ``A.to_dict`` keeps: public
            keys, and the place and the id of secret ones. A ``Key`` object is never serialised: what is made
            again looks into the environment for the key of its id.
        options: how faces are found and protected, also as the mapping that ``FaceOptions.to_dict`` gives.
        boxes: "sample", "locate", or names of images and of the boxes that are theirs: ``{"image2": "bboxes"}``.
        record_key: name of the entry.
        unprotected: names of entries that could be pictures, are no targets, and may pass unchanged.

    Raises:
        ValueError: ``boxes`` is neither, or (when called) an entry or a label field is called ``record_key``, boxes
            came without ``bbox_params`` to say their format, an image has no boxes of its own where others have, or
            something else in the sample could be a picture.
        OSError, KeyError, ValueError: the key cannot be read, or has another id.

    Warns:
        ProtectedAnew: each epoch would show every picture in another way.
    """

    class InitSchema(_A.BasicTransform.InitSchema):  # type: ignore[misc]
        """What the arguments are checked against; there is no ``p`` of one's own."""

        key: Any
        options: Any
        boxes: Any
        record_key: str
        unprotected: Any

    _targets: ClassVar[Any] = (_Targets.IMAGE, _Targets.MASK, _Targets.BBOXES, _Targets.KEYPOINTS)
    fastperturb_always: ClassVar[bool] = True

    def __init__(
        self,
        key: KeysLike | Mapping[str, Any] | Sequence[Mapping[str, Any]] = None,
        options: FaceOptions | Mapping[str, Any] = FaceOptions(),  # noqa: B008
        boxes: str | Mapping[str, str] = "sample",
        record_key: str = "record",
        p: float = 1.0,
        unprotected: Collection[str] = (),
    ) -> None:
        self._roles: dict[str, str] = {}
        super().__init__(p=p)
        if boxes not in ("sample", "locate") and not isinstance(boxes, Mapping):
            raise ValueError(f"boxes must be 'sample', 'locate' or names of images and their boxes, got {boxes!r}")
        settings = options if isinstance(options, FaceOptions) else FaceOptions.from_dict(options)
        self._protector = Protector(read_plain_keys(key), settings)
        self._protector.warn_if_anew()
        self.boxes = boxes if isinstance(boxes, str) else dict(boxes)
        self.record_key = record_key
        self.unprotected = [unprotected] if isinstance(unprotected, str) else list(unprotected)

    @property
    def p(self) -> float:
        """The probability that it runs, which is 1."""
        return 1.0

    @p.setter
    def p(self, value: float) -> None:
        if value != 1:
            raise ValueError(f"p must be 1, for a face is always protected, got {value!r}")

    @property
    def applied_in_replay(self) -> bool:
        """Whether a replay runs it: always, whatever was saved."""
        return True

    @applied_in_replay.setter
    def applied_in_replay(self, _value: bool) -> None:
        """Takes what was saved, and does nothing with it."""

    def add_targets(self, additional_targets: dict[str, str]) -> None:
        """Takes further images and boxes."""
        super().add_targets(additional_targets)
        self._roles.update(additional_targets)

    def apply_with_params(self, params: dict[str, Any], *args: Any, **sample: Any) -> dict[str, Any]:
        """Protects the images and adds their records to the sample."""
        refuse_running(self, (_A.BaseCompose,), _may_leave_out)
        roles = {name: self._roles.get(name, name) for name in sample if sample[name] is not None}
        unfit = sorted(name for name, role in roles.items() if role in _VOLUMES)
        if unfit:
            raise ValueError(f"images can be protected, and no volumes, got {', '.join(unfit)}")
        images = [name for name, role in roles.items() if role in _IMAGES]
        records = {name: self.record_key + ("" if name == "image" else f"_{name}") for name in images}
        labels = self._label_fields()  # which come back at the end
        refuse_taken(records.values(), {*sample, *labels})
        known = {*self.unprotected, self.save_key, *labels}
        others = ((name, sample[name]) for name, role in roles.items() if role not in _KNOWN)
        refuse_pictures(others, known, "name it in additional_targets")
        regions = {name: self._regions(name, sample, roles) for name in images}
        result = dict(sample)
        for name in images:
            if roles[name] == "images":
                pairs = [self._protector(image, regions[name]) for image in sample[name]]
                hidden = [image for image, _ in pairs]
                result[name] = hidden if isinstance(sample[name], (list, tuple)) else np.stack(hidden)
                result[records[name]] = [_text(record) for _, record in pairs]
            else:
                result[name], record = self._protector(sample[name], regions[name])
                result[records[name]] = _text(record)
        return result

    def get_transform_init_args(self) -> dict[str, Any]:
        """What makes an equal transform, as plain values: the places and the ids of keys, without any secret."""
        keys = plain_keys(self._protector.holders)
        return {
            "key": keys[0] if len(keys) == 1 else keys,
            "options": self._protector.options.to_dict(),
            "boxes": self.boxes,
            "record_key": self.record_key,
            "unprotected": list(self.unprotected),
        }

    def _label_fields(self) -> set[str]:
        processors = (self.get_processor("bboxes"), self.get_processor("keypoints"))
        return {name for one in processors if one is not None for name in one.params.label_fields or ()}

    def _regions(self, name: str, sample: dict[str, Any], roles: dict[str, str]) -> list[Region] | None:
        """The faces of one image; ``None`` to look for them. Nothing is guessed: a face would stay in the clear."""
        there = [other for other, role in roles.items() if role == "bboxes"]
        if self.boxes == "locate" or not there:
            return None
        if self.get_processor("bboxes") is None:
            raise ValueError("bboxes must come through a Compose with bbox_params, which say their format")
        named = {} if isinstance(self.boxes, str) else self.boxes
        several = roles[name] == "images"  # whose faces no one list of boxes has, unless that is said
        own = named.get(name, "" if several else "bboxes" + name.removeprefix("image"))
        if own not in there:
            target = "" if several else f"a target {own!r}, "
            raise ValueError(
                f"{name} must have boxes of its own, as {' and '.join(there)} came: {target}"
                f"boxes={{{name!r}: {there[0]!r}}} if these are of its faces too, or boxes='locate'"
            )
        # All boxes come as shares of the sides of "image", whatever the size of the image that they are of.
        shape = sample["image"].shape if "image" in sample else sample["images"][0].shape
        return [_region_in_pixels(box, shape) for box in sample[own]]


def _text(record: Record | None) -> str:
    return "" if record is None else record.to_json()


def _may_leave_out(container: Any) -> str | None:
    """Why a container may not call what it holds, or loses its record; ``None`` if it does neither."""
    name = type(container).__name__
    if isinstance(container, _SOME):
        return f"{name} leaves out some of its transforms"
    if isinstance(container, _A.SelectiveChannelTransform):
        return f"{name} hands on some of the channels and drops the record"
    if not isinstance(container, (_A.Compose, _A.Sequential)):
        return f"{name} is not known to apply all of its transforms"
    if container.p < 1:
        return f"{name} with p={container.p} leaves out all of its transforms at times"
    return None


refuse_in(_A.BaseCompose, _may_leave_out)


def _region_in_pixels(box: Any, shape: tuple[int, ...]) -> Region:
    """Whole pixels that cover a box (left, top, right, bottom) in shares of the image, as transforms get them."""
    sides = (shape[1], shape[0], shape[1], shape[0])
    # A thousandth of a pixel less: whole pixels that were divided by the side come back a little off.
    left, top = (math.floor(float(box[i]) * sides[i] + 1e-3) for i in (0, 1))
    right, bottom = (math.ceil(float(box[i]) * sides[i] - 1e-3) for i in (2, 3))
    return Region(left, top, max(1, right - left), max(1, bottom - top))
