"""Ray Data: a folder as from the command line, bytes to Parquet, a killed worker and a killed job."""

import os
import signal
import sys
import time
import warnings

import numpy as np
import pytest
from cli_cases import tree
from ray_cases import fill, kill, kill_actors, picture, ray_folder, running_cluster, started_by

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data", exc_type=ImportError)
    import pyarrow.parquet as pq

    from fastperturb.integrations.ray import (
        KeyPlace,
        PerturbImages,
        RowJob,
        perturb_dataset,
        perturb_shards,
        pool_options,
    )

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform != "linux", reason="signals, process groups and /proc"),
]


@pytest.fixture(scope="module")
def cluster():
    with running_cluster():
        yield


STOPS_AFTER_TEN = """
import os, time
done = []
def naming(function):
    def name(source, target, *rest, **options):
        if str(target).endswith(".png.png"):
            done.append(target)
            while len(done) > 10:
                time.sleep(1)
        return function(source, target, *rest, **options)
    return name
os.link, os.replace, os.rename = map(naming, (os.link, os.replace, os.rename))
"""  # what a process does at its start: each actor writes ten files, so that the job cannot end before it is killed


def wait_for_files(count, out, process):
    deadline = time.monotonic() + 120
    while not out.is_dir() or len(tree(out)) < count:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def test_a_killed_folder_job_leaves_whole_files_and_goes_on(here, astronaut):
    """Kills the driver and all that it started; the second run does the rest, as the command line would have."""
    fill(here / "in", astronaut, 100)
    (here / "in" / "080.png").write_bytes(b"x")
    (here / "site").mkdir()
    (here / "site" / "sitecustomize.py").write_text(STOPS_AFTER_TEN)
    job = ("in", "out", "--key-file", "my.key", "--workers", "2")
    process = ray_folder(*job, PYTHONPATH=str(here / "site"))
    wait_for_files(5, here / "out", process)
    kill([*started_by(process.pid), process.pid])
    process.communicate()
    time.sleep(0.5)
    done = [name for name in tree(here / "out") if not name.startswith(".")]
    assert 5 <= len(done) <= 20
    for name in done:
        assert read_record(here / "out" / name)  # reads the whole file, and checks its CRCs
    before = {name: (here / "out" / name).stat().st_mtime_ns for name in done}

    process = ray_folder(*job)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1  # one file is broken
    assert "100 of 100 files: 1 failed" in err
    assert "080.png': ImageFileError: not an image" in err
    assert {name: (here / "out" / name).stat().st_mtime_ns for name in done} == before
    command = [
        "perturb",
        "in",
        "-o",
        "local",
        "--key-file",
        "my.key",
        "--reproducible",
        "--full-names",
        "--format",
        "png",
        "--drop-metadata",
        "-q",
    ]
    assert run(command) == 1
    names = [name for name in tree(here / "out") if not name.startswith(".")]
    assert names == tree(here / "local")
    assert len(names) == 99
    for name in names:
        assert np.array_equal(read_image(here / "out" / name).pixels, read_image(here / "local" / name).pixels)
        assert read_record(here / "out" / name) == read_record(here / "local" / name)


def test_bytes_to_parquet_and_a_worker_that_is_killed(cluster, here, astronaut):
    fill(here / "in", astronaut, 30)
    (here / "in" / "007.png").write_bytes(b"x")
    rows = ray.data.read_binary_files(str(here / "in"), include_paths=True, override_num_blocks=6)
    dying = here / "dying"
    job = RowJob(key=KeyPlace(str(here / "my.key"), key_id=fp.Key.from_file("my.key").id))
    done = perturb_dataset(rows, job, workers=1, batch_size=5)

    def dies_once(batch):
        if not dying.exists():
            dying.write_text("once")
            os.kill(os.getpid(), signal.SIGKILL)
        return batch

    done.map_batches(dies_once, batch_size=5, batch_format="pyarrow").write_parquet(str(here / "parquet"))
    assert dying.exists()
    table = pq.read_table(here / "parquet").to_pylist()
    assert len(table) == 30
    assert "bytes" not in table[0]
    key = fp.Key.from_file(here / "my.key")
    for row in table:
        number = int(os.path.basename(row["path"])[:3])  # noqa: PTH119
        if number == 7:
            assert (row["status"], row["image"], row["record"]) == ("failed", None, None)
            continue
        image = picture(astronaut, number)
        drawing = fp.Surrogate(tone="around")
        hidden, record = fp.perturb(image, fp.locate(image), key, drawing, reproducible=True, surroundings=True)
        assert row["record"] == record.to_json()
        assert np.array_equal(read_png(row["image"]), hidden)


@pytest.mark.parametrize("workers", [2, 4, (1, 3)])
def test_a_pool_of_all_processors_leaves_room_to_read_and_write(cluster, here, astronaut, workers):
    """The cluster has two processors; reading, the pool and writing are three stages that run at once."""
    fill(here / "in", astronaut, 12)
    rows = ray.data.read_binary_files(str(here / "in"), include_paths=True, override_num_blocks=4)
    job = RowJob(key=KeyPlace(str(here / "my.key")))
    perturb_dataset(rows, job, workers=workers, batch_size=2).write_parquet(str(here / "out"))
    statuses = pq.read_table(here / "out").column("status").to_pylist()
    assert statuses == ["perturbed"] * 12


