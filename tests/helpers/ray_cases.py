"""What tests of Ray share: a cluster, folders of small photographs, the program, and how to kill what it started."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from fastperturb.files import write_image

PROGRAM = (sys.executable, "-m", "fastperturb.integrations.ray")
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}


@contextlib.contextmanager
def running_cluster():
    """Ray on this machine with two processors."""
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


def ray_folder(*arguments, **environment):
    return subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        env={**os.environ, **ENVIRONMENT, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def started_by(ancestor):
    """The processes that descend from this one, by their ids."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it is gone already
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])

    def descends(process):
        while process and process != ancestor:
            process = parents.get(process, 0)
        return process == ancestor

    return [process for process in parents if descends(parents[process])]


def kill(processes):
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def kill_actors():
    """SIGKILL to the processes that run the callable: those that this one started, no others."""
    actors = []
    for process in started_by(os.getpid()):
        with contextlib.suppress(OSError):
            if b"MapWorker(MapBatches(PerturbImages))" in Path(f"/proc/{process}/cmdline").read_bytes():
                actors.append(process)
    kill(actors)
    return actors
