"""Ray's pools as large as the cluster: files are read and written all the same, or what is needed is said first."""

import sys
import warnings

import pytest
from ray_cases import fill, picture

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
    pytest.mark.skipif(sys.platform != "linux", reason="clusters are for Linux"),
]


@pytest.mark.parametrize("workers", [2, (1, 2)], ids=str)
def test_a_pool_of_all_processors_leaves_one_to_reading_and_writing(cluster, here, astronaut, workers):
    """Ray has two processors here: actors that held them both waited for ever for a file to be read or written."""
    fill(here / "in", astronaut, 30)
    rows = ray.data.read_binary_files(str(here / "in"), include_paths=True, override_num_blocks=6)
    job = RowJob(key=KeyPlace(str(here / "my.key")))
    perturb_dataset(rows, job, workers=workers, batch_size=5).write_parquet(str(here / "parquet"))
    assert pq.read_table(here / "parquet")["status"].to_pylist() == ["perturbed"] * 30


def test_shards_and_own_calls_leave_a_processor_too(cluster, here, astronaut):
    from integration_shards import make_shards

    job = RowJob(key=KeyPlace(str(here / "my.key")))
    shards = make_shards(here / "shards", [picture(astronaut, n) for n in range(8)], 2)
    perturb_shards(shards, job, str(here / "out"), workers=2).write_parquet(str(here / "told"))
    assert pq.read_table(here / "told")["status"].to_pylist() == ["perturbed"] * 4

    rows = ray.data.read_parquet(str(here / "shards"))
    own = rows.map_batches(PerturbImages, fn_constructor_args=(job,), batch_size=2, **pool_options(2))
    own.write_parquet(str(here / "own"))
    assert pq.read_table(here / "own")["status"].to_pylist() == ["perturbed"] * 8


def test_more_workers_than_processors_are_refused_before_anything_starts(cluster, here):
    rows = ray.data.from_items([{"path": str(here / "face.png")}])
    job = RowJob(key=KeyPlace(str(here / "my.key")), output=str(here / "out"))
    need = "workers must be at most 2, the processors of this cluster, got 3; num_cpus=1 takes any number"
    for start in (lambda: perturb_dataset(rows, job, workers=3), lambda: pool_options((3, 9))):
        with pytest.raises(ValueError, match=need):
            start()
    with pytest.raises(ValueError, match=need):
        perturb_shards(["a.parquet"], RowJob(key=job.key), "out", workers=3)
    assert pool_options(3, num_cpus=1)["num_cpus"] == 1
    assert not (here / "out").exists()


@pytest.mark.parametrize("form", ["default", "numpy", "pyarrow", "pandas"])
def test_batches_of_every_format(cluster, here, form):
    rows = ray.data.read_binary_files(str(here / "face.png"), include_paths=True)
    job = RowJob(key=KeyPlace(str(here / "my.key")))
    done = rows.map_batches(PerturbImages, fn_constructor_args=(job,), batch_format=form, **pool_options(1))
    (row,) = done.take_all()
    assert (row["status"], row["path"], row["error"]) == ("perturbed", str(here / "face.png"), None)
    assert row["image"].startswith(b"\x89PNG")
    assert "bytes" not in row


def test_many_small_rows_of_a_folder_are_told_of_as_they_are_done(cluster, here, capsys, monkeypatch):
    """As the program does it on a cluster whose processors are all its actors', with lines on the way."""
    from fastperturb.integrations.ray import __main__ as program

    (here / "in").mkdir()
    for number in range(1500):
        (here / "in" / f"{number}.txt").write_bytes(b"x")
    monkeypatch.setattr(program, "_SECONDS_A_LINE", 0.0)
    monkeypatch.setattr(ray, "init", lambda **_options: None)  # the cluster that is there
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    assert program.main(["in", "out", "--key-file", "my.key"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "fastperturb: 1500 of 1500 files: 1500 failed"
    assert "fastperturb: 700 of 1500 files" in lines
    assert program.main(["in", "out", "--key-file", "my.key", "--workers", "3"]) == 2
    assert "workers must be at most 2, the processors of this cluster, got 3" in capsys.readouterr().err
