"""Fits the protections that look at faces first, on the training split only; what they learnt is kept for later runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..protections import FittedProtection
from .cells import Study
from .material import Material


def fit_protections(
    study: Study, material: Material, folder: Path | None, progress: Callable[[str, float, float], None] | None
) -> None:
    """Fits each protection that was not fitted yet, in place.

    Raises:
        ValueError: no face to fit on.
        MissingExtra: a package is needed to learn.
    """
    for protection in study.protections.values():
        if isinstance(protection, FittedProtection) and not protection.fitted:
            if progress is not None:
                progress(f"fitting {protection.name}", 0.0, 1.0)
            images: Any = (material.samples[name].read() for name in material.training)
            protection.fit(images, (material.faces[name] for name in material.training))
