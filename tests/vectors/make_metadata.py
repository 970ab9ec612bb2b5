"""Makes metadata.json, sealed metadata that a reader takes or refuses: ``python tests/vectors/make_metadata.py``.

The file is frozen. tests/helpers/reference_metadata.py wrote the bytes; records of the package, reproducible ones, hold
some of them. "taken": bytes and what they say. "exact": the very file out of item 6 and pixels. "refused": neither.
All bytes are compressed by zlib and in base64.
"""

import base64
import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
import numpy as np
import reference_metadata as form
from jpeg_cases import jpeg, picture

import fastperturb as fp
from fastperturb.files import perturb_jpeg

SECRET = bytes(range(9, 41))
KEY = fp.Key(SECRET)
LONG = b"0123456789abcdef" * 4100
TIME = struct.pack("<q", 1_600_000_000_123_456_789)
PIXELS = np.array([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]], [[13, 14, 15], [16, 17, 18]]], np.uint8)
DEEP = PIXELS.astype(np.uint16) * 257 + 5
TAKEN = {
    "nothing": [],
    "a name alone": [(1, b"IMG 1.JPG")],
    "a name of two scripts": [(1, "\u00e9t\u00e9 \u6d77.png".encode())],
    "the longest name": [(1, b"x" * 1020 + b".png")],
    "a name that begins with a point": [(1, b".hidden.png")],
    "all of them": [(1, b"a.jpg"), (2, b"JPEG"), (3, TIME), (4, b"\xff\xfe\0\5abc"), (5, b"behind"), (6, b"exact")],
    "the earliest time": [(3, struct.pack("<q", -(2**63)))],
    "a format of 16 signs": [(2, b"Abcdefgh12345678")],
    "as long as the first step holds": [(4, LONG[: 4096 - 8 - 21 - 5 - 5])],
    "one byte more": [(4, LONG[: 4096 - 8 - 21 - 5 - 4])],
    "65,536 in all": [(4, LONG[: 65_536 - 8 - 21 - 5 - 5])],
    "65,537 in all, steps of 8,192": [(4, LONG[: 65_536 - 8 - 21 - 5 - 4])],
}


def refused() -> Iterator[tuple[str, bytes]]:
    good = form.write([(1, b"a.png"), (2, b"PNG")])
    zeros = len(good) - 21 - 10 - 8 - 5
    yield "no byte", b""
    yield "another form", good.replace(b"metadata\1", b"metadata\2")
    yield "no item and no end", form.MAGIC
    yield "a head that is cut", form.MAGIC + b"\1\5\0\0"
    yield "a byte too few", good[:-1]
    yield "a byte too many", good + b"\0"
    yield "a zero that is none", good[:-1] + b"\1"
    yield "zeros of a shorter length than said", form.MAGIC + b"\0" + struct.pack("<I", zeros) + bytes(zeros - 1)
    yield "a step too many", form.write([(1, b"a.png"), (2, b"PNG")], zeros + 4096)
    yield "no zeros", form.write([(1, b"a.png"), (2, b"PNG")], 0)
    yield "steps of 4,096 where they have 8,192", form.write(TAKEN["65,537 in all, steps of 8,192"], 4095)
    yield "an item that is longer than all", form.MAGIC + b"\1" + struct.pack("<I", 2**32 - 1) + bytes(4062)
    for name, items in {
        "kinds that descend": [(2, b"PNG"), (1, b"a.png")],
        "a kind twice": [(1, b"a.png"), (1, b"b.png")],
        "a kind that is none": [(7, b"x")],
        "an empty item": [(1, b"")],
        "a name that is a path": [(1, b"a/b.png")],
        "a name that is a path of Windows": [(1, b"a\\b.png")],
        "a name of a folder": [(1, b"..")],
        "the folder itself": [(1, b".")],
        "a name with a line's end": [(1, b"a\n.png")],
        "a name with a zero": [(1, b"a\0.png")],
        "a name that turns its direction": [(1, "a\u202egnp.exe".encode())],
        "a name with a space that cannot be seen": [(1, "a\u00a0b.png".encode())],
        "a name that is too long": [(1, b"x" * 1021 + b".png")],
        "a name that is no UTF-8": [(1, b"\xff.png")],
        "half a surrogate": [(1, b"\xed\xa0\x80.png")],
        "a format of 17 signs": [(2, b"Abcdefgh123456789")],
        "a format with a hyphen": [(2, b"a-b")],
        "a format of other letters": [(2, "\u00c4".encode())],
        "a time of seven bytes": [(3, TIME[:7])],
        "a time of nine bytes": [(3, TIME + b"\0")],
    }.items():
        yield name, form.write(items)


