"""The frozen vectors of record version 2, decoded, for the tests that read them."""

import base64
import json
import runpy
import sys
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "vectors"


@cache
def maker() -> dict:
    """What make_version_2.py defines."""
    sys.path.insert(0, str(FOLDER))
    try:
        return runpy.run_path(str(FOLDER / "make_version_2.py"), run_name="make_version_2")
    finally:
        sys.path.remove(str(FOLDER))


@cache
def content() -> dict:
    data = json.loads((FOLDER / "version_2.json").read_text())
    for item in [*data["vectors"], *data["refused"]]:
        item["record"] = base64.b64decode(item["record"])
    for vector, spec in zip(data["vectors"], maker()["CASES"], strict=True):
        vector["beside"] = base64.b64decode(vector["beside"])
        vector["keys"] = [bytes.fromhex(key) for key in vector["keys"]]
        vector["image"], vector["shown"] = maker()["images_of"](spec)
        vector["image"].setflags(write=False)
        vector["shown"].setflags(write=False)
    return data