@pytest.mark.parametrize("form", ["default", "pyarrow", "pandas"])
def test_a_pool_of_ones_own_takes_every_batch_format(cluster, here, astronaut, form):
    fill(here / "in", astronaut, 4)
    rows = ray.data.read_binary_files(str(here / "in"), include_paths=True)
    job = RowJob(key=KeyPlace(str(here / "my.key")))
    done = rows.map_batches(PerturbImages, fn_constructor_args=(job,), batch_format=form, **pool_options(2))
    done.write_parquet(str(here / "out"))
    assert pq.read_table(here / "out").column("status").to_pylist() == ["perturbed"] * 4


def test_jobs_that_cannot_run_are_refused_before_anything_runs(cluster, here):
    job, rows = RowJob(key=KeyPlace(str(here / "my.key"))), ray.data.from_items([{"path": "a"}])
    with pytest.raises(ValueError, match=r"workers must be 1 or more, the least first, got \(3, 2\)"):
        perturb_dataset(rows, job, workers=(3, 2))
    with pytest.raises(TypeError, match=r"workers must be a whole number or two of them, .*, got 1\.5"):
        perturb_dataset(rows, job, workers=1.5)
    with pytest.raises(ValueError, match="key_id must be given where the job is made without the key"):
        perturb_dataset(rows, RowJob(key=KeyPlace(str(here / "nowhere.key"))))
    for shards, output in ((["s3://bucket/0.parquet"], "out"), (["0.parquet"], "s3://bucket")):
        with pytest.raises(ValueError, match="must be a path of a file system that all machines mount"):
            perturb_shards(shards, job, output)
    with pytest.raises(ValueError, match="the job of shards must have output=None"):
        perturb_shards(["0.parquet"], RowJob(output="out"), "out")


def read_png(data):
    from fastperturb.files.reading import decode

    return decode(data).pixels


def test_an_actor_that_is_killed_is_made_again(cluster, here, astronaut):
    """The process that holds the key dies in the middle; its rows are tried again and come out the same."""
    (here / "in").mkdir()
    for number in range(60):
        write_image(here / "in" / f"{number:03}.png", np.roll(astronaut, number, axis=1))
    rows = ray.data.from_items([{"path": str(here / "in" / f"{n:03}.png")} for n in range(60)], override_num_blocks=12)
    job = RowJob(key=KeyPlace(str(here / "my.key")), output=str(here / "out"), root=str(here / "in"))
    lazy = perturb_dataset(rows, job, workers=1, batch_size=5)
    killed, results = [], []
    for row in lazy.iter_rows():
        results.append(row)
        if not killed:
            done = len(tree(here / "out"))
            killed.extend(kill_actors())
    assert killed
    assert done < 60
    assert len(results) == 60
    assert {row["status"] for row in results} <= {"perturbed", "unchanged"}
    assert len({row["path"] for row in results}) == 60
    assert [name for name in tree(here / "out") if not name.startswith(".")] == [f"{n:03}.png.png" for n in range(60)]
    again = perturb_dataset(rows, job, workers=1, batch_size=5).take_all()
    assert {row["status"] for row in again} == {"unchanged"}


def test_shards_appear_when_they_are_whole(cluster, here, astronaut):
    from integration_shards import make_shards

    shards = make_shards(here / "shards", [picture(astronaut, n) for n in range(12)], 4)
    job = RowJob(key=KeyPlace(str(here / "my.key")))
    done = perturb_shards(shards, job, str(here / "out"), workers=2).take_all()
    assert sorted((row["status"], row["rows"], row["problems"]) for row in done) == [("perturbed", 4, 0)] * 3
    again = perturb_shards(shards, job, str(here / "out"), workers=2).take_all()
    assert sorted((row["status"], row["rows"]) for row in again) == [("unchanged", 4)] * 3
    assert tree(here / "out") == ["0.parquet", "1.parquet", "2.parquet"]
    with pytest.raises(ValueError, match="shards must have different names, got 1 for 2"):
        perturb_shards(["a/0.parquet", "b/0.parquet"], job, "out")


def test_wrong_usage(here, astronaut, capsys, monkeypatch):
    from fastperturb.integrations.ray.__main__ import main

    fill(here / "in", astronaut, 1)
    (here / "empty").mkdir()
    assert main(["in", "in/out", "--key-file", "my.key"]) == 2
    assert "the input and the output must lie apart" in capsys.readouterr().err
    assert main(["nowhere", "out", "--key-file", "my.key"]) == 2
    assert main(["in", "out"]) == 2
    assert "FASTPERTURB_KEY is not set" in capsys.readouterr().err
    assert main(["in", "out", "--key-file", "my.key", "--detector", "nothing"]) == 2
    assert main(["empty", "out", "--key-file", "my.key"]) == 1
    for folders in (["s3://bucket", "out"], ["in", "file:///out"]):
        with pytest.raises(SystemExit):
            main([*folders, "--key-file", "my.key"])
        assert "must be a folder that all machines mount" in capsys.readouterr().err
    for count in ("0", "-1", "two"):
        with pytest.raises(SystemExit):
            main(["in", "out", "--key-file", "my.key", "--workers", count])
        assert "must be a whole number from 1" in capsys.readouterr().err
    process = ray_folder("nowhere", "out", "--key-file", "my.key")  # the program, not the function
    assert "the input must be a folder" in process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert not (here / "out").exists()
