"""Albumentations: a transform that protects faces, in the boxes of the sample or where a detector finds them.

Made for albumentations 2.0.8, the last release under the MIT licence. It also runs on albumentationsx 2.5, its AGPL
successor, which has the same import name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from .. import Region
from .._optional import import_extra
from .protector import FaceOptions, KeyLike, KeyPlace, Protector
from .samples import callers, could_be_image, flatten, look_inside

_A: Any = import_extra("albumentations", "albumentations")
_Targets: Any = import_extra("albumentations.core.type_definitions", "albumentations").Targets

__all__ = ["FaceOptions", "PerturbFaces"]
_SEVERAL = ("images", "volume", "volumes")
_MASKS = ("mask", "masks", "mask3d", "masks3d")


class PerturbFaces(_A.DualTransform):  # type: ignore[misc]
    """Protects the faces of the image, always; boxes, masks and keypoints stay as they are.

    There is no probability, and a composition that applies its transforms by chance (``Compose(p=0.5)``, ``OneOf``,
    ``SomeOf``, ``Sequential`` without ``p=1`` and so on) is refused when it is made.

    In a ``Compose`` with ``bbox_params`` and ``bboxes`` in the sample, of any format, these are the faces; without, or
    with ``boxes="locate"``, they are looked for. Put it before transforms that crop or turn: those drop or move boxes
    while parts of faces stay. What an image without a face means, ``options.no_face`` says.

    The result has one entry more, ``record_key``: the record as JSON text, without which nothing can be restored, or
    "" for an image that was passed on in the clear. ``restore`` needs the image as it comes out of this transform.
    Further images (``additional_targets={"image2": "image"}``) are protected too, each with a record of its own
    (``record_image2``). An array that could be an image and is no target is refused.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`. A ``Key`` object is never serialised:
            ``A.to_dict`` and ``ReplayCompose`` keep the place of a key and its public id (for an object, the
            environment), as a mapping that is taken here too, and another key at that place is refused.
        options: how faces are found and protected, also as the mapping that ``FaceOptions.to_dict`` gives.
        boxes: "sample"; "locate"; or where the faces of each image are, as a mapping from its name to that of a target
            of boxes or to "locate": ``{"image": "bboxes", "image2": "bboxes2"}``. It is needed for further images in
            samples with boxes.
        record_key: name of the entry, and how those of further images begin.

    Raises:
        ValueError: ``boxes`` is none of these; a composition by chance; a label field of the name of a record; or (when
            called) boxes without ``bbox_params``, images whose boxes are not known, or a record that is there already.
        OSError, KeyError, ValueError: the key cannot be read.
    """

    class InitSchema(_A.BasicTransform.InitSchema):  # type: ignore[misc]
        """What the arguments are checked against; there is no ``p`` of one's own."""

        key: Any
        options: Any
        boxes: Any
        record_key: str

    _targets: ClassVar[Any] = (_Targets.IMAGE, _Targets.MASK, _Targets.BBOXES, _Targets.KEYPOINTS)
    applied_in_replay = property(lambda _self: True, lambda _self, _value: None)

    def __init__(
        self,
        key: KeyLike | Mapping[str, Any] = None,
        options: FaceOptions | Mapping[str, Any] = FaceOptions(),  # noqa: B008
        boxes: str | Mapping[str, str] = "sample",
        record_key: str = "record",
        p: float = 1.0,
    ) -> None:
        super().__init__(p=1.0)
        self.p = p
        if boxes not in ("sample", "locate") and not isinstance(boxes, Mapping):
            raise ValueError(f"boxes must be 'sample', 'locate' or a mapping from images to boxes, got {boxes!r}")
        settings = options if isinstance(options, FaceOptions) else FaceOptions.from_dict(options)
        self._protector = Protector(KeyPlace(**key) if isinstance(key, Mapping) else key, settings)
        self.boxes = dict(boxes) if isinstance(boxes, Mapping) else boxes
        self.record_key = record_key

    @property
    def p(self) -> float:
        """Always 1."""
        return 1.0

    @p.setter
    def p(self, value: float) -> None:
        if value != 1:
            raise ValueError(f"p must be 1, for a face is always protected, got {value!r}")

    def apply_with_params(self, params: dict[str, Any], *args: Any, **sample: Any) -> dict[str, Any]:
        """Protects the images and adds their records to the sample."""
        for composition in callers((_A.BaseCompose,)):  # as one that was changed after it was made
            _refuse_chance(composition)
        kinds = {name: self._additional_targets.get(name, name) for name in sample if sample[name] is not None}
        unfit = sorted(name for name, kind in kinds.items() if kind in _SEVERAL)
        if unfit:
            raise ValueError(f"one image at a time can be protected, got {', '.join(unfit)}")
        self._refuse_taken(sample)
        for name in ("bboxes", "keypoints"):
            processor = self.get_processor(name)
            self._refuse_taken((processor and processor.params.label_fields) or ())
        self._refuse_undeclared(sample)
        changed: dict[str, Any] = {}
        for name in [name for name, kind in kinds.items() if kind == "image"]:
            regions = self._regions(name, sample, kinds)
            changed[name], record = self._protector(sample[name], regions)
            changed[self._entry(name)] = "" if record is None else record.to_json()
        return {**sample, **changed}

    def get_transform_init_args(self) -> dict[str, Any]:
        """What makes an equal transform, without the secret."""
        key, options = asdict(self._protector.place), self._protector.options.to_dict()
        return {"key": key, "options": options, "boxes": self.boxes, "record_key": self.record_key}

    def _entry(self, image: str) -> str:
        return self.record_key if image == "image" else f"{self.record_key}_{image}"

    def _refuse_taken(self, names: Any) -> None:
        further = (name for name, kind in self._additional_targets.items() if kind == "image")
        taken = [entry for entry in map(self._entry, ("image", *further)) if entry in names]
        if taken:
            raise ValueError(
                f"the record must have an entry of its own, got a sample or label field that has {', '.join(taken)}: "
                "were its images protected before? record_key= names another entry, and both are needed to restore"
            )

    def _refuse_undeclared(self, sample: Mapping[str, Any]) -> None:
        known = {*self.available_keys, *_MASKS, getattr(self, "save_key", "replay"), "applied_transforms"}
        for name, value in sample.items():
            if name not in known and any(could_be_image(item) for item in flatten(value)):
                raise ValueError(
                    f"{name} could be an image and is no target, so that it would stay in the clear; "
                    f"additional_targets={{{name!r}: 'image'}} protects it, 'mask' says that it is none"
                )

    def _regions(self, image: str, sample: Mapping[str, Any], kinds: Mapping[str, str]) -> list[Region] | None:
        """The faces of an image, or ``None`` to look for them."""
        there = [name for name, kind in kinds.items() if kind == "bboxes"]
        if isinstance(self.boxes, str):
            if self.boxes == "locate" or not there:
                return None
            if image != "image" or there != ["bboxes"]:
                raise ValueError(
                    f"boxes must say which of {', '.join(there)} are the faces of {image}, as in "
                    "boxes={'image': 'bboxes', 'image2': 'bboxes2'}, or 'locate'"
                )
        source = "bboxes" if isinstance(self.boxes, str) else self.boxes.get(image, "nothing")
        if source == "locate":
            return None
        if source not in there:
            raise ValueError(f"boxes must name a target of boxes in the sample for {image}, got {source}")
        processor = self.get_processor("bboxes")
        if processor is None:
            raise ValueError("bboxes must come through a Compose with bbox_params, which say their format")
        if getattr(processor.params, "bbox_type", "hbb") != "hbb":
            raise ValueError(f"bboxes must be upright, got bbox_type={processor.params.bbox_type!r}")
        return [_region_in_pixels(box, sample["image"].shape) for box in sample[source]]


def _refuse_chance(composition: Any) -> None:
    """Refuses a composition that does not always apply what it holds, or loses what that adds to the sample."""
    if isinstance(composition, (_A.Compose, _A.Sequential)) and composition.p >= 1:
        return
    raise ValueError(
        "PerturbFaces must be in Compose, ReplayCompose or Sequential with p=1, for a face is always protected, "
        f"got {type(composition).__name__}(p={composition.p}); put it before that"
    )


look_inside(_A.BaseCompose, PerturbFaces, _refuse_chance)


def _region_in_pixels(box: Any, shape: tuple[int, ...]) -> Region:
    """Whole pixels that cover a box (left, top, right, bottom) in shares of the image, as transforms get them."""
    sides = (shape[1], shape[0], shape[1], shape[0])
    # A thousandth of a pixel less: whole pixels that were divided by the side come back a little off.
    left, top = (math.floor(float(box[i]) * sides[i] + 1e-3) for i in (0, 1))
    right, bottom = (math.ceil(float(box[i]) * sides[i] - 1e-3) for i in (2, 3))
    return Region(left, top, max(1, right - left), max(1, bottom - top))
