"""Options for whom to spare: the people on example photographs, and what compares faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...faces import Detector, DlibEmbedding, Embedding, OnnxFaceEmbedding, Sparing
from ...files import read_image
from .numbers import Number
from .sections import option

_SECTION = "Faces"


def spare_files(folder: Path | None) -> list[Path]:
    """The files of the examples' folder, but hidden ones."""
    if folder is None:
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def spared(detector: Detector, options: dict[str, Any]) -> Detector:
    """The detector without the faces of people on example photographs."""
    folder, model, threshold = options["spare"], options["spare_model"], options["spare_threshold"]
    if folder is None:
        if model is not None or threshold is not None:
            raise ValueError("--spare-model and --spare-threshold go with --spare FOLDER")
        return detector
    paths = spare_files(folder)
    if not paths:
        raise ValueError(f"--spare must name a folder of photographs, {folder} holds no files")
    embedding: Embedding
    if model is not None:
        if threshold is None:
            raise ValueError("--spare-model needs --spare-threshold: models differ in how far apart people are")
        embedding = OnnxFaceEmbedding(model, threshold=threshold)
    else:
        embedding = DlibEmbedding() if threshold is None else DlibEmbedding(threshold=threshold)
    pictures = [read_image(path).pixels for path in paths]
    return Sparing(detector, pictures, embedding, names=[str(path) for path in paths])


def file_facts(path: Path) -> tuple[str, int, int]:
    """Path, size and time of a file, to know it again."""
    facts = path.stat()
    return str(path.resolve()), facts.st_size, facts.st_mtime_ns


SPARE_OPTIONS = (
    option(
        "--spare",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="FOLDER",
        section=_SECTION,
        help="Leave the faces of people as they are of whom the folder holds photographs, one face on each. By dlib's "
        "recogniser; docs/faces.md has how often it errs.",
    ),
    option(
        "--spare-threshold",
        type=Number(0, 2),
        metavar="DISTANCE",
        section=_SECTION,
        help="Up to which distance a face is an example's; less spares fewer strangers.  [default: 0.45, for dlib]",
    ),
    option(
        "--spare-model",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        section=_SECTION,
        help="An ONNX network of ArcFace's form (112 x 112) instead of dlib's; needs --spare-threshold.",
    ),
)
