"""Tiny videos with known truth, made by the tests: moving pictures, and tracks that say where a face would be."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np

import fastperturb as fp
from fastperturb.video import perturb_video, restore_video

TICKS = 600


@dataclass
class Boxes:
    """A track that somebody drew: one region for each of some frames."""

    regions: dict[int, fp.Region] = field(default_factory=dict)
    spared: bool = False
    id: int = 0

    @property
    def first(self):
        return min(self.regions)

    @property
    def last(self):
        return max(self.regions)

    def region(self, index):
        return self.regions.get(index)


def moving_box(frames, size=(24, 32), start=(8, 6), step=2, shape="ellipse"):
    """A track that moves to the right."""
    return Boxes({i: fp.Region(start[0] + step * i, start[1], *size, shape) for i in range(frames)})


def picture(index, width, height, channels=3, depth=8):
    """Frame ``index``: smooth colours that move, with grain, so that no two frames are alike."""
    rng = np.random.default_rng(index)
    y, x = np.mgrid[:height, :width]
    top = (1 << depth) - 1
    waves = [0.5 + 0.3 * np.sin((x + y * (c + 1) + 3 * index) / (6 + 3 * c)) for c in range(channels)]
    grain = rng.normal(0, 0.04, (height, width, channels))
    shown = np.clip(np.stack(waves, axis=-1) + grain, 0, 1) * top
    return np.rint(shown).astype(np.uint16 if depth > 8 else np.uint8)


@dataclass
class Clip:
    """What a clip is like.

    ``times`` are in ticks of 1/600 s; None: 24 ticks each.
    """

    frames: int = 12
    width: int = 96
    height: int = 64
    codec: str = "libx264"
    pixels: str = "yuv420p"
    times: list[int] | None = None
    audio: bool = True
    audio_first: bool = False
    rotation: int = 0
    options: dict = field(default_factory=lambda: {"crf": "12"})
    rate: int = 25
    setup: object = None
    """Called with the video stream before anything is encoded."""
    pictures: object = None
    """Called with the number of a frame for its RGB picture."""


def write_clip(path, clip=None, **changes):
    """Writes a clip; returns the path."""
    clip = clip or Clip(**changes)
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=8000) if clip.audio and clip.audio_first else None
        video = out.add_stream(clip.codec, rate=clip.rate, options=dict(clip.options))
        video.width, video.height, video.pix_fmt = clip.width, clip.height, clip.pixels
        video.time_base = video.codec_context.time_base = Fraction(1, TICKS)
        if clip.rotation:
            video.set_display_rotation(clip.rotation)
        if clip.setup:
            clip.setup(video)
        if clip.audio and not clip.audio_first:
            sound = out.add_stream("aac", rate=8000)
        if sound:
            sound.layout = "mono"
        times = clip.times or [24 * i for i in range(clip.frames)]
        for index, pts in enumerate(times):
            make = clip.pictures or (lambda i: picture(i, clip.width, clip.height))
            frame = av.VideoFrame.from_ndarray(make(index), format="rgb24").reformat(format=clip.pixels)
            frame.pts, frame.time_base = pts, Fraction(1, TICKS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if sound:
            _write_sound(out, sound, times[-1] / TICKS + 0.1 if times else 0.5)
    return path


def _write_sound(out, stream, seconds):
    for start in range(0, int(seconds * 8000), 1024):
        wave = (8000 * np.sin(np.arange(start, start + 1024) / 7)).astype(np.int16)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, start, Fraction(1, 8000)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def read_frames(path):
    """Seconds and planes of every frame."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            planes = []
            for plane in frame.planes:
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                samples = plane.width * (4 if "bgr" in frame.format.name else 2 if "le" in frame.format.name else 1)
                planes.append(rows[: plane.height, :samples].copy())
            found.append((frame.pts * frame.time_base, frame.format.name, planes))
    return found


def read_rgb(path):
    """Every frame as RGB, upright."""
    with av.open(str(path)) as container:
        return [
            np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90) % 4)
            for frame in container.decode(video=0)
        ]


def read_packets(path, kind):
    """The bytes of all packets of the first stream of a kind."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(**{kind: 0}) if packet.size]


def seconds_of(path):
    """When each frame is shown."""
    return [seconds for seconds, _, _ in read_frames(path)]


KEY = fp.Key(bytes(range(32)))
BOX = [moving_box(12)]


def protected(clip, tmp_path, name="out.mp4", tracks=BOX, options=None, protection=None):
    """The report, once the result is known to be whole and the original to come back."""
    report = perturb_video(clip, tmp_path / name, KEY, protection, tracks=tracks, options=options)
    assert len(read_frames(tmp_path / name)) == report.frames
    back = restore_video(tmp_path / name, tmp_path / f"back{clip.suffix}", KEY, overwrite=True)
    assert back.path.read_bytes() == clip.read_bytes()
    return report
