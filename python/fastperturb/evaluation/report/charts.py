"""The report's figures, each drawn twice: for a wide page and for a narrow one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..study import Rows
from .paper import ENDS, N_RANGE
from .theme import FAINT, INK, MARKERS, RULE, SERIES, drawing, to_svg

Panels = Sequence[tuple[str, Callable[[Any], None]]]


class Drawn(NamedTuple):
    """A figure for wide and for narrow pages."""

    wide: str
    narrow: str


def draw_panels(name: str, title: str, panels: Panels, *, columns: int, height: float = 3.6) -> Drawn:
    """Draws panels side by side for wide pages, one below the other for narrow ones.

    Args:
        name: of the figure, unique in the page.
        title: what it shows.
        panels: the title of each and what draws it on axes.
        columns: how many side by side.
        height: of a panel, in inches.
    """
    drawn = []
    for page, across, width in (("wide", columns, 10.4), ("narrow", 1, 4.7)):
        down = -(-len(panels) // across)
        with drawing(width, height * down) as figure:
            grid = np.ravel(figure.subplots(down, across, squeeze=False))
            for axes, (heading, draw) in zip(grid, panels, strict=False):
                axes.set_title(heading)
                draw(axes)
            for axes in grid[len(panels) :]:
                axes.set_axis_off()
            _share_legend(figure, grid)
            figure.canvas.draw()
            for axes in grid[: len(panels)]:
                for late in getattr(axes, "_fastperturb_late", ()):
                    late()
            drawn.append(to_svg(figure, title, f"{name}-{page}"))
    return Drawn(*drawn)


def _share_legend(figure: Any, grid: Any) -> None:
    """One legend above all panels, in as many columns as fit; the figure grows by its lines."""
    found: dict[str, Any] = {}
    for axes in grid:
        if getattr(axes, "_fastperturb_legend", False):
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                found.setdefault(label, handle)
    if not found:
        return
    width, height = figure.get_size_inches()
    columns = max(1, int(width * 72 / (max(map(len, found)) * 4.1 + 48)))
    figure.set_size_inches(width, height + 0.2 * -(-len(found) // columns))
    figure.legend(found.values(), found.keys(), loc="outside upper left", ncols=columns, labelcolor=INK, fontsize=8.5)


def draw_sweep(sweep: dict[str, Any]) -> Drawn:
    """PSNR and SSIM against n by window, with the paper's end points, and lines for what is drawn over the head."""
    windows = list(dict.fromkeys(point["window"] for point in sweep["curves"]))

    def panel(measure: str, label: str) -> Callable[[Any], None]:
        def draw(axes: Any) -> None:
            for number, window in enumerate(windows):
                points = [point for point in sweep["curves"] if point["window"] == window]
                counts = [point["n"] for point in points]
                means = [point[measure][0] for point in points]
                colour = SERIES[number % len(SERIES)]
                axes.plot(counts, means, color=colour, marker=MARKERS[number % len(MARKERS)], markersize=4)
                name = "whole frame" if window == "region" else f"window {window}"
                axes.annotate(
                    name,
                    (counts[-1], means[-1]),
                    xytext=(7, 0),
                    textcoords="offset points",
                    color=colour,
                    va="center",
                    fontsize=8.5,
                )
            drawn = sorted(sweep["drawn"], key=lambda item: -float(item[measure][0]))  # names above and below
            for number, item in enumerate(drawn):
                value = item[measure][0]
                axes.axhline(value, color=INK, linestyle="--", linewidth=1)
                axes.annotate(
                    item["name"].partition(",")[0],
                    (4250, value),
                    xytext=(0, (3, -3)[number % 2]),
                    textcoords="offset points",
                    va=("bottom", "top")[number % 2],
                    fontsize=8.5,
                )
            axes.plot(N_RANGE, ENDS[measure], linestyle="none", marker="*", markersize=11, color=INK, zorder=5)
            axes.annotate(
                "the paper",
                (N_RANGE[0], ENDS[measure][0]),
                xytext=(9, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
            )
            axes.set_xlabel("n, moved pixels of the frame's 10,304")
            axes.set_ylabel(label)
            axes.set_xlim(4200, 11300)
            axes.set_xticks([4500, 6000, 7500, 9000])
            axes.set_xticklabels(["4,500", "6,000", "7,500", "9,000"])

        return draw

    panels = (("Figure 5: PSNR", panel("psnr", "PSNR, dB")), ("Figure 6: SSIM", panel("ssim", "SSIM")))
    return draw_panels("sweep", "PSNR and SSIM against the number of moved pixels", panels, columns=2, height=3.9)


def draw_threshold(threshold: dict[str, Any]) -> Drawn:
    """Distances within and between people among the eigenfaces, and theta."""
    edges = np.array(threshold["edges"])

    def draw(axes: Any) -> None:
        words = ("between people", "within people") if threshold["labelled"] else ("between images", "")
        for counts, name, colour in (
            (threshold["between"], words[0], SERIES[0]),
            (threshold["within"], words[1], SERIES[1]),
        ):
            total = sum(counts)
            if not total:
                continue
            density = np.array(counts) / total
            axes.stairs(density, edges, fill=True, color=colour, alpha=0.3)
            axes.stairs(density, edges, color=colour, linewidth=1.4, label=f"{name}, {total:,} pairs")
        axes.axvline(threshold["theta"], color=INK, linestyle="--", linewidth=1.2)
        axes.annotate(
            f"θ = {threshold['theta']:,.0f}",
            (threshold["theta"], 1),
            xycoords=("data", "axes fraction"),
            xytext=(5, -10),
            textcoords="offset points",
            color=INK,
        )
        axes.set_xlabel("Euclidean distance among the eigenfaces")
        axes.set_ylabel("share of the pairs")
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))

    return draw_panels("threshold", "Distances within and between people", [("", draw)], columns=1, height=3.4)


def draw_rates(rows: Rows, actors: Sequence[str], names: Sequence[str]) -> Drawn:
    """Rank-1 by attacker, the strongest recogniser, with intervals: one line a protection; none where one failed."""
    attackers = list(dict.fromkeys(actor.partition("/")[0] for actor in actors))
    found: dict[str, dict[str, Any]] = {}
    for who in attackers:
        own = [actor for actor in actors if actor.startswith(f"{who}/")]
        whole = (name for name in names if not rows.unanswered(name, "rank1", own))
        found[who] = {name: rows.best(name, "rank1", own) for name in whole}

    def draw(axes: Any) -> None:
        for number, who in enumerate(attackers):
            at = np.arange(len(names)) + (number - (len(attackers) - 1) / 2) * min(0.17, 0.8 / len(attackers))
            label: str | None = who
            for y, name in zip(at, names, strict=True):
                row = found[who].get(name)
                if row is None or row.value is None:
                    continue
                axes.plot([row.low, row.high], [y, y], color=SERIES[number], linewidth=1.4, alpha=0.55)
                axes.plot([row.value], [y], MARKERS[number], color=SERIES[number], markersize=4.5, label=label)
                label = None
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(-0.01, 1.01)
        axes.set_xlabel("rank-1, the recogniser that gets most")
        axes.grid(axis="y", visible=False)
        for y in np.arange(len(names) - 1) + 0.5:
            axes.axhline(y, color=RULE, linewidth=0.5)
        axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=8.5)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(attackers), labelcolor=FAINT)

    height = 0.9 + 0.27 * len(names)
    return draw_panels("rates", "Rank-1 by attacker and protection", [("", draw)], columns=1, height=height)
