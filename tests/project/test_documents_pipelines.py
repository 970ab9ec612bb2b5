"""The Python blocks of the pages on pipelines and clusters run, each where its framework is installed.

Their folders and keys are put into a temporary folder, and many machines become one; all else runs as it is printed.
"""

import contextlib
import io
import os
import re
import signal
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from torchvision_here import import_torchvision

import fastperturb as fp
from fastperturb.files import write_image

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$", re.M | re.S)
MODULE = re.compile(r"^from fastperturb\.integrations\.(\w+) import", re.M)
BOX = [170, 60, 110, 140]  # of the astronaut's face

pytestmark = pytest.mark.filterwarnings("ignore")


def blocks():
    for page in ("integrations", "clusters"):
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            yield page, MODULE.search(match["code"])[1], text.count("\n", 0, match.start("code")) + 1, match["code"]


BLOCKS = list(blocks())


@pytest.fixture
def names(here, astronaut):
    """What the blocks take for granted: an image, its boxes, folders of photographs and of shards."""
    (here / "data" / "photographs").mkdir(parents=True)
    for number in range(2):
        write_image(here / "data" / "photographs" / f"{number}.png", np.roll(astronaut, number, axis=0))
    return {"image": astronaut, "boxes": [BOX], "labels": ["face"]}


def for_albumentations(names, folder):
    return names


def for_torchvision(names, folder):
    import_torchvision()
    import torch
    from PIL import Image
    from torchvision import tv_tensors

    boxes = tv_tensors.BoundingBoxes([BOX], format="XYWH", canvas_size=(512, 512))
    return {"photograph": Image.fromarray(names["image"]), "boxes": boxes, "labels": torch.tensor([1])}


def for_datasets(names, folder):
    import datasets
    from PIL import Image

    datasets.disable_progress_bars()
    rows = {"image": [Image.fromarray(names["image"])] * 2, "faces": [{"bbox": [BOX]}] * 2}
    return {"dataset": datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image())}


def for_sklearn(names, folder):
    return {}


def for_once(names, folder):
    pytest.importorskip("cryptography.hazmat.primitives.hpke")
    fp.Key.from_file("my.key").public().to_file("archive.pub")
    return {"image": names["image"]}


def for_ray(names, folder):
    import ray

    pytest.importorskip("ray.data", exc_type=ImportError)
    import pyarrow as pa
    import pyarrow.parquet as pq

    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AUTH_MODE="disabled")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    files = sorted((folder / "data" / "photographs").iterdir())
    table = pa.table({"path": [file.name for file in files], "bytes": [file.read_bytes() for file in files]})
    pq.write_table(table, folder / "shard.parquet")
    return {"ray": ray, "paths": [str(folder / "shard.parquet")]}


def after_albumentations(done, folder, key):
    image, record = done["result"]["image"], fp.Record.from_json(done["result"]["record"])
    turned = (image, np.ascontiguousarray(image[:, ::-1]))  # by chance, as the block has it
    assert any(np.array_equal(fp.restore(one, record, key, verify=False), done["image"]) for one in turned)
    assert len(done["result"]["bboxes"]) == 1
    assert not any(np.array_equal(one, done["image"]) for one in turned)


def after_torchvision(done, folder, key):
    record = fp.Record.from_json(done["target"]["record"])
    (head,) = [item.region for item in record.regions]
    assert head.x < BOX[0] < BOX[0] + BOX[2] < head.x + head.width
    assert record.sealed
    assert done["image"].shape == (3, 512, 512)


def after_datasets(done, folder, key):
    for row in done["protected"]:
        assert row["error"] == ""
        shown = fp.restore(np.array(row["image"]), fp.Record.from_json(row["record"]), key)
        assert np.array_equal(shown, np.array(done["dataset"][0]["image"]))


def after_sklearn(done, folder, key):
    rng = np.random.default_rng(0)
    people = np.arange(60) % 2
    rows = (rng.integers(0, 100, (60, 112 * 92)) + 100 * people[:, None]).astype(np.uint8)
    assert np.array_equal(done["model"].fit(rows, people).predict(rows), people)


def after_once(done, folder, key):
    assert np.array_equal(done["first"], done["second"])
    record = fp.files.read_record("protected/faces/000007.png")
    assert np.array_equal(fp.restore(done["first"], record, key), done["image"])


def after_ray(done, folder, key):
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "data" / "protected").to_pylist()
    assert [row["status"] for row in table] == ["perturbed"] * 2
    assert all(fp.Record.from_json(row["record"]).regions for row in table)


@pytest.mark.parametrize(("page", "module", "line", "code"), BLOCKS, ids=[f"{b[0]}:{b[1]}" for b in BLOCKS])
def test_a_block_runs(names, here, monkeypatch, page, module, line, code):
    if module != "once" and find_spec(module) is None:
        pytest.skip(f"no {module} here")
    if module == "ray" and sys.platform != "linux":
        pytest.skip("clusters are for Linux")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(here / "cache"))
    key = fp.Key.from_file("my.key")
    code = code.replace("/run/secrets/face.key", str(here / "my.key")).replace('"/data/', f'"{here}/data/')
    code = code.replace("22a54183373631ab", key.id)
    code = re.sub(r"workers=(\d+|\(.*?\))", "workers=2", code)  # all processors of the cluster
    at_sigterm = signal.getsignal(signal.SIGTERM)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()) as printed:
        warnings.simplefilter("ignore")
        try:
            space = globals()[f"for_{module}"](names, here)
            exec(compile("\n" * (line - 1) + code, f"{page}.md", "exec", dont_inherit=True), space)  # noqa: S102 - ours
            globals()[f"after_{module}"](space, here, key)
        finally:
            if module == "ray":
                sys.modules["ray"].shutdown()
                signal.signal(signal.SIGTERM, at_sigterm)
    assert printed.getvalue() == ""


def test_every_framework_has_a_block():
    assert {module for _, module, _, _ in BLOCKS} == {
        "albumentations",
        "torchvision",
        "datasets",
        "sklearn",
        "ray",
        "once",
    }
    assert [page for page, *_ in BLOCKS].count("clusters") == 1
