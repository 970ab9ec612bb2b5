"""torchvision transforms v2: a transform of samples that protects faces, in their bounding boxes or located.

Images are (channels, height, width), uint8, uint16 or float32 within 0 to 1; one image a sample.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import Region
from .._optional import import_extra
from .protector import FaceOptions, Image, KeyLike, Protector
from .samples import callers, could_be_image, look_inside

_pil: Any = import_extra("PIL.Image", "torchvision")
_torch: Any = import_extra("torch", "torchvision")
_v1: Any = import_extra("torchvision.transforms", "torchvision")
_v2: Any = import_extra("torchvision.transforms.v2", "torchvision")
_tv: Any = import_extra("torchvision.tv_tensors", "torchvision")

__all__ = ["FaceOptions", "PerturbFaces", "image_array", "image_tensor"]


class PerturbFaces(_v2.Transform):  # type: ignore[misc]
    """Protects the faces of a sample's image, always: within RandomApply and RandomChoice it is refused.

    A sample is what v2 transforms take: ``image``, ``(image, target)``, ``{"image": …, "boxes": …}`` and so on. The
    image is its ``tv_tensors.Image``, or else its one plain tensor of three dimensions. If there are
    ``tv_tensors.BoundingBoxes``, of any format, they are the faces, unless ``locate``. They, ``tv_tensors.Mask`` and
    labels stay as they are; any other array or tensor that could be an image is refused. Put it before transforms that
    crop or turn, which move or drop boxes while parts of faces stay.

    The record goes as JSON text into the sample's first ``dict`` (``""`` for an image passed on in the clear). One
    channel is recorded as an image (height, width), as files have it.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`.
        options: how faces are found and protected, and what an image without one means.
        locate: look for faces even where there are boxes.
        record_key: name of the record's entry; ``None`` drops the record: then nobody can ever restore the image.

    Raises:
        OSError, KeyError, ValueError: the key cannot be read.
    """

    def __init__(
        self,
        key: KeyLike = None,
        options: FaceOptions = FaceOptions(),  # noqa: B008
        *,
        locate: bool = False,
        record_key: str | None = "record",
    ) -> None:
        super().__init__()
        self._protector = Protector(key, options)
        self.locate = locate
        self.record_key = record_key

    def extra_repr(self) -> str:
        """What is printed of it: the key's id, not the key."""
        return f"key_id={self._protector.key.id}, options={self._protector.options}, locate={self.locate}"

    def forward(self, *inputs: Any) -> Any:
        """Protects one sample.

        Returns:
            The sample in the same structure, a copy where it changed.

        Raises:
            ValueError: no image or more than one, an image of another kind (PIL, array, video), a batch, no ``dict``
                that could take the record, or a record that is there already.
            NoFaceFound: there is no face, and ``options.no_face`` is "raise".
        """
        _refuse_running()
        sample = inputs if len(inputs) > 1 else inputs[0]
        place = None if self.record_key is None else _place_of_record(sample, self.record_key)
        flat, structure = _torch.utils._pytree.tree_flatten(sample)
        index = _image_index(flat)
        boxes = [item for item in flat if isinstance(item, _tv.BoundingBoxes)]
        regions = None if self.locate or not boxes else [region for item in boxes for region in _regions(item)]
        hidden, record = self._protector(image_array(flat[index]), regions)
        flat[index] = image_tensor(hidden, like=flat[index])
        changed = _torch.utils._pytree.tree_unflatten(flat, structure)
        if self.record_key is None:
            return changed
        return _with_record(changed, place, self.record_key, "" if record is None else record.to_json())


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


def _image_index(flat: list[Any]) -> int:
    """Where a sample's one image stands. Nothing is guessed: a wrong guess would leave the photograph in the clear."""
    need = "a sample must have one image, a tv_tensors.Image or a tensor (channels, height, width), got"
    foreign = [item for item in flat if isinstance(item, (_pil.Image, _tv.Video))]
    images = [i for i, item in enumerate(flat) if isinstance(item, _tv.Image)]
    if not images:
        images = [i for i, item in enumerate(flat) if type(item) is _torch.Tensor and item.ndim >= 3]
    others = [item for i, item in enumerate(flat) if i not in images and not isinstance(item, _tv.TVTensor)]
    foreign += [item for item in others if could_be_image(item)]
    if foreign or len(images) != 1:
        kinds = ", ".join(sorted({f"{type(item).__module__}.{type(item).__qualname__}" for item in foreign}))
        raise ValueError(
            f"{need} {kinds or len(images)}; v2.ToImage() makes images of PIL images and arrays and goes before, "
            "tv_tensors.Mask and tv_tensors.KeyPoints say of a tensor that it is no image"
        )
    return images[0]


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


def _place_of_record(sample: Any, name: str) -> int | None:
    """Where a sample's first dict stands; ``None`` if it is the sample. Known before anything is protected."""
    items = sample if isinstance(sample, (tuple, list)) else []
    index = (
        None if isinstance(sample, dict) else next((i for i, item in enumerate(items) if isinstance(item, dict)), -1)
    )
    if index == -1:
        need = "a sample must have a dict for the record; record_key=None drops it, and nobody can restore then"
        raise ValueError(need)
    if name in (sample if index is None else sample[index]):
        raise ValueError(
            f"the record must have an entry of its own, got a sample that has {name}: was its image protected before? "
            "record_key= names another entry, and both are needed to restore"
        )
    return index


def _with_record(sample: Any, index: int | None, name: str, text: str) -> Any:
    """The sample with the record in the dict at ``index``."""
    if index is None:
        return {**sample, name: text}
    items = [*sample[:index], {**sample[index], name: text}, *sample[index + 1 :]]
    return type(sample)(*items) if hasattr(sample, "_fields") else type(sample)(items)


_BY_CHANCE = (_v1.RandomApply, _v1.RandomChoice, _v2.RandomApply, _v2.RandomChoice)


def _refuse_chance(container: Any) -> None:
    """Refuses a container that does not always apply what it holds."""
    if isinstance(container, (_v1.RandomApply, _v2.RandomApply)) and container.p >= 1:
        return
    raise ValueError(
        f"PerturbFaces must not be in {type(container).__name__}, for a face is always protected; put it before that"
    )


def _refuse_running() -> None:
    """Refuses to run within such a container, as one that was changed after it was made."""
    for container in callers(_BY_CHANCE):
        _refuse_chance(container)


for _container in _BY_CHANCE:
    look_inside(_container, PerturbFaces, _refuse_chance)
