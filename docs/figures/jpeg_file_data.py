"""What protected JPEGs name by their lengths alone: docs/jpeg.md. ``python docs/figures/jpeg_file_data.py``.

AT&T's 400 portraits as JPEGs of quality 90, grey and 4:2:0, with an EXIF thumbnail of themselves; the first face that
YuNet finds, the head, the default surrogate. Five files of each of 40 people are known, five are looked up: nearest
neighbour and linear discriminants, from one file and from the mean of five, over 20 draws; the better of both, with
a bootstrap interval over people. Chance is 0.025.
"""

import io
from typing import Any

import numpy as np
from PIL import Image
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import fastperturb as fp
from fastperturb.evaluation.datasets import open_dataset
from fastperturb.evaluation.recognition import find_faces
from fastperturb.files import pack_sealed, perturb_jpeg, read_metadata, to_seal
from fastperturb.files.exact_file import keep_whole_file
from fastperturb.files.jpeg_open import open_jpeg
from fastperturb.files.reading import decode
from fastperturb.perturbation.coefficients import find_mcu_owners

DRAWS, PEOPLE = 20, 40
SURROGATE = fp.Surrogate(tone="around")
COLUMNS = {
    "region": [0, 1, 2, 3],
    "padded length of the face's seal": [4],
    "length of the metadata's seal": [5],
    "the same with `--exact-file`": [6],
    "length of the record": [7],
    "all that the record shows": [0, 1, 2, 3, 4, 5, 7],
    "length of the file, the seal inside": [8],
    "length of the file, the seal beside": [9],
    "record and file": [0, 1, 2, 3, 4, 5, 7, 8, 9],
    "windows, `--exact-file`: length of the sealed JPEG": [10],
    "*length of the original file, for comparison*": [11],
    "*exact length of the face's seal, which no file shows*": [12],
}


def as_jpeg(pixels: Any, kind: str) -> bytes:
    """A portrait as a camera writes it, with a thumbnail of itself."""
    image = Image.fromarray(pixels if kind == "grey" else np.repeat(pixels[..., None], 3, axis=2))
    small = io.BytesIO()
    image.save(small, "JPEG", quality=75)
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    thumbnail = exif.get_ifd(1)
    thumbnail.update({259: 6, 513: 0, 514: len(small.getvalue())})
    block = exif.tobytes() + small.getvalue()
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, exif=block, **({} if kind == "grey" else {"subsampling": "4:2:0"}))
    return buffer.getvalue()


def told(data: bytes, faces: Any, key: fp.Key) -> list[int]:
    """The numbers that :data:`COLUMNS` names."""
    hidden, record = perturb_jpeg(data, faces, key, SURROGATE)
    beside, _ = perturb_jpeg(data, faces, key, SURROGATE, beside=True)
    _, exact = perturb_jpeg(data, faces, key, SURROGATE, exact_file=True)
    picture = decode(data)
    sealed = to_seal(read_metadata(data), exact=keep_whole_file(data, picture.pixels))
    _, windows = fp.perturb(picture.pixels, faces, key, metadata=pack_sealed(sealed))
    file, region = open_jpeg(data), record.regions[0].region
    part = find_mcu_owners(record.layout, record.shape, [region])[0]
    scan = len(file.coefficients.frame.pack(part.take(file.coefficients.mcus)))
    lengths = record.entries[0].length, record.rest.length, exact.rest.length, len(record.to_bytes())
    box = region.x, region.y, region.width, region.height
    return [*box, *lengths, len(hidden), len(beside), windows.rest.length, len(data), scan]


def hits(points: Any, people: Any, seed: int, *, five: bool) -> tuple[Any, Any]:
    """For each person the share of look-ups that are named, by nearest neighbour (ties by their share) and by LDA."""
    order = np.random.default_rng(seed).permutation(len(people))
    known = np.zeros(len(people), bool)
    for person in np.unique(people):
        known[order[people[order] == person][:5]] = True
    points = (points - points[known].mean(axis=0)) / (points[known].std(axis=0) + 1e-9)
    near, names = points[known], people[known]
    probes, looked = points[~known], people[~known]
    if five:
        probes, looked = means(probes, looked)
        model_points, model_names = means(near, names)
    else:
        model_points, model_names = near, names
    away = np.square(probes[:, None] - model_points[None]).sum(axis=2)
    ties = away <= away.min(axis=1, keepdims=True) + 1e-12
    nearest = (ties & (model_names[None] == looked[:, None])).sum(axis=1) / ties.sum(axis=1)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(near, names)
    discriminated = model.predict(probes) == looked
    found = [
        np.array([share[looked == person].mean() for person in np.unique(people)]) for share in (nearest, discriminated)
    ]
    return found[0], found[1]


def means(points: Any, people: Any) -> tuple[Any, Any]:
    """The mean of each person's points."""
    names = np.unique(people)
    return np.array([points[people == name].mean(axis=0) for name in names]), names


def rank(points: Any, people: Any, *, five: bool) -> str:
    """Rank-1 of the better attacker, with its interval."""
    draws = [hits(points, people, seed, five=five) for seed in range(DRAWS)]
    best = max((np.mean([draw[index] for draw in draws], axis=0) for index in (0, 1)), key=lambda found: found.mean())
    generator = np.random.default_rng(0)
    again = [best[generator.integers(0, len(best), len(best))].mean() for _ in range(2000)]
    low, high = np.quantile(again, [0.025, 0.975])
    return f"{best.mean():.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Prints a table for grey and one for colour."""
    samples = open_dataset("att").samples
    faces = find_faces(samples)
    people = np.array([sample.person for sample in samples])
    key = fp.Key.generate()
    for kind in ("grey", "colour"):
        rows = np.array([told(as_jpeg(item.read(), kind), faces[item.name][:1], key) for item in samples], float)
        print(f"| {kind} | different values | one file | five files |\n| --- | --- | --- | --- |")
        for name, columns in COLUMNS.items():
            points = rows[:, columns]
            values = len(np.unique(points, axis=0))
            one, several = (rank(points, people, five=five) for five in (False, True))
            print(f"| {name} | {values} | {one} | {several} |", flush=True)


if __name__ == "__main__":
    main()
