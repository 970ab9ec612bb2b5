"""Which protections can be sealed: those that draw something over a face."""

from __future__ import annotations

from typing import Any

from ..perturbation.drawing import Drawing, is_drawing


def can_be_sealed(protection: object) -> bool:
    """Whether it draws something else over a face, so that a seal can bring the original back."""
    return is_drawing(protection)


def as_drawing(protection: Any) -> Drawing:
    """A protection as the perturbation needs it.

    Raises:
        TypeError: a permutation, which is a perturbation already, or clear, which protects nothing.
    """
    if is_drawing(protection):
        return protection
    raise TypeError(
        "protection must be Surrogate, Camouflage, Mosaic, Blur, Black, Noise, KSame or Autoencoder, "
        f"got {type(protection).__name__}"
    )
