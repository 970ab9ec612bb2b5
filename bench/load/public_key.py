"""One service that only protects and one that restores, end to end over HTTP: every picture back bit for bit.

    python bench/load/public_key.py --count 1000

The first has a public key and no secret; the second has the key, and takes records that came by the public one.
Pictures are small crops of one photograph, no two alike, one face each.
"""

import argparse
import concurrent.futures
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
from service import photographs, server

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode
from fastperturb.server.tokens import new_token

SIDE = 224


def pictures(count):
    """(file, pixels) of pictures that differ in place and light, each with the face; PNG and JPEG in turn."""
    whole = photographs()[0][1]
    rng = np.random.default_rng(1)
    found = []
    for number in range(count):
        x, y = 110 + number % 30, number // 30 % 34
        crop = whole[y : y + SIDE, x : x + SIDE].astype(np.int16) + rng.integers(-12, 13)
        light = np.clip(crop, 0, 255).astype(np.uint8)
        kind = (".png", ".jpg")[number % 2]
        data = cv2.imencode(kind, light[..., ::-1])[1].tobytes()
        found.append((data, decode(data).pixels))
    return found


class Callers:
    """Sends each picture to the service that protects, and what comes back to the one that restores."""

    def __init__(self, protects, restores, headers):
        self._protects, self._restores, self._headers = protects, restores, headers
        self._local = threading.local()
        self.milliseconds = {"protect": [], "restore": []}
        self.wrong, self.bytes = [], 0

    def _post(self, what, address, **request):
        if not hasattr(self._local, "client"):
            self._local.client = httpx.Client(timeout=60)
        began = time.perf_counter()
        answer = self._local.client.post(f"{address}/v1/{what}", **request)
        self.milliseconds["protect" if what == "perturb" else what].append(1000 * (time.perf_counter() - began))
        return answer

    def __call__(self, number, picture):
        data, pixels = picture
        hidden = self._post("perturb", self._protects, content=data)
        if hidden.status_code != 200:
            self.wrong.append((number, hidden.status_code))
            return
        self.bytes += len(hidden.content)
        back = self._post("restore", self._restores, content=hidden.content, headers=self._headers)
        same = back.status_code == 200 and np.array_equal(decode(back.content).pixels, pixels)
        changed = not np.array_equal(decode(hidden.content).pixels, pixels)
        told = back.headers.get("fastperturb-origin") == "anyone"
        if not (same and changed and told):
            self.wrong.append((number, back.status_code))


def run(protects, restores, headers, sources, callers):
    """All pictures there and back; gives the callers and the seconds that it took."""
    send = Callers(protects, restores, headers)
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(callers) as pool:
        for _ in pool.map(send, range(len(sources)), sources):
            pass
    return send, time.perf_counter() - began


def separated(protects, restores, headers, key, source):
    """What must not work: restoring where it is protected, trusting such records unasked, opening by another key."""
    hidden = httpx.post(f"{protects}/v1/perturb", content=source[0])
    record = fp.Record.from_json(decode(hidden.content).texts[RECORD_TEXT])
    strict = httpx.post(f"{restores}/v1/restore", content=hidden.content, params={"origin": "key"}, headers=headers)
    return {
        "no_restore_where_it_is_protected": httpx.post(f"{protects}/v1/restore", content=b"").status_code == 404,
        "readyz": httpx.get(f"{protects}/readyz").json(),
        "origin_key_refuses": strict.json().get("type", "").endswith("unknown-origin"),
        "other_key_opens": record.opens_with(fp.Key.generate()),
        "key_opens": record.opens_with(key),
    }


def main():
    """Prints the result as JSON; the exit code is 1 if a picture did not come back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--callers", type=int, default=2)
    options = parser.parse_args()
    sources, key = pictures(options.count), fp.Key.generate()
    token, line = new_token("archive", ["restore"])
    headers = {"Authorization": f"Bearer {token}"}
    with tempfile.TemporaryDirectory() as folder:
        public, tokens = Path(folder, "archive.pub"), Path(folder, "tokens")
        key.public().to_file(public)
        tokens.write_text(line + "\n")
        archive = ["--allow-restore", "--origin", "any", "--tokens", tokens]
        with (
            server(FASTPERTURB_TO=str(public)) as (_, protects, _key, _log),
            server(*archive, FASTPERTURB_KEYS=key.to_text()) as (_, restores, _key, _log),
        ):
            send, seconds = run(protects, restores, headers, sources, options.callers)
            checks = separated(protects, restores, headers, key, sources[0])
    good = not send.wrong and checks["origin_key_refuses"] and checks["no_restore_where_it_is_protected"]
    good = good and checks["key_opens"] and not checks["other_key_opens"]
    result = {
        "machine": f"{os.cpu_count()} processors",
        "pictures": options.count,
        "back_bit_for_bit": options.count - len(send.wrong),
        "wrong": send.wrong[:10],
        "seconds": round(seconds, 1),
        "p50_milliseconds": {name: round(statistics.median(found), 1) for name, found in send.milliseconds.items()},
        "mean_bytes_protected": round(send.bytes / max(1, options.count - len(send.wrong))),
        **checks,
        "good": good,
    }
    print(json.dumps(result, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
