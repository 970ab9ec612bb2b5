"""Forecasts: what a strength will do, as numbers and as a table."""

import math
import re

import numpy as np
import pytest
from skimage.data import astronaut

import fastperturb as fp
from fastperturb.strength.forecasting import Expected

FACE = (70, 60, 110, 140)


@pytest.fixture(scope="module")
def photograph():
    return np.ascontiguousarray(astronaut()[:300, 100:400])


def test_a_forecast_is_a_table(photograph):
    forecast = fp.forecast(photograph, [FACE, (-10, 200, 60, 80)], fp.Strength(coverage=0.5))
    face, clipped = forecast.regions
    assert (face.window, face.cells, face.pixels, face.coverage) == (14, 8, 7700, 0.5)
    assert (clipped.window, clipped.cells, clipped.pixels, clipped.in_face.samples) == (8, 7, 2000, 12000)
    total = face.in_frame.squared_error + clipped.in_frame.squared_error
    assert forecast.in_frame.squared_error == pytest.approx(total)
    assert face.in_face.psnr == pytest.approx(face.in_frame.psnr - 10 * math.log10(photograph.size / (7700 * 2 * 3)))
    lines = str(forecast).splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "region",
        "110 x 140 at (70, 60)",
        "60 x 80 at (-10, 200)",
        "image",
    ]
    assert f"{face.in_face.psnr:.2f} ± {face.in_face.psnr_sd:.2f} dB" in lines[1]
    assert "50.0 %" in lines[1]
    assert len({len(line) for line in lines}) == 1


def test_expectations_follow_from_the_squared_error():
    expected = Expected(squared_error=400.0, squared_error_sd=40.0, samples=100, data_range=255.0)
    assert expected.mse == 4.0
    assert expected.distance == 20.0
    assert expected.distance_sd == pytest.approx(1.0)
    assert expected.psnr == pytest.approx(10 * math.log10(255**2 / 4))
    assert expected.psnr_sd == pytest.approx(4.343 * 0.1, abs=1e-3)
    still = Expected(0.0, 0.0, 100, 255.0)
    assert (still.psnr, still.psnr_sd, still.distance_sd) == (math.inf, 0.0, 0.0)


@pytest.mark.parametrize("data_range", [1e-200, 1e-160, 1e160, 1e200])
def test_the_psnr_of_any_data_range_is_a_number(photograph, data_range):
    usual = fp.forecast(photograph, FACE, data_range=255.0)
    forecast = fp.forecast(photograph, FACE, data_range=data_range)
    assert forecast.in_frame.psnr - usual.in_frame.psnr == pytest.approx(20 * math.log10(data_range / 255))
    assert f"{forecast.regions[0].in_face.psnr:.2f} ±" in str(forecast)
    nearest = re.escape(f"{forecast.in_frame.psnr:.2f} dB") if data_range > 1 else r"-\d{4}\.\d\d dB"
    with pytest.raises(ValueError, match=nearest):
        fp.forecast(photograph, FACE, fp.Strength(psnr=20.0, data_range=data_range))


@pytest.mark.parametrize("data_range", [0.0, -1.0, math.nan, math.inf])
def test_a_data_range_must_be_a_size(photograph, data_range):
    with pytest.raises(ValueError, match="data_range must be over 0 and finite, got"):
        fp.forecast(photograph, FACE, data_range=data_range)
