"""Draws frontier.png and prints the tables of docs/frontier.md from frontier.csv: ``python docs/figures/frontier.py``.

Needs matplotlib. docs/figures/frontier_data.py measures the file.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

HERE = Path(__file__).parent
PLAIN = [f"permutation:cells={cells}" for cells in (12, 10, 8, 7, 6, 5, 4)]
ATTACKERS = ("naive", "cleaner", "parrot")
DETECTORS = ("yunet", "centerface")
DRAWS = 2000
FAMILIES = {
    "ellipse": ("shape=ellipse", "o", "#d95f02"),
    "head": ("grow=head", "s", "#7570b3"),
    "parts": ("parts:", "^", "#e7298a"),
    "inner region": ("inner:", "v", "#66a61e"),
    "half of the pixels": ("coverage=", "D", "#e6ab02"),
    "weighted": ("weighted:", "P", "#a6761d"),
    "two passes": ("two-passes:", "X", "#1f78b4"),
    "windows in pixels": ("window=2", "*", "#666666"),
    "surrogate": ("surrogate", "h", "#1b9e77"),
    "camouflage": ("camouflage", "p", "#a50f15"),
}
Numbers = dict[str, np.ndarray]


def read() -> dict[str, Numbers]:
    """(people,) means over each person's five probes, by protection and measure."""
    found: dict[str, Numbers] = {}
    with (HERE / "frontier.csv").open() as file:
        for text, measure, *values in csv.reader(file):
            name = measure.split(" (")[0]
            found.setdefault(text, {})[name] = np.array(values, float) / 5
            if name != measure:
                found[text][f"{name} reading"] = np.array(measure[len(name) + 2 : -1])
    for numbers in found.values():
        numbers["recall view"] = both(numbers, "view")
    return found


def both(numbers: Numbers, reading: str) -> np.ndarray:
    """(people,) recall, the mean of both detectors."""
    return np.mean([numbers[f"recall {detector} {reading}"] for detector in DETECTORS], axis=0)


def best_reading(numbers: Numbers) -> str:
    """View or direct, where more faces are found."""
    return max(("view", "direct"), key=lambda name: float(both(numbers, name).mean()))


def draws(people: int) -> np.ndarray:
    """(1 + DRAWS, people) weights that sum to 1: as measured, then people drawn with replacement."""
    drawn = np.random.default_rng(0).multinomial(people, np.full(people, 1 / people), size=DRAWS)
    return np.vstack([np.ones(people), drawn]) / people


def excess(
    found: dict[str, Numbers], text: str, attacker: str, reading: str | None = None
) -> tuple[float, float, float] | None:
    """Rank-1 above that of plain cells at equal recall through the view, with its interval; below 0 is better.

    Plain cells are read through the view; the protection at hand by ``reading``, None for the better of view and
    direct.

    Plain cells are joined by straight lines. People are drawn for both alike, so what they share cancels. None where
    the recall is beyond the ends of the plain curve, or under 0.05.
    """
    if reading is None:
        reading = best_reading(found[text])
    plain = [name for name in PLAIN if name in found]
    weights = draws(len(found[text][attacker]))
    recall = np.sort(np.array([weights @ found[name]["recall view"] for name in plain])[::-1], axis=0)
    rank1 = np.array([weights @ found[name][attacker] for name in plain])[::-1]
    own_recall, own_rank1 = weights @ both(found[text], reading), weights @ found[text][attacker]
    if not max(0.05, recall[0, 0]) <= own_recall[0] <= recall[-1, 0]:
        return None
    at = [np.interp(own_recall[i], recall[:, i], rank1[:, i]) for i in range(len(weights))]
    away = own_rank1 - np.array(at)
    low, high = np.quantile(away[1:], (0.025, 0.975))
    return float(away[0]), float(low), float(high)


def interval(values: np.ndarray) -> str:
    """Mean and 95 % interval over people."""
    drawn = draws(len(values)) @ values
    low, high = np.quantile(drawn[1:], (0.025, 0.975))
    return f"{drawn[0]:.2f} ({low:.2f} to {high:.2f})"


def signed(away: tuple[float, float, float] | None) -> str:
    """A difference with its interval, in bold where that leaves 0 out."""
    if away is None:
        return ""
    mark = "**" if away[1] > 0 or away[2] < 0 else ""
    return f"{mark}{away[0]:+.2f}{mark} ({away[1]:+.2f} to {away[2]:+.2f})"


