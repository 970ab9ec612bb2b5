"""k-same: a face is replaced by the average of the k faces of a set that are most like it.

Newton, Sweeney, Malin, "Preserving Privacy by De-identifying Face Images", IEEE Transactions on Knowledge and Data
Engineering 17 (2005). Theirs (k-Same-Pixel) replaces the faces of one closed set, one image a person, by averages of
that set, so that no answer can be better than 1 / k. Here the set is the training split and the faces are others: the
average shows nobody who is protected, but two of one person may get the same average, and so be linked.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import Face
from ..array_files import load_arrays
from ..checks import Image, check_image, whole
from ..errors import ModelError
from ..faces.model_files import read_model
from ..region import MAX_COORDINATE
from .area import AS_FOUND, Area, owned_parts
from .base import Description, DrawnProtection, describe
from .crops import collect_crops, face_crop, paste_crop
from .mosaic_and_black import digest

SIZE = 64
_MOST = 4000  # faces that are kept; 49 MB
_FORMAT = "fastperturb-ksame 1"
_MOST_BYTES = 2**28


class KSame(DrawnProtection):
    """The pixel-wise average of the ``k`` most alike faces of the training split, by the mean squared error.

    Args:
        k: how many; 1 puts another's face in its place.
        area: what of a face is replaced.
    """

    method = 8

    def __init__(self, k: int, area: Area = AS_FOUND) -> None:
        self.k = whole("k", k)
        if not 1 <= self.k <= MAX_COORDINATE:
            raise ValueError(f"k must be at {'least 1' if self.k < 1 else f'most {MAX_COORDINATE}'}, got {k!r:.80}")
        self.area = area
        self._faces: NDArray[np.uint8] | None = None

    @classmethod
    def load(cls, path: str | Path, k: int, area: Area = AS_FOUND) -> KSame:
        """With the faces that :meth:`to_bytes` wrote.

        Raises:
            ModelError: no such file, or one of another kind.
            ValueError: fewer faces than ``k``.
        """
        loaded = cls(k, area)
        try:
            data = load_arrays(read_model(path), _MOST_BYTES)
            known = data["faces"]
            if str(data["format"]) != _FORMAT or known.shape[1:] != (SIZE, SIZE, 3) or known.dtype != np.uint8:
                raise ValueError
            loaded._keep(known)
        except (KeyError, ValueError) as error:
            if isinstance(error, ModelError) or str(error).startswith("k must be"):
                raise
            raise ModelError(f"{path}: not a file of faces for k-same: 'train --method ksame' writes one") from error
        return loaded

    def describe(self) -> Description:
        """Ordered by ``k``."""
        return describe("k-same", f"k {self.k}", float(self.k), self.area.words)

    def __repr__(self) -> str:
        """Says all that its results depend on: reproducible records are made of it."""
        return f"KSame({self.name!r}, {self.fingerprint!r})"

    @property
    def fitted(self) -> bool:
        return self._faces is not None

    def fit(self, images: Iterable[Image], faces: Iterable[Sequence[Face]]) -> None:
        """Keeps the faces, as 64 x 64 pixels; of more than 4,000 every n-th."""
        found = collect_crops(images, faces, self.area, SIZE)
        self._keep(np.rint(found[:: -(-len(found) // _MOST)] * 255.0).astype(np.uint8))

    @property
    def fingerprint(self) -> str:
        return "" if self._faces is None else digest(self._faces.tobytes())

    def to_bytes(self) -> bytes:
        """The faces: they are those of the training split, in the clear; NumPy's .npz."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, format=np.array(_FORMAT), faces=self._known())
        return buffer.getvalue()

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Replaces each face by an average; ``seed`` does not matter."""
        check_image(image)
        known = self._known()
        hidden = np.array(image, order="C")
        for _, part, mask in owned_parts(self.regions(faces, image.shape), image.shape):
            own = face_crop(image, part, SIZE) * np.float32(255.0)
            errors = [float(np.square(other - own).sum()) for other in known]
            nearest = np.argsort(errors, kind="stable")[: self.k]
            paste_crop(hidden, part, mask, known[nearest].mean(axis=0, dtype=np.float32) / np.float32(255.0))
        return hidden

    def _keep(self, faces: NDArray[np.uint8]) -> None:
        if len(faces) < self.k:
            raise ValueError(f"k must be at most the {len(faces)} faces that there are, got {self.k}")
        self._faces = faces

    def _known(self) -> NDArray[np.uint8]:
        if self._faces is None:
            raise ValueError("k-same has no faces yet: fit it, or name a file of faces (ksame:k=10,faces=FILE)")
        return self._faces
