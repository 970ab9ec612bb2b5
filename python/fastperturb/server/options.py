"""The options of requests: query parameters, all optional, the unknown refused; and what they mean to the library."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from .. import Region, Strength
from ..faces import HEAD, Find, Margins
from .problems import Problem

MAX_REGIONS = 100
ONE_TIME = "one-time"
_SEVERAL = ("region", "only", "regions", "changed")
_BOX = r"^-?\d{1,6},-?\d{1,6},\d{1,6},\d{1,6}$"

RegionNumber = Annotated[int, Field(ge=0, le=65_534)]
Milliseconds = Annotated[int, Field(ge=-(2**43), le=2**43 - 1)]
RegionText = Annotated[str, StringConstraints(pattern=_BOX, max_length=32)]


class Options(BaseModel):
    """Options that nobody knows are errors, for a mistyped one would silently not count."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


def no_option_twice(request: Request) -> None:
    """Refuses an option that is given twice, for only its last value would count. Boxes and numbers may be several.

    Raises:
        Problem: another option is there more than once. Its name is not repeated.
    """
    names = [name for name, _ in request.query_params.multi_items() if name not in _SEVERAL]
    if len(set(names)) < len(names):
        raise Problem("bad-options", f"an option other than {', '.join(_SEVERAL)} is given twice")


class FaceOptions(Options):
    """Which parts of the image are meant."""

    region: list[RegionText] = Field(
        [],
        max_length=MAX_REGIONS,
        description="Own boxes `x,y,width,height` in pixels of the upright image, one for each parameter, instead of "
        "the faces that the detector finds.",
        examples=[["120,80,140,180"]],
    )
    shape: Literal["box", "ellipse"] = Field("box", description="The box, or the ellipse in it.")
    grow: Annotated[float, Field(ge=0.0, le=3.0)] | Literal["head"] = Field(
        0.0,
        description="Margin around each face that is found, as a share of its size; or `head`, to take in hair and "
        "ears. Own boxes are taken as they are.",
        examples=[0.2, "head"],
    )
    find: Find | None = Field(
        None,
        description="How hard to look for faces: `fast`; `careful`, also at tiles, at mirrored rims and at any angle; "
        "`everything`, also at twice the size, and always with a second detector. The default is the operator's, who "
        "may allow less.",
    )
    min_score: float | None = Field(
        None,
        ge=0.2,
        le=1.0,
        description="Lowest score of a face; the default is the detectors' own, 0.6 for `fast`. Under 0.2 they would "
        "look at what is no face for many seconds.",
    )

    def regions(self) -> list[Region]:
        """The own boxes.

        Raises:
            Problem: one has no pixels.
        """
        try:
            return [Region(*_numbers(text), self.shape) for text in self.region]
        except ValueError as error:
            raise Problem("bad-options", str(error)) from None

    @property
    def margins(self) -> Margins:
        """Margins around faces."""
        return HEAD if isinstance(self.grow, str) else self.grow


def _numbers(text: str) -> tuple[int, int, int, int]:
    x, y, width, height = (int(number) for number in text.split(","))
    return x, y, width, height


class WindowOptions(FaceOptions):
    """Where, and how large the windows are."""

    window: Annotated[int, Field(ge=4, le=65_535)] | Literal["region"] | None = Field(
        None, description="Side of the windows that pixels stay in, in pixels; or `region`, one window for all of it."
    )
    cells: int | None = Field(
        None, ge=1, le=65_535, description="Instead: windows across the shorter side of a region. The default is 8."
    )

    def strength(self) -> Strength:
        """The strength that was asked for.

        Raises:
            Problem: two ways to say the same thing.
        """
        names = ("window", "cells", "pixels", "coverage", "psnr")
        given: dict[str, Any] = {name: getattr(self, name) for name in names if hasattr(self, name)}
        try:
            return Strength(**given)
        except (TypeError, ValueError) as error:
            raise Problem("bad-options", str(error)) from None


