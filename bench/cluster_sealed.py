"""A folder on Ray sealed to a public key, with a worker killed in its middle, and restored by a process elsewhere.

    RAY_raylet_start_wait_time_s=120 python bench/cluster_sealed.py --count 2000

Makes photographs as folder_job.py does and protects them with `--to PUB --seals beside`: no process of the cluster has
a secret. When a quarter is there, one of Ray's workers gets SIGKILL. Afterwards every file must be there with its seals
and none twice; the same job again must change nothing. Then pictures and seals are moved to another folder, where a new
process with the secret key restores them all and compares each with the digest of its original. Needs
`python tests/fetch_data.py`.
"""

import argparse
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fastperturb as fp
from fastperturb.files import read_image, read_record
from folder_job import make_folder

RAY = (sys.executable, "-m", "fastperturb.integrations.ray")
WORKER = b"MapWorker(MapBatches(PerturbImages))"


def digest(pixels):
    """A hash of an image: its shape, dtype and pixels."""
    return hashlib.sha256(f"{pixels.shape} {pixels.dtype}".encode() + pixels.tobytes()).hexdigest()


def workers_of(ancestor):
    """The processes that run the callable and descend from this one: no others."""
    parents, found = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it is gone already
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if WORKER in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))

    def descends(process):
        while process and process != ancestor:
            process = parents.get(process, 0)
        return process == ancestor

    return [process for process in found if descends(process)]


def pictures(folder):
    """The names of all results; a hidden file but the secret of marks would be half of one."""
    names = sorted(path.name for path in folder.iterdir())
    assert [name for name in names if name.startswith(".")] == [".fastperturb-marks"], names
    return [name for name in names if name.endswith(".png")]


def run(command, out=None, count=0):
    """Seconds of a whole job and how many workers were killed, one when so many files are there."""
    start, killed = time.perf_counter(), []
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
    while count and not killed and process.poll() is None:
        time.sleep(0.02)
        if out.is_dir() and len(os.listdir(out)) > 2 * count:  # noqa: PTH208 picture and seal
            killed = workers_of(process.pid)[:1]
            for worker in killed:
                os.kill(worker, signal.SIGKILL)
    said = process.communicate()[1]
    assert process.returncode == 0, said[-2000:]
    return time.perf_counter() - start, len(killed), said.strip().splitlines()[-1]


def restore(folder, digests, place):
    """Restores all pictures of a folder with the key of a file; how many are the originals bit for bit."""
    key, known = fp.Key.from_file(place), json.loads(Path(digests).read_text(encoding="ascii"))
    exact = 0
    for path in sorted(Path(folder).glob("*.png")):
        picture, record = read_image(path), read_record(path)
        verdicts = fp.examine(picture.pixels, record, key)
        assert verdicts.origin == "anyone", verdicts  # a public key proves nobody
        exact += digest(fp.restore(picture.pixels, record, key)) == known[path.name.removesuffix(".png")]
    return {"restored bit for bit": exact, "of": len(known)}


def protect(root, options):
    """Runs the jobs; what they did."""
    key = fp.Key.generate()
    (root / "elsewhere").mkdir()
    key.to_file(root / "elsewhere" / "secret.key")
    key.public().to_file(root / "archive.pub")
    (root / "in").mkdir()
    make_folder(root / "in", options.count, ".jpg")
    known = {path.name: digest(read_image(path).pixels) for path in (root / "in").iterdir()}
    (root / "elsewhere" / "digests.json").write_text(json.dumps(known), encoding="ascii")
    out = root / "out"
    job = [str(root / "in"), str(out), "--to", str(root / "archive.pub"), "--seals", "beside"]
    command = [*RAY, *job, "--workers", str(options.workers)]
    seconds, killed, said = run(command, out, options.count // 4)
    assert killed == 1, "the job was over before a worker could be killed"
    names = pictures(out)
    assert len(names) == options.count
    assert all((out / f"{name}.seal").is_file() for name in names)
    times = sorted((out / name).stat().st_mtime for name in names)
    before = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in out.iterdir()}
    again, _, said_again = run(command)
    assert {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in out.iterdir()} == before
    for path in out.iterdir():
        if not path.name.startswith("."):
            path.replace(root / "elsewhere" / path.name)
    return {
        "images": options.count,
        "workers killed": killed,
        "seconds": round(seconds, 1),
        "images a second, first file to last": round((len(times) - 1) / (times[-1] - times[0])),
        "said": said,
        "seconds of the second run": round(again, 1),
        "said by it": said_again,
    }


def main():
    """Runs all of it and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--restore", nargs=3, metavar=("FOLDER", "DIGESTS", "KEY"), help="what the other process does")
    options = parser.parse_args()
    if options.restore:
        print(json.dumps(restore(*options.restore)))
        return
    with tempfile.TemporaryDirectory() as name:
        shown = protect(Path(name), options)
        there = Path(name) / "elsewhere"
        places = [str(there), str(there / "digests.json"), str(there / "secret.key")]
        done = subprocess.run(  # noqa: S603
            [sys.executable, __file__, "--restore", *places], capture_output=True, text=True, check=True
        )
        shown["elsewhere"] = json.loads(done.stdout)
        assert shown["elsewhere"]["restored bit for bit"] == options.count, shown
    print(json.dumps(shown, indent=1))


if __name__ == "__main__":
    main()
