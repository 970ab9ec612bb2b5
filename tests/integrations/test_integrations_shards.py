"""Shards: whole or absent, known again, and one that fails alone."""

import warnings

import numpy as np
import pytest
from cli_cases import tree
from integration_shards import make_shards

import fastperturb as fp
from fastperturb.files.reading import decode

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    from fastperturb.integrations.key_places import KeyPlace
    from fastperturb.integrations.protector import FaceOptions
    from fastperturb.integrations.rows import RowJob
    from fastperturb.integrations.shards import PerturbShards

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def images(astronaut):
    return [np.roll(astronaut, number, axis=1)[20:240, 120:340] for number in range(5)]


@pytest.fixture
def shards(here, images):
    return pd.DataFrame({"shard": make_shards(here / "shards", [*images, np.zeros((64, 64, 3), np.uint8)], 2)})


@pytest.fixture
def job(here):
    return RowJob(key=KeyPlace(str(here / "my.key")))


def test_shards_are_protected_and_restored(here, shards, images, job):
    done = PerturbShards(job, str(here / "out"))(shards)
    assert done["status"].tolist() == ["perturbed"] * 3
    assert done["rows"].tolist() == [2, 2, 2]
    assert done["problems"].tolist() == [0, 0, 1]  # the last image has no face
    assert tree(here / "out") == ["0.parquet", "1.parquet", "2.parquet"]
    rows = [row for n in range(3) for row in pq.read_table(here / "out" / f"{n}.parquet").to_pylist()]
    assert [row["status"] for row in rows] == ["perturbed"] * 5 + ["no face"]
    assert "bytes" not in rows[0]
    key = fp.Key.from_file(here / "my.key")
    for image, row in zip(images, rows[:5], strict=True):
        assert np.array_equal(fp.restore(decode(row["image"]).pixels, fp.Record.from_json(row["record"]), key), image)
    before = [(here / "out" / name).stat().st_mtime_ns for name in tree(here / "out")]
    again = PerturbShards(job, str(here / "out"))(shards)
    assert again["status"].tolist() == ["unchanged"] * 3
    assert again["problems"].tolist() == [0, 0, 1]
    assert [(here / "out" / name).stat().st_mtime_ns for name in tree(here / "out")] == before


def test_another_result_stays_unless_told(here, shards, job):
    PerturbShards(job, str(here / "out"))(shards[:1])
    other = FaceOptions(protection=fp.Strength(cells=3))
    failed = PerturbShards(RowJob(key=job.key, options=other), str(here / "out"))(shards[:1])
    assert failed["status"].tolist() == ["failed"]
    assert "it is not the result of this file, options and key" in failed["error"][0]
    done = PerturbShards(RowJob(key=job.key, options=other, overwrite=True), str(here / "out"))(shards[:1])
    assert done["status"].tolist() == ["perturbed"]
    again = PerturbShards(RowJob(key=job.key, options=other, overwrite=True), str(here / "out"))(shards[:1])
    assert again["status"].tolist() == ["unchanged"]  # a retry does not protect it again


def test_shards_of_one_name_do_not_replace_each_other(here, shards, job):
    (here / "more").mkdir()
    rows = pq.read_table(here / "shards" / "0.parquet").slice(0, 1)
    pq.write_table(rows, here / "more" / "0.parquet")
    twice = shards.assign(shard=[str(here / folder / "0.parquet") for folder in ("shards", "more", "shards")])
    done = PerturbShards(RowJob(key=job.key, overwrite=True), str(here / "out"))(twice)
    assert done["status"].tolist() == ["perturbed", "failed", "unchanged"]
    assert pq.read_table(here / "out" / "0.parquet").num_rows == 2


def test_a_shard_that_cannot_be_read_or_written_fails_alone_and_leaves_nothing(here, shards, job, monkeypatch):
    (here / "shards" / "1.parquet").write_bytes(b"x")
    worker = PerturbShards(job, str(here / "out"))
    done = worker(shards)
    assert done["status"].tolist() == ["perturbed", "failed", "perturbed"]
    assert tree(here / "out") == ["0.parquet", "2.parquet"]

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker._parquet, "write_table", full)
    (here / "out" / "0.parquet").unlink()
    assert "No space left on device" in worker(shards[:1])["error"][0]
    assert tree(here / "out") == ["2.parquet"]


def test_jobs_that_do_not_fit(here, job):
    with pytest.raises(ValueError, match=r"the job of shards must have output=None, got '.*out'"):
        PerturbShards(RowJob(key=job.key, output="out"), str(here / "out"))
    for output in ("out", "s3://bucket/out", "file:///out"):
        with pytest.raises(ValueError, match="output must be an absolute path that all machines mount, got"):
            PerturbShards(job, output)


@pytest.mark.parametrize("kind", ["arrow", "numpy"])
def test_every_kind_of_batch(here, shards, job, kind):
    import pyarrow as pa

    table = pa.table({"shard": list(shards["shard"])})
    rows = table if kind == "arrow" else {"shard": np.array(list(shards["shard"]), object)}
    done = PerturbShards(job, str(here / "out"))(rows)
    assert done.column("problems").to_pylist() == [0, 0, 1]
    assert [str(kind) for kind in done.schema.types] == ["string", "string", "string", "int64", "int64", "string"]
