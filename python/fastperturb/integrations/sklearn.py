"""scikit-learn: a transformer that protects stacks of images, or flat rows of them, within a Pipeline.

There is nothing to learn, so that ``fit`` only remembers sizes; the key is never learnt or shown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import Face, Key, Record, Region, restore
from .._optional import import_extra
from .protector import FaceOptions, Image, KeyLike, Protector

_base: Any = import_extra("sklearn.base", "sklearn")

__all__ = ["FaceOptions", "FacePerturber"]


class FacePerturber(_base.TransformerMixin, _base.BaseEstimator):  # type: ignore[misc]
    """Protects the faces of images.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`. A file's path or ``None`` keeps the key out
            of pickles, which hold its place and its public id: another key at that place is refused. A pickle of an
            estimator with a ``Key`` object holds the secret.
        options: a :class:`FaceOptions`; ``None`` for its defaults.
        regions: the regions of every image, as for aligned faces: Region, Face or (x, y, width, height), or several;
            "whole" for the whole image; ``None`` to look for faces in each.
        image_shape: (height, width) or (height, width, channels) of the images that flat rows hold; ``None`` where
            images come as stacks.

    Attributes:
        records_: the records of the last ``transform``, in order, ``None`` for an image passed on in the clear;
            :meth:`inverse_transform` needs them.
        n_features_in_: length of flat rows.
        feature_names_in_: names of their columns, if ``fit`` had a data frame whose names are all text.
    """

    def __init__(
        self,
        key: KeyLike = None,
        options: FaceOptions | None = None,
        regions: Any = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.key = key
        self.options = options
        self.regions = regions
        self.image_shape = image_shape

    def fit(self, X: Any, y: Any = None) -> FacePerturber:  # noqa: ARG002, N803, RUF100
        """Checks the images and the key; learns nothing."""
        images = self._images(X)
        self._protector()
        self.__dict__.pop("feature_names_in_", None)
        if self.image_shape is not None:
            self.n_features_in_ = int(np.prod(images.shape[1:]))
            names = _column_names(X)
            if names is not None:
                self.feature_names_in_ = names
        return self

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names of the columns of flat rows, which stay: what ``set_output`` gives to a data frame.

        Args:
            input_features: the names; ``None`` for those of ``fit``, or "x0", "x1" and so on.

        Raises:
            ValueError: the estimator takes stacks, which have no columns, or the names are not those of ``fit``, or not
                as many as features.
        """
        if self.image_shape is None:
            raise ValueError("stacks of images have no columns with names; image_shape= takes flat rows, which have")
        known = getattr(self, "feature_names_in_", None)
        size = int(np.prod(self.image_shape))
        if input_features is None:
            return known if known is not None else np.array([f"x{i}" for i in range(size)], dtype=object)
        names = np.asarray(input_features, dtype=object)
        if known is not None and not np.array_equal(names, known):
            raise ValueError("input_features must be feature_names_in_, the names that fit had")
        if names.shape != (size,):
            raise ValueError(f"input_features must be {size} names, got {names.shape}")
        return names

    def perturb(self, X: Any) -> tuple[Any, list[Record | None]]:  # noqa: N803
        """Protects images and gives their records with them.

        Args:
            X: (count, height, width), (count, height, width, channels), or (count, features) with ``image_shape``;
                uint8, uint16 or float32. It is not changed.

        Returns:
            The protected images in the shape and dtype of ``X``, and the record of each.

        Raises:
            TypeError: another dtype, such as float64: ``X.astype(np.float32)`` says what is wanted.
            ValueError: another shape, other names of columns than in ``fit``, or another key than before at its place.
            NoFaceFound: an image has no face and ``options.no_face`` is "raise".
        """
        images = self._images(X)
        self._check_names(X)
        protect = self._protector()
        boxes = self._boxes(images.shape[1:])
        pairs = [protect(image, boxes) for image in images]
        hidden = np.stack([image for image, _ in pairs]) if pairs else images.copy()
        return hidden.reshape(np.shape(X)), [record for _, record in pairs]

    def transform(self, X: Any) -> Any:  # noqa: N803
        """As :meth:`perturb`; the records are kept in ``records_`` until the next call."""
        hidden, self.records_ = self.perturb(X)
        return hidden

    def inverse_transform(self, X: Any, records: Sequence[Record | None] | None = None) -> Any:  # noqa: N803
        """Restores what :meth:`transform` gave, bit for bit.

        Args:
            X: as it came out.
            records: of the images, in order; ``None`` for ``records_``.

        Raises:
            ValueError: not one record an image.
            WrongKey, Tampered: as for :func:`fastperturb.restore`.
        """
        images = self._images(X)
        known = list(self.records_ if records is None else records)
        if len(known) != len(images):
            raise ValueError(f"records must be one for each of the {len(images)} images, got {len(known)}")
        key = self._protector().key
        shown = [image if r is None else restore(image, r, key) for image, r in zip(images, known, strict=True)]
        return (np.stack(shown) if shown else images.copy()).reshape(np.shape(X))

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: of a key that was not used yet the id too, if it can be read here."""
        with contextlib.suppress(OSError, KeyError):
            self._protector()
        state: dict[str, Any] = super().__getstate__()
        return state

    def _protector(self) -> Protector:
        """For the key at its place, which stays the one that was there at first until ``key`` is set anew."""
        if isinstance(self.key, Key):
            return Protector(self.key, self.options or FaceOptions())
        given, found = getattr(self, "_place", ("", None))
        same = found is not None and repr(self.key) == given
        protector = Protector(found if same else self.key, self.options or FaceOptions())
        self._place = (repr(self.key), protector.place)
        return protector

    def _check_names(self, X: Any) -> None:  # noqa: N803
        known, names = getattr(self, "feature_names_in_", None), _column_names(X)
        if known is not None and names is not None and not np.array_equal(known, names):
            raise ValueError("X must have the columns that it had in fit, in their order")

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        return tags

    def _images(self, X: Any) -> Image:  # noqa: N803
        images = np.asarray(X)
        if self.image_shape is not None:
            size = int(np.prod(self.image_shape))
            if images.ndim != 2 or images.shape[1] != size:
                raise ValueError(f"X must be (count, {size}) for image_shape={self.image_shape}, got {images.shape}")
            return images.reshape(len(images), *self.image_shape)
        if images.ndim not in (3, 4):
            raise ValueError(f"X must be a stack of images, or flat rows with image_shape, got shape {images.shape}")
        return images

    def _boxes(self, shape: tuple[int, ...]) -> list[Region] | None:
        if self.regions is None:
            return None
        if isinstance(self.regions, str):
            if self.regions != "whole":
                raise ValueError(f"regions must be regions, 'whole' or None, got {self.regions!r}")
            return [Region(0, 0, shape[1], shape[0])]
        one = isinstance(self.regions, (Region, Face)) or (
            isinstance(self.regions, tuple) and len(self.regions) == 4 and not isinstance(self.regions[0], tuple)
        )
        several = [self.regions] if one else list(self.regions)
        return [r if isinstance(r, Region) else r.region if isinstance(r, Face) else Region(*r) for r in several]


def _column_names(X: Any) -> Any:  # noqa: N803
    """The names of a data frame's columns, if all are text, as scikit-learn has it."""
    names = getattr(X, "columns", None)
    if names is None or not len(names) or not all(isinstance(name, str) for name in names):
        return None
    return np.asarray(names, dtype=object)
