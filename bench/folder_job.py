"""The whole job, files in and out, against deface: ``python bench/folder_job.py --deface PATH_OF_DEFACE``.

Makes a folder of 250 x 250 photographs with one face each (crops of the test photographs, shifted, mirrored and with a
little noise, so that no two are alike), then runs the two programs on it by turns, whole processes, and prints images
a second. Both must write every image: ours says itself if it finds no face, deface's faces are counted by comparing its
outputs with its inputs.

deface blurs or blackens faces for good and writes the format it read; ours permutes them reversibly and writes PNG with
the record inside. With ``--sealed`` ours draws surrogates, into JPEGs whose other blocks stay, and into PNGs, by
turns; bytes are told. Needs `python tests/fetch_data.py`.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

import fastperturb as fp

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from photographs import photographs

SIDE = 250


def crops():
    """Square crops with one whole face each, RGB."""
    for photograph in photographs():
        image = photograph.read()
        if image.ndim != 3 or photograph.faces != 1:
            continue
        image = np.ascontiguousarray(image[..., :3])
        faces = fp.locate(image)
        if len(faces) != 1 or faces[0].score < 0.9:
            continue
        r = faces[0].region
        reach = round(max(r.width, r.height) * 0.95)
        x, y = r.x + r.width // 2, r.y + r.height // 2
        wide = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
        square = wide[y : y + 2 * reach, x : x + 2 * reach]
        yield cv2.resize(square, (SIDE + 20, SIDE + 20), interpolation=cv2.INTER_AREA)


def make_folder(folder, count, extension):
    """Writes `count` different photographs, each with one face that our detector finds."""
    rng = np.random.default_rng(0)
    sources = list(crops())
    for number in range(count):
        image = sources[number % len(sources)]
        dx, dy = rng.integers(0, 21, 2)
        image = image[dy : dy + SIDE, dx : dx + SIDE]
        image = image[:, ::-1] if number // len(sources) % 2 else image
        noisy = np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number:05d}{extension}"), cv2.cvtColor(noisy, cv2.COLOR_RGB2BGR))
    return len(sources)


def run(command, env=None):
    """Seconds and processor seconds of a whole process, and its standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        raise SystemExit(f"{command[0]} failed with {result.returncode}: {result.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, result.stdout


def changed(folder, extension):
    """How many of deface's outputs differ in the middle, where the face is, by more than a re-encoding."""
    count = 0
    for path in sorted(folder.glob(f"*_anonymized{extension}")):
        after = cv2.imread(str(path)).astype(int)
        before = cv2.imread(str(path.with_name(path.name.replace("_anonymized", "")))).astype(int)
        count += int(np.abs(before - after)[60:190, 60:190].mean() > 5)
    return count


def main():
    """Runs the rounds and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deface", help="path of the deface program; without it only ours runs")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--extension", default=".jpg", choices=[".jpg", ".png"])
    parser.add_argument("--sealed", action="store_true", help="surrogates, as JPEG and as PNG, instead of windows")
    parser.add_argument("--engines", action="store_true", help="the first way without ONNX Runtime too")
    parser.add_argument("--before", help="Python of an environment with an older version: its windows, as PNG")
    options = parser.parse_args()
    command = ["-m", "fastperturb", "perturb", "--json"]
    ours = [sys.executable, *command]
    windows = [*ours, "--protect", "windows"]
    ways = {"fastperturb": windows, "fastperturb --jobs 1": [*windows, "--jobs", "1"]}
    if options.sealed:
        upright = [*ours, "--turned", "no"]
        ways = {"fastperturb, JPEG": ours, "fastperturb, PNG": [*ours, "--format", "png"]}
        ways |= {"fastperturb, JPEG, upright faces only": upright}
    if options.engines:
        ways["the first, OpenCV's engine"] = next(iter(ways.values()))
    if options.before:
        ways["before"] = [options.before, *command]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "in").mkdir()
        sources = make_folder(root / "in", options.count, options.extension)
        fp.Key.generate().to_file(root / "key")
        (root / "none").mkdir()
        (root / "none" / "onnxruntime.py").write_text("raise ImportError('left out')\n")
        without = os.environ | {"PYTHONPATH": str(root / "none")}
        kind = f"{SIDE}x{SIDE} ({options.extension})"
        print(f"{options.count} photographs {kind} of {sources} faces; {os.cpu_count()} processors")
        times = {}
        for number in range(options.rounds):
            for label, how in ways.items():
                out = root / f"{label.replace(' ', '')}-{number}"
                command = [*how, str(root / "in"), "-o", str(out), "--key-file", str(root / "key")]
                seconds, cpu, text = run(command, without if "OpenCV" in label else None)
                summary = json.loads(text.splitlines()[-1])["summary"]
                assert summary["counts"] == {"perturbed": options.count}, summary
                if number == 0 and "bytes_out" in summary:
                    print(f"{label}: {summary['bytes_out'] / summary['bytes_in']:.2f} times as many bytes")
                times.setdefault(label, []).append((seconds, cpu))
            if options.deface:
                copy = root / f"deface-{number}"  # it writes NAME_anonymized beside its input
                shutil.copytree(root / "in", copy)
                seconds, cpu, _ = run([options.deface, str(copy)])
                times.setdefault("deface", []).append((seconds, cpu))
                found = changed(copy, options.extension)
                print(f"deface changed the middle of {found} of {options.count} images")
        print("\n| | images a second, median | least to most | processor seconds |\n| --- | --- | --- | --- |")
        for label, runs in times.items():
            rates = sorted(options.count / seconds for seconds, _ in runs)
            cpu = statistics.median(c for _, c in runs)
            print(f"| {label} | {statistics.median(rates):.0f} | {rates[0]:.0f} to {rates[-1]:.0f} | {cpu:.1f} |")


if __name__ == "__main__":
    main()
