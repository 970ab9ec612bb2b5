"""Fuzz run: thousands of broken images of every kind against a running server: no crash, no 500, no leak.

    python bench/load/broken_images.py --count 12000

Bits flipped, bytes replaced, cut short, stretches doubled or taken out; half of the PNGs with CRCs put right again, so
that the damage reaches the decoder. Every image that is accepted is checked by restoring it. Among them, one in fifty,
are bombs: texts and pixels that inflate, aliased strips, huge tiles, nested lists, records of 65,535 regions.
"""

import argparse
import collections
import concurrent.futures
import json
import sys
import threading
from pathlib import Path

import cv2
import httpx
import numpy as np
from service import Memory, photographs, server

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))
import bombs
from damage import broken, mend_crcs

KINDS = (".png", ".jpg", ".webp", ".tiff", ".bmp", ".ppm")
PROTECTIONS = ("surrogate:tone=around", "windows", "camouflage", "mosaic:cells=6", "blur", "black", "noise")
PATHS = ("perturb", "view", "locate", "restore")


def sources():
    """Small files of each kind: a face of 160 x 160 pixels in colour, in grey, in 16 bits where the kind has it."""
    face = np.ascontiguousarray(photographs()[0][1][40:200, 140:300, ::-1])
    found = []
    for kind in KINDS:
        found.append((kind, cv2.imencode(kind, face)[1].tobytes()))
        if kind != ".webp":
            grey_kind = ".pgm" if kind == ".ppm" else kind
            found.append((grey_kind, cv2.imencode(grey_kind, face[..., 0])[1].tobytes()))
        if kind in (".png", ".tiff", ".ppm"):
            found.append((kind, cv2.imencode(kind, face.astype(np.uint16) * 257)[1].tobytes()))
    return found


def bomb_requests():
    """What small requests may ask much by: (path, body, headers) of each kind; all but the first few are refused."""
    form = {"Content-Type": "multipart/form-data; boundary=XX"}
    png = bombs.grey_png()

    def parts(record):
        head = b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
        return head % b"image" + png + b"\r\n" + head % b"record" + record + b"\r\n--XX--\r\n"

    images = [bombs.texts_of_a_png(100, kind) for kind in (b"zTXt", b"iTXt", b"iCCP")]
    images += [bombs.empty_pixels_of_a_png(), bombs.aliased_strips(200_000), bombs.aliased_strips(200_000, 7)]
    images += [bombs.chunks_of_a_png(), bombs.pixels_without_end(), bombs.huge_tile(), bombs.nested_texts_of_a_webp()]
    images += [bombs.large_tags(34675), bombs.large_tags(258)]
    found = [(path, image, {}) for image in images for path in ("locate", "view")]
    records = (bombs.NESTED, bombs.record_of(65_535).encode(), bombs.record_of(1000).encode(), b"{" * 10**6)
    return found + [("view", parts(record), form) for record in records]


def main():
    """Prints the result as JSON; the exit code is 1 if anything was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    files, statuses, local = sources(), collections.Counter(), threading.local()
    wrong, asked, slowest = [], bomb_requests(), [0.0]
    with server() as (process, address, key, log), Memory(process.pid) as memory:

        def once(number):
            rng = np.random.default_rng([options.seed, number])
            kind, data = files[number % len(files)]
            data = broken(data, rng)
            if kind == ".png" and rng.integers(2):
                data = mend_crcs(data)
            if not hasattr(local, "client"):
                local.client = httpx.Client(base_url=address, timeout=60)
            if number % 50 == 0:
                path, body, headers = asked[number // 50 % len(asked)]
                answer = local.client.post(f"/v1/{path}", content=body, headers=headers)
                slowest.append(answer.elapsed.total_seconds())
                statuses[path, answer.status_code] += 1
                return
            path = PATHS[int(rng.integers(len(PATHS)))]
            rest = {"files": {"image": data, "key": key.to_text()}} if path == "restore" else {"content": data}
            params = {} if path == "restore" else {"region": "30,30,90,90"}
            if path == "perturb":
                params["protect"] = PROTECTIONS[number % len(PROTECTIONS)]
            answer = local.client.post(f"/v1/{path}", params=params, **rest)
            statuses[path, answer.status_code] += 1
            if path == "perturb" and answer.status_code == 200:
                hidden = decode(answer.content)
                back = fp.restore(hidden.pixels, fp.Record.from_json(hidden.texts[RECORD_TEXT]), key)
                if not np.array_equal(back, decode(data).pixels):
                    wrong.append(number)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for _ in pool.map(once, range(options.count)):
                pass
        alive = process.poll() is None and httpx.get(address + "/healthz").status_code == 200
        failures = [line for line in log.read_text().splitlines() if '"failure"' in line]
    codes = collections.Counter()
    for (_, code), count in statuses.items():
        codes[code] += count
    good = alive and not wrong and not failures and set(codes) <= {200, 413, 415, 422}
    result = {
        "images": options.count,
        "statuses": {str(code): count for code, count in sorted(codes.items())},
        "accepted_and_restored": statuses["perturb", 200] - len(wrong),
        "wrong": wrong,
        "failures": failures[:5],
        "slowest_bomb_seconds": round(max(slowest), 2),
        "memory_mib": memory.summary(),
        "good": good,
    }
    print(json.dumps(result, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
