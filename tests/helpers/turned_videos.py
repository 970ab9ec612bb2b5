"""H.264 whose turn stands in its pictures, as FFmpeg's filter h264_metadata puts it there. Needs PyAV."""

import av
from av.bitstream import BitStreamFilterContext


def turn_in_stream(clip, target, turn, after=0):
    """Copies the video of a clip, and lets its pictures say a turn.

    Args:
        clip: the file.
        target: of the copy: MP4, QuickTime or Matroska.
        turn: degrees.
        after: packets that come before the one that says it.

    Returns:
        The turn of each frame, as FFmpeg tells it: of the frame that says it alone.
    """
    with av.open(str(clip)) as source, av.open(str(target), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        says = BitStreamFilterContext(f"h264_metadata=display_orientation=insert:rotate={turn}", in_stream=stream)
        for index, packet in enumerate(packet for packet in source.demux(stream) if packet.size):
            pts, dts, tick = packet.pts, packet.dts, packet.time_base
            for done in says.filter(packet) if index >= after else [packet]:
                done.stream, done.pts, done.dts, done.time_base = copy, pts, dts, tick
                out.mux(done)
    with av.open(str(target)) as container:
        return [round(frame.rotation) % 360 for frame in container.decode(video=0)]
