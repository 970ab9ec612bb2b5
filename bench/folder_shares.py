"""Where the time of the folder job goes: ``python bench/folder_shares.py [--count 1000] [--jobs 3] [--parts]``.

Runs ``fastperturb perturb`` on the folder of folder_job.py in this process, with a clock around what OpenCV and the
compressor do in a file's way; with ``--parts`` around all else too: 1.5 µs each, seven and thirteen a file. Prints
for each part the time and the processor time that its threads spent there and not in a part inside it.

With ``--jobs 1`` OpenCV's own threads share the network's work, and count as outside.
"""

import argparse
import os
import resource
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import cv2

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.cli.batch import job, writer
from fastperturb.cli.commands import perturb as perturb_command
from fastperturb.faces import yunet
from fastperturb.files import writing
from folder_job import make_folder

NETWORK, REST = "network (OpenCV)", "the rest, in Python"
CODECS = [  # the network is one more, and is clocked by Timed
    (cv2, "imdecode", "decode (OpenCV)"),
    (cv2, "cvtColor", "resize, swap channels (OpenCV)"),
    (cv2, "resize", "resize, swap channels (OpenCV)"),
    (writing, "_encode_png", "encode PNG (ISA-L)"),
]
OTHERS = [
    (job, "read_bytes", "read the file"),
    (job, "decode", "check the file's structure"),
    (yunet.YuNet, "detect", "around the network"),
    (perturb_command, "perturb_image", "perturb: permutation, tag, record"),
    (writer, "write_file", "create, write and name the file"),
    (os, "fsync", "flush it to the disk"),
]


class Clock:
    """Seconds and processor seconds of each part, those of parts inside it left out, over all threads."""

    def __init__(self):
        self._threads = []
        self._local = threading.local()

    def around(self, function, name):
        """The function, with what its thread spends until it returns put down to ``name``."""

        def timed(*arguments, **options):
            try:
                switch = self._local.switch
            except AttributeError:
                switch = self._local.switch = self._new_switch()
            before = switch(name)
            try:
                return function(*arguments, **options)
            finally:
                switch(before)

        return timed

    def _new_switch(self):
        """A function that puts down the time since its last call to the part named then, and gives that name."""
        spent = defaultdict(lambda: [0.0, 0.0])
        self._threads.append(spent)
        part, last, last_processor = None, 0.0, 0.0

        def switch(name):
            nonlocal part, last, last_processor
            now, processor = time.perf_counter(), time.thread_time()
            both = spent[part]
            both[0] += now - last
            both[1] += processor - last_processor
            before, part, last, last_processor = part, name, now, processor
            return before

        return switch

    def spent(self):
        """By part: seconds, processor seconds."""
        parts = {part for thread in self._threads for part in thread if part is not None}
        return {part: [sum(thread[part][i] for thread in self._threads) for i in range(2)] for part in parts}


class Timed:
    """A network whose detect() is timed; attributes of OpenCV's own class cannot be replaced."""

    def __init__(self, net, clock):
        self.setInputSize = net.setInputSize
        self.detect = clock.around(net.detect, NETWORK)


def clocked(clock, parts):
    """Puts a clock around each part from here on."""
    for owner, name, part in [(job, "attempt", REST), *CODECS, *(OTHERS if parts else [])]:
        setattr(owner, name, clock.around(getattr(owner, name), part))
    create = cv2.FaceDetectorYN.create
    cv2.FaceDetectorYN = SimpleNamespace(create=lambda *arguments: Timed(create(*arguments), clock))


def processor_seconds():
    """What this process has spent, in all of its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--parts", action="store_true")
    options = parser.parse_args()
    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "in").mkdir()
        make_folder(root / "in", options.count, ".jpg")
        fp.Key.generate().to_file(root / "key")
        clocked(clock, options.parts)
        jobs = ["--jobs", str(options.jobs)] if options.jobs else []
        start, processor = time.perf_counter(), processor_seconds()
        code = run(["perturb", str(root / "in"), "-o", str(root / "out"), "--key-file", str(root / "key"), "-q", *jobs])
        taken, processor = time.perf_counter() - start, processor_seconds() - processor
    spent = clock.spent()
    totals = [sum(seconds for seconds, _ in spent.values()), processor]
    print(f"exit code {code}, {options.count / taken:.0f} images a second\n")
    print("| part | ms a file | of the threads' time | processor ms a file | of the process's |")
    print("| --- | --- | --- | --- | --- |")
    names = {NETWORK, *(part for *_, part in CODECS)}
    codecs = [sum(spent[part][i] for part in names) for i in range(2)]
    outside = [0.0, processor - sum(both[1] for both in spent.values())]
    rows = sorted([*spent.items(), ("outside of the threads", outside)], key=lambda item: -item[1][1])
    for part, both in [*rows, ("**codecs and network**", codecs)]:
        cells = [f"{both[i] / options.count * 1e3:.2f} | {both[i] / totals[i]:.1%}" for i in range(2)]
        print(f"| {part} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
