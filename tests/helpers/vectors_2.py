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
    read = {name: json.loads((FOLDER / f"version_2{name}.json").read_text()) for name in ("", "_chunks", "_refused")}
    data = {"vectors": read[""] + read["_chunks"], "refused": read["_refused"]}
    for item in [*data["vectors"], *data["refused"]]:
        item["record"] = base64.b64decode(item["record"])
    specs = {spec["name"]: spec for spec in maker()["CASES"]}
    assert specs.keys() == {vector["name"] for vector in data["vectors"]}
    for vector in data["vectors"]:
        vector["beside"] = base64.b64decode(vector["beside"])
        vector["keys"] = [bytes.fromhex(key) for key in vector["keys"]]
        vector["image"], vector["shown"] = maker()["images_of"](specs[vector["name"]])
        vector["image"].setflags(write=False)
        vector["shown"].setflags(write=False)
    return data