def packed(kind: int, file: bytes, content: bytes, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return struct.pack("<B32sI", kind, hashlib.sha256(file).digest(), size) + zlib.compress(content, 6)


def rows(place: int, stride: int, order: int, rest: bytes) -> bytes:
    return struct.pack("<QqB", place, stride, order) + rest


def exact() -> Iterator[tuple[str, np.ndarray, bytes, bytes | None]]:
    """Name, pixels, item 6, and the file that comes of it; None: refused."""
    plain, deep = PIXELS.tobytes(), DEEP.astype(">u2").tobytes()
    reversed_rows = [PIXELS[row, :, ::-1].tobytes() + b"pq" for row in (2, 1, 0)]
    upside = b"head" + b"".join(reversed_rows)[:-2] + b"tail"
    yield "the whole file", PIXELS, packed(1, b"a file", b"a file"), b"a file"
    yield "rows one after the other", PIXELS, packed(2, b"P6" + plain, rows(2, 6, 0, b"P6")), b"P6" + plain
    rest = b"headpqpqtail"
    yield "reversed, upside down, apart", PIXELS, packed(2, upside, rows(20, -8, 1, rest)), upside
    yield "16 bits, high byte first", DEEP, packed(2, deep, rows(0, 12, 2, b"")), deep
    yield "a kind that is none", PIXELS, packed(3, b"a file", b"a file"), None
    yield "coefficients", PIXELS, packed(0, b"a file", b"a file"), None
    yield "another hash", PIXELS, packed(1, b"a file", b"a filf"), None
    yield "a length that is too large", PIXELS, packed(1, b"a file", b"a file", 7), None
    yield "a length that is too small", PIXELS, packed(1, b"a file", b"a file", 5), None
    yield "a head that is cut", PIXELS, packed(1, b"a file", b"a file")[:36], None
    yield "a stream that is cut", PIXELS, packed(1, b"a file", b"a file")[:-1], None
    yield "more behind the stream", PIXELS, packed(1, b"a file", b"a file") + b"x", None
    yield "places that are cut", PIXELS, packed(2, b"", b"x" * 16), None
    yield "rows beyond the end", PIXELS, packed(2, b"P6" + plain, rows(3, 6, 0, b"P6")), None
    yield "rows before the start", PIXELS, packed(2, upside, rows(15, -8, 1, rest)), None
    yield "rows over each other", PIXELS, packed(2, plain, rows(0, 5, 0, b"")), None
    yield "rows too far apart", PIXELS, packed(2, plain, rows(0, 10, 0, bytes(8))), None
    yield "an order that is none", PIXELS, packed(2, plain, rows(0, 6, 4, b"")), None


def records() -> Iterator[tuple[str, bytes, list[tuple[int, bytes]]]]:
    """Name, record or file, and the items in it: of a picture, and of a JPEG's coefficients."""
    image = picture(40, 50)
    items = TAKEN["all of them"]
    _, record = fp.perturb(image, [(5, 6, 20, 24)], KEY, fp.Surrogate(), metadata=form.write(items), reproducible=True)
    yield "the record of a picture", record.to_bytes(), items
    data = jpeg(picture(69, 91))
    head = data[2 : 4 + int.from_bytes(data[4:6], "big")]
    assert head[:2] == b"\xff\xe0"
    words = b"\xff\xfe\0\7words"
    whole = data[:2] + words + data[2:] + b"behind"
    hidden, _ = perturb_jpeg(whole, [fp.Region(30, 20, 24, 28)], KEY, fp.Surrogate(), reproducible=True)
    yield "a JPEG", hidden, [(2, b"JPEG"), (4, words + head), (5, b"behind")]


def encoded(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


def main() -> None:
    found: dict[str, list] = {"taken": [], "refused": [], "exact": [], "records": []}
    for name, items in TAKEN.items():
        data = form.write(items)
        assert form.read(data) == dict(items), name
        items_text = [[kind, encoded(body)] for kind, body in items]
        found["taken"].append({"name": name, "items": items_text, "bytes": encoded(data)})
    for name, data in refused():
        found["refused"].append({"name": name, "bytes": encoded(data)})
    for name, pixels, item, file in exact():
        image = {"shape": pixels.shape, "dtype": pixels.dtype.name, "pixels": encoded(pixels.tobytes())}
        found["exact"].append({"name": name, **image, "item": encoded(item), "file": file and encoded(file)})
    for name, held, items in records():
        items_text = [[kind, encoded(body)] for kind, body in items]
        found["records"].append({"name": name, "held": encoded(held), "items": items_text})
    text = {"key": SECRET.hex(), **found}
    Path(__file__).with_name("metadata.json").write_text(json.dumps(text, indent=1) + "\n")


if __name__ == "__main__":
    main()
