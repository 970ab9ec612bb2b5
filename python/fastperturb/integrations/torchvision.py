"""torchvision transforms v2: a transform of samples that protects faces, in their bounding boxes or located.

Images are (channels, height, width), uint8, uint16 or float32 within 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, ClassVar

import numpy as np

from .. import Region
from .._optional import import_extra
from .always import refuse_in, refuse_running
from .key_places import KeysLike
from .protector import FaceOptions, Image, Protector, refuse_taken
from .samples import number_lists, refuse_pictures

_pil: Any = import_extra("PIL.Image", "torchvision")
_torch: Any = import_extra("torch", "torchvision")
_v1: Any = import_extra("torchvision.transforms", "torchvision")
_v2: Any = import_extra("torchvision.transforms.v2", "torchvision")
_tv: Any = import_extra("torchvision.tv_tensors", "torchvision")

__all__ = ["FaceOptions", "PerturbFaces", "image_array", "image_tensor"]


class PerturbFaces(_v2.Transform):  # type: ignore[misc]
    """Protects the faces of a sample's images, always: ``RandomApply`` and ``RandomChoice`` refuse to hold it.

    A sample is what v2 transforms take: ``image``, ``(image, target)``, ``{"image": …, "boxes": …}`` and so on. Its
    images are its ``tv_tensors.Image``, one or several, or else its one plain tensor of three dimensions. If there are
    ``tv_tensors.BoundingBoxes``, of any format, they are the faces of its one image, unless ``locate``. They,
    ``tv_tensors.Mask``, labels and small arrays stay as they are; whatever else could be a picture is refused, for it
    would stay in the clear. Put it before transforms that crop or turn, which move or drop boxes while parts of faces
    stay.

    The record goes as JSON text into the sample's first ``dict`` (``""`` for an image passed on in the clear); of
    several images, each has one of its name, ``record_left`` for ``left``. One channel is recorded as an image
    (height, width), as files have it.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`.
        options: how faces are found and protected, and what an image without one means.
        locate: look for faces even where there are boxes.
        record_key: name of the record's entry; ``None`` drops the record: then nobody can ever restore the image.
        unprotected: names of entries that could be pictures and may stay as they are.

    Raises:
        OSError, KeyError, ValueError: the key cannot be read.

    Warns:
        ProtectedAnew: each epoch would show every picture in another way.
    """

    fastperturb_always: ClassVar[bool] = True

    def __init__(
        self,
        key: KeysLike = None,
        options: FaceOptions = FaceOptions(),  # noqa: B008
        *,
        locate: bool = False,
        record_key: str | None = "record",
        unprotected: Collection[str] = (),
    ) -> None:
        super().__init__()
        self._protector = Protector(key, options)
        self._protector.warn_if_anew()
        self.locate = locate
        self.record_key = record_key
        self.unprotected = [unprotected] if isinstance(unprotected, str) else list(unprotected)

    def extra_repr(self) -> str:
        """What is printed of it: the ids of keys, not the keys."""
        ids = ", ".join(item.id for item in self._protector.recipients)
        return f"key_id={ids}, options={self._protector.options}, locate={self.locate}"

    def forward(self, *inputs: Any) -> Any:
        """Protects one sample.

        Returns:
            The sample in the same structure, a copy where it changed.

        Raises:
            ValueError: no image, several plain tensors, or several images with boxes, which are nobody's; an image of
                another kind (PIL, array, video), a batch, something else that could be a picture, no ``dict`` that
                could take the record, or one that has a record already.
            NoFaceFound: there is no face, and ``options.no_face`` is "raise".
        """
        refuse_running(self, _BY_CHANCE, _may_leave_out)
        sample = inputs if len(inputs) > 1 else inputs[0]
        named, structure = _torch.utils._pytree.tree_flatten_with_path(sample)
        flat, names = [item for _, item in named], [_name(path) for path, _ in named]
        free = [i for i, name in enumerate(names) if name not in self.unprotected]
        images = _images(flat, free)
        others = [(name, flat[i]) for i, name in enumerate(names) if i not in images and not _is_known(flat[i])]
        advice = "make masks tv_tensors.Mask, protect them by a transform of their own"
        refuse_pictures([*others, *number_lists(sample)], self.unprotected, advice)
        keys = _record_keys(self.record_key, [names[i] for i in images])
        if keys:
            _place_of_record(sample, keys)
        boxes = [] if self.locate else [item for item in flat if isinstance(item, _tv.BoundingBoxes)]
        if boxes and len(images) > 1:
            raise ValueError(f"boxes must be those of one image, got {len(images)} images; locate=True looks for faces")
        regions = [region for item in boxes for region in _regions(item)] if boxes else None
        records = []
        for index in images:
            hidden, record = self._protector(image_array(flat[index]), regions)
            flat[index] = image_tensor(hidden, like=flat[index])
            records.append("" if record is None else record.to_json())
        changed = _torch.utils._pytree.tree_unflatten(flat, structure)
        return _with_records(changed, dict(zip(keys, records, strict=True))) if keys else changed


def image_array(image: Any) -> Image:
    """A (channels, height, width) tensor as the NumPy array that records speak of, a copy.

    One channel gives (height, width), more give (height, width, channels).

    Raises:
        ValueError: not three dimensions, as of a batch.
    """
    if image.ndim != 3:
        raise ValueError(f"the image must be (channels, height, width), got shape {tuple(image.shape)}")
    pixels = image.detach().cpu().numpy().transpose(1, 2, 0)
    return np.array(pixels[..., 0] if pixels.shape[2] == 1 else pixels, order="C")


def image_tensor(pixels: Image, *, like: Any) -> Any:
    """The reverse of :func:`image_array`: a tensor of the kind, and on the device, of ``like``."""
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    tensor = _torch.from_numpy(np.ascontiguousarray(planes)).to(like.device)
    return _tv.wrap(tensor, like=like) if isinstance(like, _tv.TVTensor) else tensor


def _name(path: Any) -> str:
    """The innermost name of a value in a sample, or its number where nothing around it has names."""
    steps = [getattr(step, "key", getattr(step, "name", None)) for step in path]
    names = [str(step) for step in steps if step is not None]
    return (names or [str(getattr(step, "idx", "")) for step in path] or [""])[-1]


def _is_known(item: Any) -> bool:
    """Whether it says of itself that it is no picture: masks, boxes, key points."""
    return isinstance(item, _tv.TVTensor) and not isinstance(item, (_tv.Image, _tv.Video))


def _images(flat: list[Any], free: list[int]) -> list[int]:
    """Where a sample's images stand. Nothing is guessed: a wrong guess would leave the photograph in the clear."""
    need = "a sample must have an image, a tv_tensors.Image or one tensor (channels, height, width), got"
    foreign = [flat[i] for i in free if isinstance(flat[i], (_pil.Image, _tv.Video))]
    images = [i for i in free if isinstance(flat[i], _tv.Image)]
    most = len(images)
    if not images:
        foreign += [flat[i] for i in free if isinstance(flat[i], np.ndarray) and flat[i].ndim > 2]
        images, most = [i for i in free if type(flat[i]) is _torch.Tensor and flat[i].ndim >= 3], 1
    if foreign or not 1 <= len(images) <= most:
        kinds = ", ".join(sorted({f"{type(item).__module__}.{type(item).__qualname__}" for item in foreign}))
        got = kinds or len(images)
        raise ValueError(f"{need} {got}; v2.ToImage() makes images of PIL images and arrays and goes before")
    return images


def _record_keys(key: str | None, names: list[str]) -> list[str]:
    """The names of the records of a sample's images; none, if records are dropped."""
    if key is None:
        return []
    if len(names) == 1:
        return [key]
    if len(set(names)) < len(names):
        raise ValueError(f"several images of a sample must have different names, got {', '.join(names)}")
    return [f"{key}_{name}" for name in names]


def _regions(boxes: Any) -> list[Region]:
    """Whole-pixel regions that cover bounding boxes of any format, rotated ones too."""
    convert = _v2.functional.convert_bounding_box_format
    rotated = getattr(_tv, "is_rotated_bounding_format", lambda _format: False)(boxes.format)
    exact = _tv.wrap(boxes.to(_torch.float64), like=boxes)  # the format changes in the boxes' own dtype
    corners = convert(exact, new_format="XYXYXYXY" if rotated else "XYXY").numpy(force=True)
    found = []
    for points in corners.reshape(len(corners), corners.shape[1] // 2, 2):
        left, top = (math.floor(value) for value in points.min(axis=0))
        right, bottom = (math.ceil(value) for value in points.max(axis=0))
        found.append(Region(left, top, max(1, right - left), max(1, bottom - top)))
    return found


def _place_of_record(sample: Any, names: list[str]) -> int | None:
    """Where the first dict of a sample stands, ``None`` if the sample is it; it takes the records."""
    items = [sample] if isinstance(sample, dict) else sample if isinstance(sample, (tuple, list)) else []
    for index, item in enumerate(items):
        if isinstance(item, dict):
            refuse_taken(names, item)
            return None if item is sample else index
    raise ValueError("a sample must have a dict for the record; record_key=None drops it, and nobody can restore then")


def _with_records(sample: Any, records: dict[str, str]) -> Any:
    """The sample with records in its first dict."""
    index = _place_of_record(sample, list(records))
    if index is None:
        return {**sample, **records}
    items = [*sample[:index], {**sample[index], **records}, *sample[index + 1 :]]
    return type(sample)(*items) if hasattr(sample, "_fields") else type(sample)(items)


def _may_leave_out(container: Any) -> str | None:
    """Why a container may not call what it holds; ``None`` if it always does."""
    name = type(container).__name__
    if isinstance(container, _CHOICES):
        return f"{name} applies one of its transforms" if len(container.transforms) > 1 else None
    return f"{name} with p={container.p} leaves out all of its transforms at times" if container.p < 1 else None


_CHOICES = (_v1.RandomChoice, _v2.RandomChoice)
_BY_CHANCE = (_v1.RandomApply, _v2.RandomApply, *_CHOICES)
for _container in _BY_CHANCE:
    refuse_in(_container, _may_leave_out)
