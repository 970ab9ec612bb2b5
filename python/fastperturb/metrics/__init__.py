"""Measures of the difference of two images: MSE, PSNR, SSIM and multi-scale SSIM, of the frame or of a region."""

from .measures import mse, mse_many, psnr, psnr_many, ssim, ssim_many, ssim_map, ssim_terms
from .multi_scale import SCALE_WEIGHTS, ms_ssim
from .ssim_options import SsimOptions, SsimTerms

__all__ = [
    "SCALE_WEIGHTS",
    "SsimOptions",
    "SsimTerms",
    "ms_ssim",
    "mse",
    "mse_many",
    "psnr",
    "psnr_many",
    "ssim",
    "ssim_many",
    "ssim_map",
    "ssim_terms",
]
