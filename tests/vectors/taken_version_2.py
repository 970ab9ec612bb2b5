"""Records and JSON texts of version 2 that a reader takes or refuses as they stand; make_version_2_more.py writes them.

"binary": the limits of what a reader takes from the record alone. "text": the JSON wrapper of one small record.
"""

import base64
import json
import struct
from collections.abc import Iterator

import make_version_2_more as more
import reference_record as form
from make_version_2 import BOX, ELLIPSE, NONE, case, region
from refused_version_2 import CORE, ENTRY, changed
from refused_version_2_more import made_of, unsealed, with_stanza

WIDEST = 2**31 - 1


def taken() -> list[dict]:
    binary = [{"name": name, "taken": True, "bytes": data} for name, data in of_bytes()]
    text = [{"name": f"JSON: {name}", "taken": ok, "bytes": data} for ok, name, data in of_json()]
    return [{**item, "bytes": base64.b64encode(item["bytes"]).decode()} for item in [*binary, *text]]


def of_bytes() -> Iterator[tuple[str, bytes]]:
    grey = {"shape": [9, 9], "sample": 1}
    for method in (2, 10, 254, 255):
        yield f"method {method}", unsealed({**grey, "regions": [region(0, 0, 9, 9, BOX, method, 65535)]})
    for name, one in {
        "windows of 2^31 - 1 and as many pixels": region(0, 0, 9, 9, BOX, 1, 0, WIDEST, WIDEST),
        "the widest box": region(-WIDEST + 1, -WIDEST + 1, WIDEST, WIDEST, BOX, 3),
        "the widest ellipse": region(-65534, 8, 65535, 65535, ELLIPSE, 3),
    }.items():
        yield name, unsealed({**grey, "regions": [one]})
    for side, count in (([4096, 4096], 17), ([WIDEST, WIDEST], 16)):
        boxes = [region(0, 0, side[1], side[0], BOX, 6)] * count
        yield f"{count} boxes of {side[1]} pixels square", unsealed({"shape": side, "sample": 3, "regions": boxes})
    yield "recipients of a face, 36 bytes", with_stanza(more.noise_stanza(3, 36, bytes(4))({}, b""))
    yield "a recipient of a KEM that is not known, 34 bytes", with_stanza(more.noise_stanza(2, 34)({}, b""))
    bare = made_of(case("wide", [300, 300], "uint8", [region(-100, 0, 400, 300, BOX, 3)], [(NONE, 0, 0)]))[0]
    at = CORE + 32 + 56
    for plain in (9 * form.step_of(300 * 300), 65_537, 65_536, 1):
        line = struct.pack("<BQ", 2, form.sealed_length(plain)) + bytes(range(16))
        yield f"a seal beside of {plain} bytes, before ownership is known", changed(bare, at, line)
    rest = at + ENTRY + 29
    line = struct.pack("<BQ", 2, form.sealed_length(2**24)) + bytes(16)
    yield "metadata beside of 16 MiB", bare[:rest] + line + bare[rest + 1 :]


def of_json() -> Iterator[tuple[bool, str, bytes]]:
    data = base64.b64encode(
        unsealed({"shape": [9, 9], "sample": 1, "regions": [region(0, 0, 9, 9, BOX, 255)]})
    ).decode()
    fields = {"format": "fastperturb-record", "version": 2, "data": data}
    whole = json.dumps(fields)
    yield True, "as it is written", whole.encode()
    yield (
        True,
        "in another order, with white space",
        f"\n\t{json.dumps(dict(reversed(fields.items())), indent=3)}\r\n ".encode(),
    )
    yield True, "without white space", json.dumps(fields, separators=(",", ":")).encode()
    yield True, "escaped", whole.replace("format", "\\u0066ormat").replace("/", "\\/").encode()
    wrong = {
        "a field more": json.dumps({**fields, "more": 1}),
        "a field fewer": json.dumps({"format": fields["format"], "data": data}),
        "a field twice": whole[:-1] + ', "version": 2}',
        "a field twice and none of another": whole.replace('"format": "fastperturb-record"', '"version": 2'),
        "another name": whole.replace("data", "Data"),
        "another format": whole.replace("fastperturb-record", "Fastperturb-record"),
        "version 3": whole.replace("2,", "3,"),
        "version 2.0": whole.replace("2,", "2.0,"),
        "version 2e0": whole.replace("2,", "2e0,"),
        "version 02": whole.replace("2,", "02,"),
        "version true": whole.replace("2,", "true,"),
        'version "2"': whole.replace("2,", '"2",'),
        "data null": json.dumps({**fields, "data": None}),
        "data empty": json.dumps({**fields, "data": ""}),
        "in a list": f"[{whole}]",
        "in an object": f'{{"record": {whole}}}',
        "twice": whole + whole,
        "without its end": whole[:-1],
        "a comma too many": whole[:-1] + ",}",
        "a comment": whole + "// a comment",
        "base64 without padding": json.dumps({**fields, "data": data.rstrip("=")}),
        "base64 with more padding": json.dumps({**fields, "data": data + "===="}),
        "base64 with unused bits": json.dumps({**fields, "data": data[:-2] + chr(ord(data[-2]) + 1) + "="}),
        "base64 with a space": json.dumps({**fields, "data": data[:8] + " " + data[8:]}),
        "base64 with a line end": json.dumps({**fields, "data": data[:76] + "\n" + data[76:]}),
        "base64 that is URL-safe": json.dumps({**fields, "data": data[:84] + "-_" + data[86:]}),
        "base64 of JSON": json.dumps({**fields, "data": base64.b64encode(whole.encode()).decode()}),
        "with a byte order mark": "\ufeff" + whole,
    }
    for name, text in wrong.items():
        yield False, name, text.encode()
    yield False, "a byte that is not UTF-8", whole.encode().replace(b"fastperturb-", b"fastperturb-\xff")
