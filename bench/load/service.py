"""What the load and fuzz runs share: a server of its own process, its memory, and photographs to send.

The photographs are crops of scikit-image's astronaut (NASA, public domain), one face each.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data

import fastperturb as fp
from fastperturb.files.reading import decode

VARIANTS = 16
VARIABLE = "FASTPERTURB_LOAD_KEY"
PROTECTIONS_VARIABLE = "FASTPERTURB_LOAD_PROTECTIONS"


def photographs():
    """(file, pixels as the library reads them) of 16 photographs: 384 x 384 to 512 x 512, JPEG and PNG in turn."""
    whole = np.ascontiguousarray(skimage.data.astronaut()[..., 2::-1])
    found = []
    for number in range(VARIANTS):
        side = 512 - 8 * number
        crop = whole[:side, 20 : 20 + side] if number else whole
        if number % 2:
            data = cv2.imencode(".png", crop)[1].tobytes()
        else:
            data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
        found.append((data, decode(data).pixels))
    return found


@contextlib.contextmanager
def server(*arguments, key=None, **environment):
    """Starts the service with a fresh key, or what environment says; gives (process, address, key, path of its log)."""
    key = key or fp.Key.generate()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTPERTURB_")}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("w") as file:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "fastperturb", "serve", "--port", "0", *map(str, arguments)],
                stderr=file,
                env=clean | (environment or {"FASTPERTURB_KEYS": key.to_text()}),
            )
        try:
            yield process, f"http://127.0.0.1:{_port(log)}", key, log
        finally:
            process.terminate()
            process.wait(120)


def _port(log):
    for _ in range(200):
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return json.loads(line)["port"]
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text()}")


class Memory:
    """Samples the resident memory of a process once a second, in MiB."""

    def __init__(self, pid):
        self.samples = []
        self._status = Path(f"/proc/{pid}/status")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self):
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _sample(self):
        while not self._stop.wait(1.0):
            text = self._status.read_text()
            kilobytes = int(text.partition("VmRSS:")[2].split()[0])
            self.samples.append((time.monotonic() - self._began, kilobytes / 1024))

    def summary(self):
        """Range after a fifth of the time, for warming up, and the trend of that part in MiB a minute."""
        rest = np.array(self.samples[len(self.samples) // 5 :])
        trend = np.polyfit(rest[:, 0] / 60, rest[:, 1], 1)[0] if len(rest) > 2 else float("nan")
        quarters = [round(float(np.median(part)), 1) for part in np.array_split(rest[:, 1], min(4, len(rest)))]
        return {
            "first": round(self.samples[0][1], 1),
            "least": round(float(rest[:, 1].min()), 1),
            "most": round(float(rest[:, 1].max()), 1),
            "medians_of_quarters": quarters,
            "trend_per_minute": round(float(trend), 2),
        }
