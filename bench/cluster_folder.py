"""A folder on Ray beside the same folder on the command line: equal bits, rates, and what a kill -9 leaves.

    python bench/cluster_folder.py --count 2000

Makes photographs as folder_job.py does, protects them with both (``--reproducible``), compares pixels and records of
every file, restores all, then kills each job in its middle with everything that it started, looks at every file that
is there, runs it again and compares with the run that was not killed. Needs `python tests/fetch_data.py`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import fastperturb as fp
from fastperturb.files import read_image, read_record
from folder_job import make_folder

LOCAL = (sys.executable, "-m", "fastperturb")
RAY = (sys.executable, "-m", "fastperturb.integrations.ray")


def files(folder):
    """The names of all results; a hidden file would be half of one."""
    names = sorted(path.name for path in folder.iterdir())
    assert not [name for name in names if name.startswith(".")], names
    return names


def rate(folder):
    """Images a second from the first file to the last: without the start of the program or the cluster."""
    times = sorted(path.stat().st_mtime for path in folder.iterdir())
    return (len(times) - 1) / (times[-1] - times[0])


def run(command):
    """Seconds that it took."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr[-2000:]
    return time.perf_counter() - start


def kill(command, out, count):
    """Starts it, and ends it and its descendants with SIGKILL once it has written `count` files."""
    process = subprocess.Popen(  # noqa: S603
        command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    while not out.is_dir() or len(os.listdir(out)) < count:  # noqa: PTH208
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(1)
    names = files(out)
    for name in names:
        read_record(out / name)  # reads all of the file and checks its CRCs
    return len(names)


def main():
    """Runs all of it and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--no-kill", action="store_true", help="only compare and time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        key, place = fp.Key.generate(), root / "key"
        key.to_file(place)
        (root / "in").mkdir()
        make_folder(root / "in", options.count, ".jpg")
        shown = {"images": options.count, "workers": options.workers}

        def local(out):
            choices = ("--reproducible", "--full-names", "-q", "--jobs", str(options.workers))
            return [*LOCAL, "perturb", str(root / "in"), "-o", str(out), "--key-file", str(place), *choices]

        def ray(out):
            return [*RAY, str(root / "in"), str(out), "--key-file", str(place), "--workers", str(options.workers)]

        for label, command in (("local", local), ("ray", ray)):
            seconds = run(command(root / label))
            shown[label] = {"seconds": round(seconds, 1), "images a second": round(rate(root / label))}
        names = files(root / "local")
        assert names == files(root / "ray")
        assert len(names) == options.count
        for name in names:
            one, other = read_image(root / "local" / name), read_image(root / "ray" / name)
            record = read_record(root / "ray" / name)
            assert np.array_equal(one.pixels, other.pixels), name
            assert read_record(root / "local" / name) == record, name
            original = read_image(root / "in" / name.removesuffix(".png")).pixels
            assert np.array_equal(fp.restore(other.pixels, record, key), original), name
            assert not np.array_equal(other.pixels, original), name
        shown["equal"] = f"{len(names)} files, pixels and records; all restored to the originals"
        for label, command in (("local", local), ("ray", ray)) if not options.no_kill else ():
            out = root / f"{label}-killed"
            left = kill(command(out), out, options.count // 4)
            seconds = run(command(out))
            assert files(out) == names
            assert all((out / name).read_bytes() == (root / label / name).read_bytes() for name in names)
            again = run(command(out))
            shown[f"{label}, killed"] = {
                "whole files left": left,
                "seconds of the second run": round(seconds, 1),
                "seconds when all is there": round(again, 1),
            }
        print(json.dumps(shown, indent=1))


if __name__ == "__main__":
    main()
