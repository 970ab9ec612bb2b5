"""The tables of docs/tracks.md: ``python docs/figures/track_data.py [--only WORDS] [--who ours deface] [--step 1]``.

Clips with known truth (tests/helpers/clips.py; photographs of tests/fetch_data.py): how much of every face the regions
of tracks cover, in which frames one slips through, and where nobody is. deface is its CenterFace as deface 1.5 uses it
at its defaults, frame by frame, on the same frames.
"""

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from fastperturb import Region
from fastperturb.video.finding import find_tracks
from fastperturb.video.rules import Effort, Rules
from fastperturb.video.tracks import regions_by_frame

TESTS = Path(__file__).parents[2] / "tests"
SEEN = 0.3  # share of a face that must be in the picture and free for it to count


class Score(NamedTuple):
    """What is counted of one clip.

    Attributes:
        faces: faces in frames, of which enough is seen.
        slipped: frames with a face of which less than half is covered.
        partly: frames with a face of which less than 0.9 is covered.
        mean, least: share of a face that is covered.
        false: regions in frames that touch no head, of all regions.
        regions: all of them, in all frames.
        area: of the regions to that of the heads' ellipses, both summed over the frames with heads.
        milliseconds: processor time a frame.
    """

    faces: int
    slipped: int
    partly: int
    mean: float
    least: float
    false: int
    regions: int
    area: float
    milliseconds: float


