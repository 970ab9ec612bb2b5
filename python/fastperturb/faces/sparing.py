"""Faces that are to stay as they are: those of the people on example photographs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..checks import Image
from ..region import Face
from .embedding import Embedding


class _Detects(Protocol):
    def detect(self, image: Image, /) -> list[Face]: ...


class Sparing:
    """A detector that leaves out the faces of people of whom there are example photographs.

    A face is spared where its vector lies within the embedding's threshold of an example's. Any doubt protects: a face
    that is too small to be known, or that no example is near to, is given. A stranger who looks like an example is left
    unprotected; docs/faces.md says how often that happens.

    Args:
        detector: what finds faces.
        examples: photographs, each of one face, of those to be spared; at least one.
        embedding: what compares faces; its ``threshold`` decides.
        names: what errors call the examples, as many; None for their numbers.

    Raises:
        TypeError: the detector has no ``detect``.
        ValueError: no examples, or one on which not exactly one face is found that can be embedded.
    """

    def __init__(
        self,
        detector: _Detects,
        examples: Sequence[Image],
        embedding: Embedding,
        *,
        names: Sequence[str] | None = None,
    ) -> None:
        if not callable(getattr(detector, "detect", None)):
            raise TypeError(f"detector must have a method detect(image), got {detector!r}")
        if not len(examples):
            raise ValueError("examples must hold at least one photograph, got none")
        self.detector, self.embedding = detector, embedding
        vectors = []
        for index, image in enumerate(examples):
            name = names[index] if names is not None else f"examples[{index}]"
            faces = detector.detect(image)
            if len(faces) != 1:
                raise ValueError(f"{name} must show one face, the one to be spared, got {len(faces)}")
            vector = embedding.embed(image, faces[0])
            if vector is None:
                raise ValueError(f"{name} must show a face that is large and clear enough to be known by")
            vectors.append(vector)
        self._vectors = np.stack(vectors)

    def detect(self, image: Image, /) -> list[Face]:
        """The faces to be protected; raises what the detector raises."""
        return self.split(image)[0]

    def split(self, image: Image) -> tuple[list[Face], list[Face]]:
        """The faces to be protected, and those that are spared."""
        protected: list[Face] = []
        spared: list[Face] = []
        for face in self.detector.detect(image):
            (spared if self.is_spared(image, face) else protected).append(face)
        return protected, spared

    def is_spared(self, image: Image, face: Face) -> bool:
        """Whether a face is one of the examples'."""
        vector = self.embedding.embed(image, face)
        if vector is None:
            return False
        return bool(np.linalg.norm(self._vectors - vector, axis=1).min() <= self.embedding.threshold)
