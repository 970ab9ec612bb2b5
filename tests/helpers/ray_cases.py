"""What tests of Ray share: a cluster of two processors on this machine, and a folder of small photographs."""

import os
import signal

import pytest

from fastperturb.files import write_image

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_raylet_start_wait_time_s": "120",  # of a busy machine
}


@pytest.fixture(scope="module")
def cluster():
    import ray

    os.environ.update(ENVIRONMENT)
    before = signal.getsignal(signal.SIGTERM)  # Ray leaves its own; a forked child that gets it may live on
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()
    signal.signal(signal.SIGTERM, before)


def picture(image, number):
    """A small photograph of a face; no two are alike."""
    crop = image[20:240, 120:340].copy()
    crop[0, 0] = number
    return crop


def fill(folder, image, count):
    folder.mkdir()
    for number in range(count):
        write_image(folder / f"{number:03}.png", picture(image, number))
