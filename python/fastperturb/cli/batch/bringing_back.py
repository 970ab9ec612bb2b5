"""Bringing back the pixels of a picture, or of some of its regions, and what to say of what was changed since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...checks import Image
from ...errors import RecordError, Tampered, UnknownOrigin
from ...face_key import FaceKey
from ...files.reading import seals_beside
from ...key import Key
from ...perturbation.single import restore as restore_image
from ...perturbation.verdicts import examine, say_verdicts
from ...record import Record


def check_seals(path: Path, record: Record, faces: Sequence[int] = ()) -> None:
    """Raises RecordError if a seal is not at hand that these regions need; none named means all."""
    missing = [index for index in record.missing if index in (faces or range(len(record.regions)))]
    if missing:
        raise RecordError(
            f"the face{'s' * (len(missing) > 1)} cannot come back without {seals_beside(path).name}, which is not there"
        )


class Restored(NamedTuple):
    """What became of a picture.

    Attributes:
        pixels: the original, or the picture with some of its regions restored.
        message: what to say if not all is as it was written.
        origin: who can have made the record, see :class:`fastperturb.perturbation.Verdicts`.
    """

    pixels: Image
    message: str | None
    origin: str | None


def bring_back(
    pixels: Image,
    record: Record,
    key: Key | FaceKey,
    faces: Sequence[int] = (),
    *,
    verify: bool = True,
    origin: str = "any",
    whole: bool = False,
) -> Restored:
    """Restores a picture, or some of its regions.

    Sealed regions come back exactly whatever is shown, so a change of what they show is said and is no error.

    Args:
        pixels: of the protected picture.
        record: with the seals that are needed.
        key: it was made with, or the key of one face.
        faces: the numbers of the regions; none named means all, or the face key's.
        verify: refuse regions that would not come back exactly.
        origin: whose records to take, as for :func:`fastperturb.restore`.
        whole: the very file of the original was sealed, whatever became of the pixels.

    Raises:
        WrongKey, Tampered, RecordError, ValueError: as :func:`fastperturb.restore`.
    """
    only = tuple(faces) or None
    verdicts = examine(pixels, record, key)
    said = "; ".join(say_verdicts(verdicts, only))
    how: dict[str, Any] = {"only": only, "origin": origin}
    try:
        shown = restore_image(pixels, record, key, **how)
        return Restored(shown, f"{said}; the faces are exact" if said else None, verdicts.origin)
    except UnknownOrigin as error:
        raise UnknownOrigin(str(error).replace("origin='key'", "--origin key")) from None
    except Tampered as error:
        if verdicts.record is False or (verify and not record.sealed):
            why = str(error).replace("verify=False", "--no-verify")
            raise Tampered(f"{said}: {why}" if said else why) from None
    shown = restore_image(pixels, record, key, verify=False, **how)
    if record.sealed:
        message = f"{said}; the faces come from their seals and are exact"
    elif whole:
        message = said or "picture or record were changed since"
    else:
        message = f"{said or 'picture or record were changed since'}; what is restored is not the original"
    return Restored(shown, message, verdicts.origin)
