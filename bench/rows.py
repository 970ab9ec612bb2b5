"""Processor time and bytes of one row, bytes in and PNG with record out, by protection and by who can restore.

    python bench/rows.py --count 200

Photographs of 250 x 250 as folder_job.py makes them, JPEG; one process, one thread. Needs `python tests/fetch_data.py`.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import fastperturb as fp
from fastperturb.integrations.key_places import KeyPlace
from fastperturb.integrations.protector import FaceOptions
from fastperturb.integrations.rows import PerturbImages, RowJob, RowWorker
from folder_job import make_folder


def main():
    """Prints a line for each kind of job."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        key = fp.Key.generate()
        key.to_file(root / "key")
        (root / "in").mkdir()
        make_folder(root / "in", count, ".jpg")
        files = [path.read_bytes() for path in sorted((root / "in").iterdir())]
        keys = {"secret key": KeyPlace(str(root / "key")), "public key": key.public()}
        PerturbImages(RowJob(key=keys["public key"]))  # one thread for OpenCV, as engines have it
        for protection in ("windows", "surrogate:tone=around", "camouflage"):
            for who, place in keys.items():
                worker = RowWorker(RowJob(key=place, options=FaceOptions(protection=protection)))
                worker(None, files[0])
                times, sizes, records = [], [], []
                for data in files:
                    start = time.process_time()
                    result = worker(None, data)
                    times.append(time.process_time() - start)
                    assert result.status == "perturbed", result.error
                    sizes.append(len(result.image))
                    records.append(len(result.record))
                median, size, record = (statistics.median(values) for values in (times, sizes, records))
                sizes_said = f"PNG {size / 1e3:.0f} kB, of it record {record / 1e3:.1f} kB"
                print(f"{protection}, {who}: {1e3 * median:.1f} ms, {sizes_said}")


if __name__ == "__main__":
    main()
