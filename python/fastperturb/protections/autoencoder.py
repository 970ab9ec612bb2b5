"""CAE: replaces faces by what a small convolutional autoencoder keeps of them, a few dozen numbers.

Trained with torch (extra ``train``), kept as ONNX, run by OpenCV. The paper names no sizes; ours are in
autoencoder_training.py.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import Face
from ..checks import Image, check_image, whole
from ..errors import ModelError
from ..faces.model_files import PerThread, read_model
from ..faces.opencv import quiet_opencv
from .area import AS_FOUND, Area, owned_parts
from .base import Description, DrawnProtection, describe
from .crops import AUTOENCODER_SIZE as SIZE
from .crops import collect_crops, face_crop, paste_crop
from .mosaic_and_black import digest

_MARK = re.compile(rb"fastperturb-autoencoder 1 size=(\d{1,4}) code=(\d{1,6});")


class Autoencoder(PerThread, DrawnProtection):
    """Each face, as 64 x 64 pixels, encoded into ``code`` numbers and decoded again.

    Args:
        code: how many; fewer hide more.
        area: what of a face is replaced.
        epochs: how often training sees each face.
    """

    method = 9

    def __init__(self, code: int = 32, area: Area = AS_FOUND, *, epochs: int = 100) -> None:
        super().__init__()
        code, epochs = whole("code", code), whole("epochs", epochs)
        if not 1 <= code <= 4096:
            raise ValueError(f"code must be 1 to 4096, got {code}")
        if epochs < 1:
            raise ValueError(f"epochs must be at least 1, got {epochs}")
        self.code = code
        self.area = area
        self.epochs = epochs
        self._model: bytes | None = None
        self._source = ""

    @classmethod
    def load(cls, path: str | Path, area: Area = AS_FOUND) -> Autoencoder:
        """With the model that :meth:`to_bytes` wrote.

        Raises:
            ModelError: no such file, or one of another kind.
        """
        model = read_model(path)
        found = _MARK.search(model)
        if found is None or int(found[1]) != SIZE:
            raise ModelError(f"{path}: not an autoencoder that 'train --method cae' wrote")
        loaded = cls(int(found[2]), area)
        loaded._model, loaded._source = model, f", {Path(path).name}"
        shape = loaded._run(np.zeros((SIZE, SIZE, 3), np.float32)).shape
        if shape != (SIZE, SIZE, 3):
            raise ModelError(f"{path}: an autoencoder must give (1, 3, {SIZE}, {SIZE}), got {shape}")
        return loaded

    def describe(self) -> Description:
        """Ordered by the size of the code: fewer numbers hide more."""
        return describe("autoencoder", f"{self.code} numbers", 1.0 / self.code, self.area.words, source=self._source)

    def __repr__(self) -> str:
        """Says all that its results depend on: reproducible records are made of it."""
        return f"Autoencoder({self.name!r}, {self.fingerprint!r})"

    @property
    def fitted(self) -> bool:
        return self._model is not None

    def fit(self, images: Iterable[Image], faces: Iterable[Sequence[Face]]) -> None:
        """Trains; the same faces give the same model on the same machine. Needs the extra ``train``."""
        from .autoencoder_training import train_autoencoder

        crops = collect_crops(images, faces, self.area, SIZE)
        self._model, self._source = train_autoencoder(crops, self.code, epochs=self.epochs), ""
        self._local = threading.local()  # networks of an earlier model

    @property
    def fingerprint(self) -> str:
        return "" if self._model is None else digest(self._model)

    def to_bytes(self) -> bytes:
        """The ONNX model."""
        return self._known()

    def protect(self, image: Image, faces: Sequence[Face], *, seed: int) -> Image:
        """Replaces each face by what the decoder makes of its code; ``seed`` does not matter."""
        check_image(image)
        self._known()
        hidden = np.array(image, order="C")
        for _, part, mask in owned_parts(self.regions(faces, image.shape), image.shape):
            paste_crop(hidden, part, mask, self._run(face_crop(image, part, SIZE)))
        return hidden

    def _known(self) -> bytes:
        if self._model is None:
            raise ValueError("the autoencoder is not trained yet: fit it, or name a model (cae:MODEL.onnx)")
        return self._model

    def _run(self, crop: NDArray[np.float32]) -> NDArray[np.float32]:
        net = self._own(self._load)
        net.setInput(np.ascontiguousarray(crop.transpose(2, 0, 1)[None]))
        return np.ascontiguousarray(net.forward()[0].transpose(1, 2, 0))

    def _load(self) -> Any:
        with quiet_opencv() as cv2:
            try:
                return cv2.dnn.readNetFromONNX(np.frombuffer(self._known(), np.uint8))
            except cv2.error as error:
                raise ModelError(f"{self.name}: OpenCV {cv2.__version__} cannot read the model") from error