class ProtectOptions(WindowOptions):
    """Where, by what, how strongly, and under which key."""

    protect: str | None = Field(
        None,
        max_length=200,
        description="What is shown instead, as `NAME` or `NAME:SETTINGS`: `surrogate` (a drawn face), `camouflage`, "
        "`windows` (the strength options, or settings), `mosaic`, `blur`, `black`, `noise`, `features`, `parts`. The "
        "default is `surrogate:tone=around`, or `windows` with a strength option. docs/protections.md has all.",
        examples=["surrogate:tone=around", "camouflage", "mosaic:cells=6"],
    )
    purpose: Literal["publish", "archive", "paper"] | None = Field(
        None,
        description="`publish`: a surrogate, seals beside; `archive`: a surrogate, seals inside; `paper`: windows.",
    )
    seals: Literal["inside", "beside", "none"] | None = Field(
        None,
        description="Where the encrypted originals go: with the record, the default; into a file of their own, which "
        "need not be published; or nowhere, and then the faces are replaced for good. Windows have none.",
    )
    format: Literal["png", "webp", "tiff", "jpg"] | None = Field(
        None,
        description="Of the protected image. The default is the one that came, without loss; PNG for JPEG, BMP, PGM, "
        "PPM. `jpg` is for what is sealed, whose faces come back exactly, and for what never comes back.",
    )
    keep: str = Field(
        "icc",
        max_length=100,
        description="What of the metadata stays in the clear: some of `date`, `place`, `camera`, `pano`, `icc`; `all` "
        "of these; `credit`, `names`; or `none`. All of it is sealed too, and comes back.",
        examples=["date,place"],
    )
    drop_metadata: bool = Field(
        False, description="Seal no metadata, name and time: they do not come back. Without a key nothing is sealed."
    )
    changed: list[Milliseconds] = Field(
        [],
        max_length=MAX_REGIONS,
        description="When the file was last changed, in milliseconds since 1970 (`File.lastModified` of browsers), one "
        "for each image in the order of the parts: is sealed too, and comes back as `Last-Modified`.",
        examples=[[1_717_171_717_000]],
    )
    exact_file: bool = Field(
        False,
        description="Seal what the file's very bytes need, too, all of it if need be: the result is larger, and "
        "`/v1/restore` gives the file itself back.",
    )
    reproducible: bool = Field(
        False, description="The same input, key and options give the same output; shows which inputs were equal."
    )
    face_keys: bool = Field(
        False,
        description="Give the key of each face too, which brings back that face of this image and nothing else: for "
        "the person whose face it is. It cannot be taken back.",
    )
    pixels: int | None = Field(
        None, ge=2, le=2**31 - 1, description="How many pixels of each region move; the default is all."
    )
    coverage: float | None = Field(
        None, gt=0.0, le=1.0, description="Instead: the share of each region's pixels that move."
    )
    psnr: float | None = Field(
        None, ge=0.0, le=200.0, description="Instead: as many as bring the image to this PSNR, in dB.", examples=[24.0]
    )
    key_id: str | None = Field(
        None,
        pattern=f"^([0-9a-f]{{16}}|{ONE_TIME})$",
        description="Id of a key of the service; the default is its current key. `one-time`: a key that nobody will "
        "have, so that the result can never be restored.",
        examples=["one-time"],
    )


class RestoreOptions(Options):
    """What is brought back, and of whom."""

    only: list[RegionNumber] = Field(
        [],
        max_length=MAX_REGIONS,
        description="Numbers of the regions to restore, one for each parameter, from 0 in the order of the record; the "
        "default is all, or the face key's.",
        examples=[[2]],
    )
    origin: Literal["key", "any"] | None = Field(
        None,
        description="`key` refuses a record that anyone could have made, since it was made for a public key; `any` "
        "takes it. The default is the operator's, `key` unless it was changed; a face key cannot tell, and takes any.",
    )
    format: Literal["png", "webp", "tiff"] | None = Field(
        None,
        description="Of the result. The default is the one that came, or the original file where that was sealed; PNG "
        "for BMP, PGM, PPM, and for a JPEG whose pixels alone are at hand.",
    )


class ForgetOptions(Options):
    """What is erased."""

    regions: list[RegionNumber] = Field(
        [],
        max_length=MAX_REGIONS,
        description="Numbers of the regions whose seals are erased, one for each parameter, from 0 in the order of the "
        "record; the default is all that have one.",
        examples=[[2]],
    )
    metadata: bool = Field(
        False,
        description="Erase sealed metadata, name and time alone, and no face; with the first face they are erased in "
        "any case, for a thumbnail in them shows all faces.",
    )


class ViewOptions(WindowOptions):
    """Where and how to draw the view, for images that have no record."""

    interpolation: Literal["mosaic", "linear", "cubic", "lanczos"] = Field(
        "cubic", description="Show the windows' means as squares, or what lies between them."
    )


class CompareOptions(Options):
    """What counts."""

    inside: bool = Field(False, description="Count only inside the regions of either image's record.")
