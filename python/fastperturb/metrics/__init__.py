"""Measures of the difference of two images: MSE, PSNR and SSIM, of the frame or of a region."""

from .measures import mse, psnr, ssim, ssim_map
from .ssim_options import SsimOptions

__all__ = ["SsimOptions", "mse", "psnr", "ssim", "ssim_map"]
