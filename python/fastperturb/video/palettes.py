"""Frames of animated GIF: each gets a palette of its own colours, up to 255 and one that is seen through."""

from __future__ import annotations

from typing import Any

from .reading import import_av


class Palettes:
    """FFmpeg's filters that choose a palette (median cut) and use it, frame by frame.

    Args:
        dithered: show other colours by patterns, which do not move; colours of a GIF are better taken as they are.
    """

    def __init__(self, *, dithered: bool) -> None:
        self._dithered = dithered
        self._graph: Any = None

    def apply(self, frame: Any) -> Any:
        """The frame as pal8, whatever format it had; (width, height) must be those of the first one."""
        rgba = frame.reformat(format="bgra")
        rgba.pts, rgba.time_base = frame.pts, frame.time_base
        if self._graph is None:
            self._graph = self._made(rgba)
        self._graph.push(rgba)
        return self._graph.pull()

    def _made(self, frame: Any) -> Any:
        graph = import_av().filter.Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        parted = graph.add("split")
        chosen = graph.add("palettegen", "stats_mode=single:max_colors=256")
        dither = "bayer:bayer_scale=4" if self._dithered else "none"
        used = graph.add("paletteuse", f"new=1:dither={dither}:alpha_threshold=128")
        sink = graph.add("buffersink")
        source.link_to(parted)
        parted.link_to(used, 0, 0)
        parted.link_to(chosen, 1, 0)
        chosen.link_to(used, 0, 1)
        used.link_to(sink)
        graph.configure()
        return graph
