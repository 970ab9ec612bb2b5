"""scikit-learn: a transformer that protects stacks of images, or flat rows of them, within a Pipeline.

There is nothing to learn: ``fit`` remembers sizes, names of columns and the id of the key, never the key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import Face, Record, Region, restore
from .._optional import import_extra
from .key_places import Holder, KeysLike
from .methods import DEFAULT, WINDOWS
from .protector import FaceOptions, Image, Protector

_base: Any = import_extra("sklearn.base", "sklearn")
_available_if: Any = import_extra("sklearn.utils.metaestimators", "sklearn").available_if
_validate_data: Any = import_extra("sklearn.utils.validation", "sklearn").validate_data

__all__ = ["FaceOptions", "FacePerturber"]


def _has_rows(estimator: FacePerturber) -> bool:
    return estimator.image_shape is not None


class FacePerturber(_base.OneToOneFeatureMixin, _base.TransformerMixin, _base.BaseEstimator):  # type: ignore[misc]
    """Protects the faces of images.

    The same image gives the same pixels at every fit and call, so that scores of what follows do not differ from fit to
    fit; ``FaceOptions(reproducible=False)``, or a public key, draws anew. Flat rows may be data frames, and
    ``set_output`` and ``get_feature_names_out`` are there for them; there are none for stacks, which no frame holds.

    Args:
        key: as for :class:`fastperturb.integrations.protector.Protector`. A file's path or ``None`` keeps the key out
            of pickles, which hold its id and refuse another key at that place until they are fitted again; a pickle of
            an estimator with a ``Key`` object holds the secret.
        options: a :class:`FaceOptions`; ``None`` for its defaults. Where they name no protection, it is windows if
            ``regions`` are given: of an aligned face, a drawn one would leave nothing to learn from.
        regions: the regions of every image, as for aligned faces: Region, Face or (x, y, width, height), or several;
            "whole" for the whole image; ``None`` to look for faces in each.
        image_shape: (height, width) or (height, width, channels) of the images that flat rows hold; ``None`` where
            images come as stacks.

    Attributes:
        records_: the records of the last ``transform``, in order, ``None`` for an image passed on in the clear;
            :meth:`inverse_transform` needs them.
        n_features_in_: length of flat rows.
        feature_names_in_: names of the columns, if flat rows came as a data frame with names.
    """

    def __init__(
        self,
        key: KeysLike = None,
        options: FaceOptions | None = None,
        regions: Any = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.key = key
        self.options = options
        self.regions = regions
        self.image_shape = image_shape

    def fit(self, X: Any, y: Any = None) -> FacePerturber:  # noqa: ARG002, N803, RUF100
        """Checks the images and the key; learns nothing.

        Warns:
            ProtectedAnew: each fit would show every picture in another way.
        """
        self._images(X)
        self._known: tuple[Any, tuple[Holder, ...]] | None = None
        self._protector().warn_if_anew()
        if self.image_shape is not None:
            _validate_data(self, X, reset=True, skip_check_array=True)
        return self

    @_available_if(_has_rows)  # type: ignore[untyped-decorator]
    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names of the columns, as they came in."""
        return super().get_feature_names_out(input_features)

    def perturb(self, X: Any) -> tuple[Any, list[Record | None]]:  # noqa: N803
        """Protects images and gives their records with them.

        Args:
            X: (count, height, width), (count, height, width, channels), or (count, features) with ``image_shape``;
                uint8, uint16 or float32. It is not changed.

        Returns:
            The protected images in the shape and dtype of ``X``, and the record of each.

        Raises:
            TypeError: another dtype, such as float64: ``X.astype(np.float32)`` says what is wanted.
            ValueError: another shape, other columns than those of ``fit``, or another key than it knows.
            NoFaceFound: an image has no face and ``options.no_face`` is "raise".
        """
        images = self._images(X)
        if hasattr(self, "n_features_in_"):
            _validate_data(self, X, reset=False, skip_check_array=True)
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
            ValueError: not one record an image, or no recipient is a secret key.
            WrongKey, Tampered: as for :func:`fastperturb.restore`.
        """
        images = self._images(X)
        known = list(self.records_ if records is None else records)
        if len(known) != len(images):
            raise ValueError(f"records must be one for each of the {len(images)} images, got {len(known)}")
        key = self._protector().secret_key
        if key is None:
            raise ValueError(
                "key must be a secret key to restore, got a public one: fastperturb.restore takes the secret"
            )
        shown = [image if r is None else restore(image, r, key) for image, r in zip(images, known, strict=True)]
        return (np.stack(shown) if shown else images.copy()).reshape(np.shape(X))

    def __getstate__(self) -> Any:
        with contextlib.suppress(OSError, KeyError, ValueError):  # there may be no key where it is only handed on
            self._protector()
        return super().__getstate__()

    def _protector(self) -> Protector:
        """The protector, with the keys that were read first, until there is a ``fit`` or another ``key``."""
        known = getattr(self, "_known", None)
        key = known[1] if known is not None and known[0] == self.key else self.key
        default = DEFAULT if self.regions is None else WINDOWS
        made = Protector(key, self.options or FaceOptions(), default=default)
        self._known = (self.key, made.holders)
        return made

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
