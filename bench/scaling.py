"""How perturbing grows: with the size of the image, with threads inside a call, and with threads that call.

Prints three tables; every answer is checked by restoring it. Run it on a quiet machine:
``python bench/scaling.py [sizes | threads | callers] [--seconds 60]``.
"""

import argparse
import statistics
import threading
import time

import numpy as np

import fastperturb as fp
from fastperturb import _core

KEY = fp.Key(bytes(range(32)))
SIZES = {"92 x 112": (112, 92), "250 x 250": (250, 250), "640 x 480": (480, 640), "1080p": (1080, 1920)}
SIZES |= {"4K": (2160, 3840), "8K": (4320, 7680)}


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def median_time(call, least=0.2, rounds=7):
    """Seconds a call takes: the median over rounds of the mean within a round."""
    call()
    start = time.perf_counter()
    call()
    repeats = max(1, int(least / rounds / (time.perf_counter() - start)))
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        times.append((time.perf_counter() - start) / repeats)
    return statistics.median(times)


def sizes():
    """The middle ninth of each image moves, in windows an eighth of it: the permutation alone, and all of perturb()."""
    print("image x 3      moved pixels   permutation     ns a pixel   perturb()       ns a pixel   MB image")
    logs = []
    for name, (height, width) in SIZES.items():
        image = picture(height, width)
        box = (width // 3, height // 3, width // 3, height // 3)
        pixels = box[2] * box[3]
        window = max(2, min(box[2:]) // 8)
        work, core = image.copy(), [(*box, 0, window, pixels)]
        alone = median_time(lambda: _core.permute([(work, work, core, bytes(range(32)), False)], False, 1, []))  # noqa: B023
        whole = median_time(lambda: fp.perturb(image, box, KEY, fp.Strength(window=window)))  # noqa: B023
        hidden, record = fp.perturb(image, box, KEY, fp.Strength(window=window))
        assert np.array_equal(fp.restore(hidden, record, KEY), image)
        logs.append((np.log(pixels), np.log(alone), np.log(whole)))
        print(
            f"{name:12s} {pixels:12,d} {alone * 1e6:12.1f} us {alone / pixels * 1e9:12.2f}"
            f" {whole * 1e6:12.1f} us {whole / pixels * 1e9:12.2f} {image.nbytes / 1e6:8.1f}"
        )
    pixels, alone, whole = np.array(logs).T
    print(
        f"time grows as pixels to the power {np.polyfit(pixels, alone, 1)[0]:.3f}; of perturb() {_power(pixels, whole)}"
    )


def _power(pixels, whole):
    return f"{np.polyfit(pixels, whole, 1)[0]:.3f}, from 250 x 250 on {np.polyfit(pixels[1:], whole[1:], 1)[0]:.3f}"


def threads():
    """One and more threads inside a call, in alternating rounds."""
    images = [picture(250, 250, seed) for seed in range(1000)]
    boxes = [(50, 50, 120, 150)] * len(images)
    large = picture(2160, 3840)
    jobs = {
        "perturb_many, 1,000 of 250 x 250": lambda count: fp.perturb_many(images, boxes, KEY, threads=count),
        "the same, out=": lambda count: fp.perturb_many(images, boxes, KEY, threads=count, out=outs),
        "perturb, 4K, 1200 x 1200 face": lambda count: fp.perturb(large, (900, 300, 1200, 1200), KEY, threads=count),
    }
    outs = [image.copy() for image in images]
    for name, job in jobs.items():
        times = {1: [], 2: []}
        for _ in range(9):
            for count, taken in times.items():
                start = time.perf_counter()
                job(count)
                taken.append(time.perf_counter() - start)
        one, two = (statistics.median(taken) for taken in times.values())
        print(
            f"{name:36s} 1 thread {one * 1e3:8.2f} ms   2 threads {two * 1e3:8.2f} ms   {one / two:.2f} times as fast"
        )


def callers(seconds):
    """Threads that call perturb() in a loop on images of their own, against one that does just before and after."""
    print("callers   calls a second   of one caller   least and most calls of a caller   longest wait")
    share = seconds / 4
    for count in (1, 2, 16, 64):
        before = call_from_threads(1, min(2.0, share))[0]
        rate, calls, wait = call_from_threads(count, share)
        alone = (before + call_from_threads(1, min(2.0, share))[0]) / 2
        print(f"{count:7d} {rate:14,.0f} {rate / alone:15.2f} {min(calls):15,d} {max(calls):8,d} {wait * 1e3:18.1f} ms")


def call_from_threads(count, seconds):
    stop, calls, waits, wrong = threading.Event(), [0] * count, [0.0] * count, []

    images = [picture(250, 250, number) for number in range(count)]

    def work(number):
        image = images[number]
        while not stop.is_set():
            start = time.perf_counter()
            hidden, record = fp.perturb(image, (50, 50, 120, 150), KEY)
            waits[number] = max(waits[number], time.perf_counter() - start)
            calls[number] += 1
            if calls[number] % 50 == 1 and not np.array_equal(fp.restore(hidden, record, KEY), image):
                wrong.append(number)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    stop.set()
    taken = time.perf_counter() - start
    for worker in workers:
        worker.join()
    assert not wrong, "an answer was lost or wrong"
    return sum(calls) / taken, calls, max(waits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["sizes", "threads", "callers", "all"], default="all")
    parser.add_argument("--seconds", type=float, default=12, help="of all callers together")
    options = parser.parse_args()
    parts = {"sizes": sizes, "threads": threads, "callers": lambda: callers(options.seconds)}
    for name, part in parts.items():
        if options.part in (name, "all"):
            print(f"\n{name}")
            part()


if __name__ == "__main__":
    main()
