"""How large protected JPEGs are: ``python bench/jpeg_sizes.py``, of the test photographs with one face.

Each photograph is protected by the default surrogate three ways: as a JPEG with its seal inside, as a JPEG with the
seal beside, and as a PNG with the seal inside. Also what the seal of its head takes as what it is (a scan of its own
Huffman tables), padded, as a small JPEG of the same tables, and as raw coefficients by zlib and LZMA. Every file is
restored and compared. Photographs that are no JPEG are made one, 4:2:0, quality 90. Needs `python tests/fetch_data.py`.
"""

import argparse
import lzma
import statistics
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np

import fastperturb as fp
from fastperturb.files import perturb_jpeg, restore_jpeg
from fastperturb.files.jpeg_open import open_jpeg
from fastperturb.files.reading import decode
from fastperturb.files.writing import encode
from fastperturb.perturbation.coefficients import find_mcu_owners

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from photographs import photographs

KEY = fp.Key(bytes(range(32)))
SURROGATE = fp.Surrogate(tone="around")
JPEG_OVERHEAD = 2 + 18 + 134 + 19 + 14 + 2
"""Bytes of a small JPEG beside its Huffman tables' symbols and data: JFIF, two quantisation tables, frame, scan."""


def sources():
    """(name, JPEG) of each photograph in which one face is found."""
    for photograph in photographs():
        data = photograph.path.read_bytes()
        if not data.startswith(b"\xff\xd8"):
            image = np.ascontiguousarray(photograph.read()[..., :3][..., ::-1])
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        faces = fp.locate(decode(data).pixels)
        if len(faces) == 1 and faces[0].score >= 0.8:
            yield photograph.path.name, data, faces


def row(data, faces):
    """Ratios of the files to the original, and bytes of the seal by each way to code it."""
    hidden, record = perturb_jpeg(data, faces, KEY, SURROGATE)
    apart, _ = perturb_jpeg(data, faces, KEY, SURROGATE, beside=True)
    exact, _ = perturb_jpeg(data, faces, KEY, SURROGATE, exact_file=True)
    file = open_jpeg(data)
    before = file.coefficients.mcus
    assert np.array_equal(open_jpeg(restore_jpeg(hidden, KEY)).coefficients.mcus, before)
    assert restore_jpeg(exact, KEY) == data
    picture = decode(data)
    shown, with_pixels = fp.perturb(picture.pixels, faces, KEY, SURROGATE)
    png = sum(map(len, encode(shown, "PNG", texts={"fastperturb-record": with_pixels.to_json()})))
    item = record.regions[0].region
    part = find_mcu_owners(record.layout, record.shape, [item])[0]
    owned = part.take(before)
    scan = len(file.coefficients.frame.pack(owned))
    raw = owned.astype("<i2").tobytes()
    coded = {
        "scan": scan,
        "padded": record.entries[0].length,
        "small JPEG": scan + JPEG_OVERHEAD,
        "zlib": len(zlib.compress(raw, 9)),
        "lzma": len(lzma.compress(raw)),
    }
    size = len(data)
    return (len(hidden) / size, len(apart) / size, len(exact) / size, png / size), coded


def main():
    """Prints a line a photograph and the medians."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    found, seals = [], []
    print("| photograph | bytes | inside | beside | exact file | PNG |\n| --- | --- | --- | --- | --- | --- |")
    for name, data, faces in sources():
        ratios, coded = row(data, faces)
        found.append(ratios)
        seals.append(coded)
        print(f"| {name} | {len(data)} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |", flush=True)
    medians = [statistics.median(column) for column in zip(*found, strict=True)]
    print(f"| median of {len(found)} | | " + " | ".join(f"{ratio:.2f}" for ratio in medians) + " |")
    print("\nbytes of all seals, as a share of the scans that they are:")
    whole = sum(item["scan"] for item in seals)
    print(", ".join(f"{name} {sum(item[name] for item in seals) / whole:.2f}" for name in seals[0]))


if __name__ == "__main__":
    main()
