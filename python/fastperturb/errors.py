"""The errors that are this package's own.

Bad arguments raise ``TypeError`` or ``ValueError`` as everywhere in Python; what is listed here can happen to correct
calls, because of a key, a record, a file or a photograph, and a caller may want to tell it apart.
"""

from __future__ import annotations

from typing import Any


class FastperturbError(Exception):
    """Base of all errors of this package."""


class WrongKey(FastperturbError):
    """The record was made with another key."""


class Tampered(FastperturbError):
    """The record, or the pixels that it describes, are not the ones that were written."""


class UnknownOrigin(Tampered):
    """The record may be anyone's: it was made for a public key, where only records made with a key were to be taken."""


class RecordError(FastperturbError, ValueError):
    """What should be a record cannot be read as one, or is of a version that this release does not know."""


class NoFaceFound(FastperturbError):
    """There is nothing to protect: no face was found. Never treated as success."""


class ImageFileError(FastperturbError):
    """A file cannot be read as an image, or an image cannot be written to a file; nothing was written."""


class VideoFileError(FastperturbError):
    """A file cannot be read as a video, or a video cannot be written as asked; nothing was written."""


class LossyFormat(ImageFileError):
    """A reversible result was to be written to a format that changes pixels, from which nothing could be restored."""


class ModelError(FastperturbError, ValueError):
    """A model file is not one that the detector can use."""


class DetectorFailed(FastperturbError):
    """One of several detectors raised on an image; what the others found there is not what all would have found."""


class MissingExtra(FastperturbError, ImportError):
    """An optional package is needed; the message names the extra that installs it."""


class BatchError(FastperturbError):
    """Some images of a batch failed; the others are done.

    Attributes:
        errors: the exception of each image that failed, by its index.
        results: the result of each image in order, ``None`` where it failed.
    """

    def __init__(self, errors: dict[int, Exception], results: list[Any]) -> None:
        first = min(errors)
        super().__init__(
            f"{len(errors)} of {len(results)} images failed; the first is image {first}: "
            f"{type(errors[first]).__name__}: {errors[first]}"
        )
        self.errors = errors
        self.results = results

    def __reduce__(self) -> tuple[Any, ...]:
        """Made again out of what it holds: processes send it to each other."""
        return type(self), (self.errors, self.results), self.__dict__


class UnverifiedWarning(UserWarning):
    """An image was restored although it, or its record, is not what was written; it will not be the original."""
