"""Where the time of the folder job goes: ``python bench/folder_shares.py [--count 1000] [--jobs 3]``.

Runs ``fastperturb perturb`` on the folder of folder_job.py in this process, with a clock around each part of a file's
way. Prints for each part the time and the processor time that its threads spent there and not in a part inside it.
"""

import argparse
import os
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import cv2

import fastperturb as fp
from fastperturb.cli import job, perturb_command
from fastperturb.cli.app import run
from fastperturb.faces import yunet
from fastperturb.files import png_pixels, writing
from folder_job import make_folder

NETWORK, ENCODE = "network (OpenCV)", "encode PNG (ISA-L)"
CODECS = (NETWORK, ENCODE, "encode PNG: filter", "decode (OpenCV)", "resize, swap channels (OpenCV)")
PARTS = [
    (job, "attempt", "the rest, in Python"),
    (job, "read_bytes", "read the file"),
    (job, "decode", "check the file's structure"),
    (cv2, "imdecode", "decode (OpenCV)"),
    (cv2, "cvtColor", "resize, swap channels (OpenCV)"),
    (cv2, "resize", "resize, swap channels (OpenCV)"),
    (yunet.YuNet, "detect", "around the network"),
    (perturb_command, "perturb_image", "perturb: permutation, tag, record"),
    (writing, "_encode_png", ENCODE),
    (png_pixels, "_filtered", "encode PNG: filter"),
    (job, "write_file", "create, write and name the file"),
    (os, "fsync", "flush it to the disk"),
]


class Clock:
    """Seconds and processor seconds of each part, those of parts inside it left out, over all threads."""

    def __init__(self):
        self.spent = defaultdict(lambda: [0.0, 0.0])
        self._lock = threading.Lock()
        self._local = threading.local()

    @contextmanager
    def part(self, name):
        inside = self._local.__dict__.setdefault("inside", [])
        start = (time.perf_counter(), time.thread_time())
        inside.append([0.0, 0.0])
        try:
            yield
        finally:
            taken = [time.perf_counter() - start[0], time.thread_time() - start[1]]
            others = inside.pop()
            with self._lock:
                for i in range(2):
                    self.spent[name][i] += taken[i] - others[i]
            for i in range(2):
                if inside:
                    inside[-1][i] += taken[i]

    def around(self, function, name):
        def timed(*arguments, **options):
            with self.part(name):
                return function(*arguments, **options)

        return timed


class Timed:
    """A network whose detect() is timed; attributes of OpenCV's own class cannot be replaced."""

    def __init__(self, net, clock):
        self.setInputSize = net.setInputSize
        self.detect = clock.around(net.detect, NETWORK)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    clock = Clock()
    for owner, name, part in PARTS:
        setattr(owner, name, clock.around(getattr(owner, name), part))
    own_net = yunet.YuNet._net
    yunet.YuNet._net = lambda self: Timed(own_net(self), clock)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "in").mkdir()
        make_folder(root / "in", options.count, ".jpg")
        fp.Key.generate().to_file(root / "key")
        clock.spent.clear()
        jobs = ["--jobs", str(options.jobs)] if options.jobs else []
        start = time.perf_counter()
        code = run(["perturb", str(root / "in"), "-o", str(root / "out"), "--key-file", str(root / "key"), "-q", *jobs])
        print(f"exit code {code}, {options.count / (time.perf_counter() - start):.0f} images a second\n")
    totals = [sum(both[i] for both in clock.spent.values()) for i in range(2)]
    print("| part | ms a file | of the time | processor ms a file | of its time |\n| --- | --- | --- | --- | --- |")
    rows = sorted(clock.spent.items(), key=lambda item: -item[1][1])
    codecs = [sum(clock.spent[part][i] for part in CODECS) for i in range(2)]
    for part, both in [*rows, ("**codecs and network**", codecs)]:
        cells = [f"{both[i] / options.count * 1e3:.2f} | {both[i] / totals[i]:.1%}" for i in range(2)]
        print(f"| {part} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
