"""Measures of the difference of two images: MSE, PSNR and SSIM, of the frame or of a region."""

from .measures import mse, mse_many, psnr, psnr_many, ssim, ssim_many, ssim_map, ssim_terms
from .ssim_options import SsimOptions, SsimTerms

__all__ = [
    "SsimOptions",
    "SsimTerms",
    "mse",
    "mse_many",
    "psnr",
    "psnr_many",
    "ssim",
    "ssim_many",
    "ssim_map",
    "ssim_terms",
]
