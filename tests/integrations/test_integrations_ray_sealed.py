"""Ray to public keys: seals in columns and beside files, a killed worker, and the program's options for all of it."""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from cli_cases import tree
from integration_shards import make_shards
from ray_cases import fill, kill_actors, picture, ray_folder, running_cluster

import fastperturb as fp
from fastperturb.files import read_image, read_record
from fastperturb.files.reading import decode
from fastperturb.integrations.marks import FOLDER_FILE
from fastperturb.integrations.protector import FaceOptions

pytest.importorskip("cryptography.hazmat.primitives.hpke")  # public keys
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data", exc_type=ImportError)
    import pyarrow.parquet as pq

    from fastperturb.integrations.ray import RowJob, perturb_dataset, perturb_shards
    from fastperturb.integrations.ray.__main__ import main

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform != "linux", reason="signals, process groups and /proc"),
]
ARCHIVE = fp.Key(bytes(range(1, 33)))


@pytest.fixture(scope="module")
def cluster():
    with running_cluster():
        yield


@pytest.fixture
def public(here):
    """A folder where no secret is, but the public key of another place."""
    (here / "my.key").unlink()
    ARCHIVE.public().to_file(here / "archive.pub")
    return here


RESTORE = """
import json, sys
import numpy as np
import fastperturb as fp
from fastperturb.files import read_image, read_record
key, exact = fp.Key.from_environment(), {}
for path in sys.argv[1:]:
    picture, record = read_image(path), read_record(path)
    assert fp.examine(picture.pixels, record, key).origin == "anyone"
    exact[path] = fp.restore(picture.pixels, record, key, origin="any").tobytes().hex()
print(json.dumps(exact))
"""


def restored_elsewhere(paths):
    """What another process, which alone has the secret, makes of files."""
    done = subprocess.run(
        [sys.executable, "-c", RESTORE, *map(str, paths)],
        env={**os.environ, "FASTPERTURB_KEY": ARCHIVE.to_text()},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: bytes.fromhex(data) for name, data in json.loads(done.stdout).items()}


def test_a_worker_that_is_killed_protects_nothing_twice(cluster, public, astronaut):
    """Each attempt draws its own secrets; what is there stays, and a process with the secret key restores all."""
    fill(public / "in", astronaut, 40)
    paths = sorted((public / "in").iterdir())
    rows = ray.data.from_items([{"path": str(path)} for path in paths], override_num_blocks=8)
    job = RowJob(key=ARCHIVE.public(), output=str(public / "out"), root=str(public / "in"), seals="beside")
    killed, results, before = [], [], {}
    for row in perturb_dataset(rows, job, workers=1, batch_size=5).iter_rows():
        results.append(row)
        if not killed:
            before = {name: (public / "out" / name).read_bytes() for name in tree(public / "out")}
            killed.extend(kill_actors())
    assert killed
    assert len(before) < 80
    assert {row["status"] for row in results} <= {"perturbed", "unchanged"}
    whole = [name for name in before if name + ".seal" in before]
    assert all((public / "out" / name).read_bytes() == before[name] for name in whole)
    names = [path.name + ".png" for path in paths]
    assert tree(public / "out") == [FOLDER_FILE, *sorted([*names, *(f"{name}.seal" for name in names)])]
    known = {row["path"]: row["record"] for row in results}
    again = perturb_dataset(rows, job, workers=1, batch_size=5).take_all()
    assert {row["status"] for row in again} == {"unchanged"}
    assert {row["path"]: row["record"] for row in again} == known
    back = restored_elsewhere(public / "out" / name for name in names)
    for path in paths:
        assert back[str(public / "out" / f"{path.name}.png")] == read_image(path).pixels.tobytes()


def test_records_and_seals_are_columns(cluster, public, astronaut):
    fill(public / "in", astronaut, 6)
    rows = ray.data.read_binary_files(str(public / "in"), include_paths=True)
    job = RowJob(key=[ARCHIVE.public(), fp.Key.generate().public()], seals="beside")
    perturb_dataset(rows, job, batch_size=2).write_parquet(str(public / "parquet"))
    table = pq.read_table(public / "parquet").to_pylist()
    assert len(table) == 6
    for row in table:
        record = fp.Record.from_json(row["record"])
        assert record.missing == (0,)
        shown = fp.restore(decode(row["image"]).pixels, record.with_beside(row["seals"]), ARCHIVE)
        assert np.array_equal(shown, picture(astronaut, int(row["path"][-7:-4])))


def test_shards_to_a_public_key(cluster, public, astronaut):
    shards = make_shards(public / "shards", [picture(astronaut, n) for n in range(6)], 3)
    job = RowJob(key=ARCHIVE.public(), options=FaceOptions(protection="mosaic:6"))
    for status in ("perturbed", "unchanged"):
        done = perturb_shards(shards, job, str(public / "out"), workers=2).take_all()
        assert [(row["status"], row["rows"], row["problems"]) for row in done] == [(status, 3, 0)] * 2
    for row in pq.read_table(public / "out" / "1.parquet").to_pylist():
        shown = fp.restore(decode(row["image"]).pixels, fp.Record.from_json(row["record"]), ARCHIVE)
        assert np.array_equal(shown, picture(astronaut, int(row["path"][4:-4])))
    other = perturb_shards(shards, RowJob(key=fp.Key.generate().public()), str(public / "out")).take_all()
    assert {row["status"] for row in other} == {"failed"}


def test_the_program_seals_to_public_keys(public, astronaut):
    fill(public / "in", astronaut, 4)
    other = fp.Key.generate()
    other.public().to_file(public / "other.pub")
    job = ("in", "out", "--to", "archive.pub", "--to", "other.pub", "--protect", "mosaic:6", "--seals", "beside")
    for said in ("4 perturbed", "4 unchanged"):
        process = ray_folder(*job, "--record-beside", "--workers", "1")
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        assert f"4 of 4 files: {said}" in err
    assert len(tree(public / "out")) == 1 + 4 * 3
    path = public / "out" / "002.png.png"
    record, hidden = read_record(path), read_image(path).pixels
    for key in (ARCHIVE, other):
        assert np.array_equal(fp.restore(hidden, record, key), picture(astronaut, 2))


def test_what_the_program_does_not_take(public, astronaut, capsys):
    fill(public / "in", astronaut, 1)
    _, record = fp.perturb(astronaut, fp.locate(astronaut), ARCHIVE)
    (public / "hers.key").write_text(ARCHIVE.face_key(record, 0).to_text())
    to = ["in", "out", "--to", "archive.pub"]
    for options, words in (
        ([*to, "--protect", "nothing"], "a protection must be one of"),
        ([*to, "--protect", "mosaic:6", "--cells", "4"], "--protect has its own strength: no --cells or --window"),
        ([*to, "--grow", "0.2"], "grow and shape are not for"),
        (["in", "out", "--to", "nowhere.pub"], "No such file"),
        (["in", "out", "--key-file", "hers.key"], "got a face key, which restores one face and protects nothing"),
        ([*to, *["--to", "archive.pub"] * 16], "key must name 1 to 16 recipients, got 17"),
        ([*to, "--cells", "4", "--seals", "beside"], "seals beside are for what is sealed"),
    ):
        assert main(options) == 2
        assert words in capsys.readouterr().err
    assert not (public / "out").exists()