def row(found: dict[str, Numbers], text: str) -> str:
    """One line of the main table."""
    numbers = found[text]
    cells = [f"`{text}`", f"{numbers['psnr'].mean():.1f} / {numbers['ssim'].mean():.2f}"]
    for detector in DETECTORS:
        direct, seen = (numbers[f"recall {detector} {reading}"].mean() for reading in ("direct", "view"))
        cells.append(f"{direct:.2f} / {seen:.2f}")
    cells += [interval(numbers[attacker]) for attacker in ATTACKERS]
    for attacker in ATTACKERS:
        cells.append("" if text in PLAIN else signed(excess(found, text, attacker)))
    return "| " + " | ".join(cells) + " |"


def family(text: str) -> tuple[int, str]:
    """Where a protection stands in the table."""
    if text.startswith("black"):
        return len(FAMILIES) + 1, text
    head = "grow=head" in text
    signs = [sign for sign, _, _ in FAMILIES.values()]
    return next((at for at, sign in enumerate(signs) if sign in text and head <= (sign != signs[0])), len(signs)), text


def print_tables(found: dict[str, Numbers]) -> None:
    """The tables, in Markdown."""
    attacked = [text for text in found if "parrot" in found[text]]
    others = sorted((text for text in attacked if text not in PLAIN), key=family)
    for text in [*(name for name in PLAIN if name in attacked), *others]:
        print(row(found, text))
    print()
    for text in attacked:
        print("|", f"`{text}`", "|", found[text]["cleaner reading"], "|", found[text]["parrot reading"], "|")
    print()
    for text in PLAIN:
        readings = [name.removeprefix("recall yunet ") for name in found[text] if name.startswith("recall yunet ")]
        for reading in readings[2:]:
            cells = [f"`{text}`", reading]
            for detector in DETECTORS:
                hits, wrong = (found[text][f"{what} {detector} {reading}"].mean() for what in ("recall", "false"))
                cells.append(f"{hits:.2f} ({wrong:.3f})")
            for attacker in ATTACKERS:
                cells.append(signed(excess(found, text, attacker, reading)))
            print("| " + " | ".join(cells) + " |")


def draw(found: dict[str, Numbers]) -> None:
    """Recall through the view against rank-1, one picture an attacker."""
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    pictures = figure.subplots(1, 3, sharey=True)
    plain = [name for name in PLAIN if name in found]
    for picture, attacker in zip(pictures, ATTACKERS, strict=True):
        seen = [found[name]["recall view"].mean() for name in plain]
        rank1 = [found[name][attacker].mean() for name in plain]
        ends = np.quantile([draws(len(found[n][attacker]))[1:] @ found[n][attacker] for n in plain], (0.025, 0.975), 1)
        picture.fill_betweenx(seen, ends[0], ends[1], color="0.9", label="plain cells, 95 % over people")
        picture.plot(rank1, seen, "k.-", label="plain cells")
        for name, x, y in zip(plain, rank1, seen, strict=True):
            picture.annotate(name.split("=")[1], (x, y), textcoords="offset points", xytext=(5, -10), fontsize=8)
        for label, (sign, marker, colour) in FAMILIES.items():
            own = [n for n in found if sign in n and "black" not in n and n not in PLAIN]
            if label == "ellipse":
                own = [name for name in own if "head" not in name]
            points = [(found[n][attacker].mean(), both(found[n], best_reading(found[n])).mean()) for n in own]
            if points:
                picture.plot(*zip(*points, strict=True), marker, color=colour, ls="", ms=6, label=label)
        if "black" in found:
            picture.axvline(found["black"][attacker].mean(), color="0.5", ls=":", label="black box")
        picture.set(xlabel=f"rank-1, {attacker}", xlim=(1, 0), ylim=(0, 1.03))
        picture.grid(color="0.93")
    pictures[0].set_ylabel("recall, mean of YuNet and CenterFace")
    pictures[2].legend(fontsize=8, loc="lower right")
    figure.suptitle(
        "Better is up and to the right. AT&T, 184 x 224, 40 people, 200 probes; recall through the view (half: direct)",
        fontsize=11,
    )
    figure.savefig(HERE / "frontier.png", dpi=100)


def main() -> None:
    """Both."""
    found = read()
    print_tables(found)
    draw(found)


if __name__ == "__main__":
    main()
