"""Albumentations: a transform that protects faces, in the boxes of the sample or where a detector finds them.

Made for albumentations 2.0.8, the last release under the MIT licence. It also runs on albumentationsx 2.5, its AGPL
successor, which has the same import name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from .. import Key, Region
from .._optional import import_extra
from .protector import FaceOptions, Image, KeyLike, Protector

_A: Any = import_extra("albumentations", "albumentations")
_Targets: Any = import_extra("albumentations.core.type_definitions", "albumentations").Targets

__all__ = ["FaceOptions", "PerturbFaces"]


class PerturbFaces(_A.DualTransform):  # type: ignore[misc]
    """Protects the faces of ``image``, always (there is no probability); boxes, masks and keypoints stay as they are.

    In a ``Compose`` with ``bbox_params`` and ``bboxes`` in the sample, of any format, these are the faces; without, or
    with ``boxes="locate"``, they are looked for. Put it before transforms that crop or turn: those drop or move boxes
    while parts of faces stay. What an image without a face means, ``options.no_face`` says.

    The result has one entry more, ``record_key``: the record as JSON text, without which nothing can be restored, or
    "" for an image that was passed on in the clear. ``restore`` needs the image as it comes out of this transform.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`. A ``Key`` object is never serialised:
            ``A.to_dict`` and ``ReplayCompose`` keep the place of a key, and otherwise look into the environment.
        options: how faces are found and protected, also as the mapping that ``FaceOptions.to_dict`` gives.
        boxes: "sample" or "locate".
        record_key: name of the entry.

    Raises:
        ValueError: ``boxes`` is neither, or (when called) boxes came without ``bbox_params`` to say their format.
        OSError, KeyError, ValueError: the key cannot be read.
    """

    class InitSchema(_A.BasicTransform.InitSchema):  # type: ignore[misc]
        """What the arguments are checked against; there is no ``p`` of one's own."""

        key: Any
        options: Any
        boxes: str
        record_key: str

    _targets: ClassVar[Any] = (_Targets.IMAGE, _Targets.MASK, _Targets.BBOXES, _Targets.KEYPOINTS)

    def __init__(
        self,
        key: KeyLike = None,
        options: FaceOptions | Mapping[str, Any] = FaceOptions(),  # noqa: B008
        boxes: str = "sample",
        record_key: str = "record",
        p: float = 1.0,
    ) -> None:
        super().__init__(p=1.0)
        if p != 1.0:
            raise ValueError(f"p must be 1, for a face is always protected, got {p!r}")
        if boxes not in ("sample", "locate"):
            raise ValueError(f"boxes must be 'sample' or 'locate', got {boxes!r}")
        settings = options if isinstance(options, FaceOptions) else FaceOptions.from_dict(options)
        self._key = None if isinstance(key, Key) else key
        self._protector = Protector(key, settings)
        self.boxes = boxes
        self.record_key = record_key

    def apply_with_params(self, params: dict[str, Any], *args: Any, **sample: Any) -> dict[str, Any]:
        """Protects the image and adds the record to the sample."""
        unfit = sorted({"images", "volume", "volumes"} & set(sample))
        if unfit:
            raise ValueError(f"one image at a time can be protected, got {', '.join(unfit)}")
        boxes = sample.get("bboxes") if self.boxes == "sample" else None
        if boxes is not None and self.get_processor("bboxes") is None:
            raise ValueError("bboxes must come through a Compose with bbox_params, which say their format")
        image: Image = sample["image"]
        regions = None if boxes is None else [_region_in_pixels(box, image.shape) for box in boxes]
        hidden, record = self._protector(image, regions)
        return {**sample, "image": hidden, self.record_key: "" if record is None else record.to_json()}

    def get_transform_init_args(self) -> dict[str, Any]:
        """What makes an equal transform, without the secret."""
        options = self._protector.options.to_dict()
        return {"key": self._key, "options": options, "boxes": self.boxes, "record_key": self.record_key}


def _region_in_pixels(box: Any, shape: tuple[int, ...]) -> Region:
    """Whole pixels that cover a box (left, top, right, bottom) in shares of the image, as transforms get them."""
    sides = (shape[1], shape[0], shape[1], shape[0])
    # A thousandth of a pixel less: whole pixels that were divided by the side come back a little off.
    left, top = (math.floor(float(box[i]) * sides[i] + 1e-3) for i in (0, 1))
    right, bottom = (math.ceil(float(box[i]) * sides[i] - 1e-3) for i in (2, 3))
    return Region(left, top, max(1, right - left), max(1, bottom - top))
