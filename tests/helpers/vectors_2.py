"""The frozen vectors of record version 2, decoded, for the tests that read them."""

import base64
import json
import runpy
import sys
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "vectors"


@cache
def maker(name: str = "make_version_2") -> dict:
    """What a script beside the vectors defines."""
    sys.path.insert(0, str(FOLDER))
    try:
        return runpy.run_path(str(FOLDER / f"{name}.py"), run_name=name)
    finally:
        sys.path.remove(str(FOLDER))


def _read(name: str) -> list[dict]:
    return json.loads((FOLDER / f"version_2{name}.json").read_text())


@cache
def content() -> dict:
    """ "vectors", of which "old" come first, and "refused" and "taken"; each refused record has its vector in "of"."""
    old, more = _read("") + _read("_chunks"), _read("_more")
    data = {"vectors": old + more, "refused": _read("_refused"), "taken": _read("_taken")}
    data["refused"] += _read("_more_refused")
    _add_images(data["vectors"])
    by_name = {vector["name"]: vector for vector in data["vectors"]}
    for item in data["refused"]:
        item["of"] = old[item["vector"]] if isinstance(item["vector"], int) else by_name[item["vector"]]
        item["record"] = base64.b64decode(item["record"])
        item["beside"] = base64.b64decode(item.get("beside", ""))
        item["keys"] = [bytes.fromhex(item["key"])] if "key" in item else item["of"]["keys"]
        item["shown"] = _zeros(item) if item["when"] == "image" else item["of"]["shown"]
    for item in data["taken"]:
        item["bytes"] = base64.b64decode(item["bytes"])
    return data


def _zeros(item: dict) -> np.ndarray:
    image = np.zeros(item["shape"], item["dtype"])
    if "value" in item:
        image[...] = 1
        image.flat[-1] = float(item["value"])
    return image


def _add_images(vectors: list[dict]) -> None:
    scripts = [maker(), maker("make_version_2_more")]
    specs = {spec["name"]: (spec, script["images_of"]) for script in scripts for spec in script["CASES"]}
    assert list(specs)
    assert specs.keys() == {vector["name"] for vector in vectors}
    for vector in vectors:
        vector["record"], vector["beside"] = (base64.b64decode(vector[part]) for part in ("record", "beside"))
        vector["keys"] = [bytes.fromhex(key) for key in vector["keys"]]
        spec, images_of = specs[vector["name"]]
        vector["image"], vector["shown"] = images_of(spec)
        vector["image"].setflags(write=False)
        vector["shown"].setflags(write=False)
