"""Makes figures part of a page: matplotlib draws in stand-in colours, which become variables of the page.

So one drawing serves light, dark and print, its text is text, and nothing is loaded from anywhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from ..._optional import import_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT, RULE, GROUND = "#010101", "#020202", "#030303", "#040404"
SERIES = tuple(f"#0500{number:02x}" for number in range(1, 13))
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h", "<", ">", "p")  # eleven, so that they do not run with the colours
BEHIND_TEXT = {"boxstyle": "square,pad=0.05", "facecolor": GROUND, "edgecolor": "none", "alpha": 0.82}
"""The ground of words that stand in a figure, so that no line crosses them on a light page or a dark one."""
_VARIABLES = {INK: "--ink", FAINT: "--faint", RULE: "--rule", GROUND: "--card"} | {
    colour: f"--s{number}" for number, colour in enumerate(SERIES, 1)
}
_SETTINGS = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.edgecolor": RULE,
    "axes.labelcolor": FAINT,
    "axes.titlecolor": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": FAINT,
    "ytick.labelcolor": FAINT,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.5,
}


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """An empty figure of so many inches, in the page's colours."""
    matplotlib: Any = import_extra("matplotlib", "evaluate")
    figures: Any = import_extra("matplotlib.figure", "evaluate")
    with matplotlib.rc_context(_SETTINGS):
        yield figures.Figure(figsize=(width, height), layout="constrained")


def to_svg(figure: Figure, title: str, salt: str) -> str:
    """The figure as an SVG element to stand inside a page.

    Args:
        figure: drawn inside :func:`drawing`.
        title: says what it shows, for those who cannot see it.
        salt: makes the names inside it unlike those of the page's other figures.
    """
    matplotlib: Any = import_extra("matplotlib", "evaluate")
    text = io.StringIO()
    with matplotlib.rc_context({**_SETTINGS, "svg.hashsalt": salt}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    box = re.search(r'viewBox="([^"]+)"', svg)
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    body = body[body.index(">") + 1 :]
    body = re.sub(r'<g id="[^"]*"', "<g", body).replace("xlink:href", "href")
    body = re.sub(r"font: (?:(\w+) )?([\d.]+)px [^;\"]*", _font, body)
    body = re.sub(r"; font-family: [^;\"]*", "", body)
    body = re.sub(r"(?:(?<= id=\")|(?<=\"#)|(?<=\(#))(?=[\w-]+[\")])", f"{salt}-", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    frame = box.group(1) if box else "0 0 100 100"
    return f'<svg viewBox="{frame}" role="img" aria-label="{escape(title, quote=True)}">{body}'.strip()


def _font(found: re.Match[str]) -> str:
    weight = "; font-weight: 650" if found[1] == "bold" else ""
    return f"font-size: {found[2]}px{weight}"