def filled(points: Any, shape: tuple[int, ...]) -> Any:
    """The mask of a polygon."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((np.asarray(points) - 0.5) * 16).astype(np.int32)], 1, shift=4)
    return mask.view(bool)


def ellipse_mask(region: Region, shape: tuple[int, ...]) -> Any:
    """The pixels of an ellipse."""
    mask = np.zeros(shape[:2], bool)
    rows, columns = region.clipped(*shape[:2])
    y = (np.arange(rows.start, rows.stop)[:, None] + 0.5 - region.y - region.height / 2) / (region.height / 2)
    x = (np.arange(columns.start, columns.stop) + 0.5 - region.x - region.width / 2) / (region.width / 2)
    mask[rows, columns] = x * x + y * y <= 1
    return mask


def score(clip: Any, regions: dict[int, list[Region]], milliseconds: float, worst: list[Any] | None = None) -> Score:
    """Compares the regions of some frames with the truth."""
    shares: list[float] = []
    wide = narrow = 0
    slipped = partly = false = total = 0
    for i, found in regions.items():
        shot = clip.shot(i)
        shape = shot.image.shape
        covered = np.zeros(shape[:2], bool)
        for region in found:
            covered |= ellipse_mask(region, shape)
        least = 1.0
        heads = [filled(face.head, shape) for face in shot.faces]
        boards = np.zeros(shape[:2], bool)
        for cover in shot.covers:
            boards |= filled(cover, shape)
        for number, face in enumerate(shot.faces):
            visible = filled(face.face, shape) & ~boards
            for nearer in heads[number + 1 :]:
                visible &= ~nearer
            whole = cv2.contourArea(face.face.astype(np.float32))
            if np.count_nonzero(visible) < SEEN * whole:
                continue
            shares.append(np.count_nonzero(visible & covered) / np.count_nonzero(visible))
            least = min(least, shares[-1])
            if worst is not None:
                worst.append((round(shares[-1], 3), i, number))
        slipped += least < 0.5
        partly += least < 0.9
        total += len(found)
        union = np.any(heads, axis=0) if heads else np.zeros(shape[:2], bool)
        false += sum(np.count_nonzero(union & ellipse_mask(region, shape)) < 0.05 * area(region) for region in found)
        if union.any():
            wide, narrow = wide + np.count_nonzero(covered), narrow + np.count_nonzero(union)
    mean, low = (float(np.mean(shares)), float(np.min(shares))) if shares else (1.0, 1.0)
    return Score(len(shares), slipped, partly, mean, low, false, total, wide / max(1, narrow), milliseconds)


def area(region: Region) -> float:
    """Of the ellipse."""
    return math.pi / 4 * region.width * region.height


def ours(clip: Any, rules: Rules) -> tuple[dict[int, list[Region]], float, Effort, list[Any]]:
    """The regions of our tracks, and processor milliseconds a frame."""
    shots = [(i, i / 30, clip.shot(i).image) for i in range(clip.count)]
    effort = Effort()
    start = time.process_time()
    tracks = find_tracks(shots, rules=rules, effort=effort)
    found = enumerate(regions_by_frame(tracks, clip.count))
    regions = {i: [item.region for item in items] for i, items in found}
    return regions, 1e3 * (time.process_time() - start) / clip.count, effort, tracks


def by_deface(clip: Any, network: Any, step: int) -> tuple[dict[int, list[Region]], float]:
    """What deface covers of every so many frames at its defaults: threshold 0.2, masks 1.3 times as large, ellipses."""
    regions, seconds = {}, 0.0
    for i in range(0, clip.count, step):
        image = clip.shot(i).image
        start = time.process_time()
        found, _ = network(image, threshold=0.2)
        seconds += time.process_time() - start
        masks = []
        for left, top, right, bottom, _ in found:
            x1, y1, x2, y2 = (int(value) for value in (left, top, right, bottom))
            wide, high = 0.3 * (x2 - x1), 0.3 * (y2 - y1)
            x1, x2 = max(0, round(x1 - wide)), min(image.shape[1] - 1, round(x2 + wide))
            y1, y2 = max(0, round(y1 - high)), min(image.shape[0] - 1, round(y2 + high))
            if x2 > x1 and y2 > y1:
                masks.append(Region(x1, y1, x2 - x1, y2 - y1, "ellipse"))
        regions[i] = masks
    return regions, 1e3 * seconds / len(regions)


def line(who: str, name: str, found: Score) -> str:
    """A row of the table."""
    return (
        f"| {name} | {who} | {found.faces} | {found.slipped} | {found.partly} | {found.mean:.4f} | {found.least:.3f} | "
        f"{found.false} of {found.regions} | {found.area:.2f} | {found.milliseconds:.1f} |"
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="clips whose names hold these words")
    parser.add_argument("--who", nargs="+", choices=["ours", "deface"], default=["ours"])
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--every", type=int, default=Rules().every)
    parser.add_argument("--step", type=int, default=1, help="compare every so many frames with the truth")
    parser.add_argument("--worst", action="store_true", help="also the faces that are covered least")
    options = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]
    from clips import clips

    network = None
    if "deface" in options.who:
        from deface.centerface import CenterFace

        network = CenterFace(in_shape=None, backend="auto")
    print("| clip | who | faces | slipped | partly | covered | least | false | area | ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    sums: dict[str, list[Score]] = {}
    for name, clip in clips(options.frames).items():
        if options.only not in name:
            continue
        if "ours" in options.who:
            regions, milliseconds, effort, tracks = ours(clip, Rules(every=options.every))
            worst: list[Any] = []
            found = score(clip, {i: regions[i] for i in range(0, clip.count, options.step)}, milliseconds, worst)
            sums.setdefault("ours", []).append(found)
            print(line("ours", name, found), flush=True)
            if options.worst:
                print(effort, *sorted(worst)[:6], *tracks, sep="\n  ")
        if network is not None:
            found = score(clip, *by_deface(clip, network, options.step))
            sums.setdefault("deface", []).append(found)
            print(line("deface", name, found), flush=True)
    for who, scores in sums.items():
        faces = sum(item.faces for item in scores)
        total = Score(
            faces,
            sum(item.slipped for item in scores),
            sum(item.partly for item in scores),
            sum(item.mean * item.faces for item in scores) / max(1, faces),
            min(item.least for item in scores),
            sum(item.false for item in scores),
            sum(item.regions for item in scores),
            float(np.mean([item.area for item in scores])),
            float(np.mean([item.milliseconds for item in scores])),
        )
        print(line(who, "all", total))


if __name__ == "__main__":
    main()
