"""How strongly a region is permuted, what that will do to the image, and how strong it should be."""

from .forecasting import Expected, Forecast, RegionForecast, forecast
from .strength import Strength
from .threshold import Threshold, fit_threshold

__all__ = ["Expected", "Forecast", "RegionForecast", "Strength", "Threshold", "fit_threshold", "forecast"]
