"""The callable under Dask: paths or bytes, threads and processes, Parquet out."""

import os
import signal
import sys
import warnings
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.files import read_image, read_record, write_image
from fastperturb.files.reading import decode

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    dd = pytest.importorskip("dask.dataframe")
    import pyarrow.parquet as pq

    from fastperturb.integrations.dask import COLUMNS, KeyPlace, PerturbImages, RowJob, perturb_dataframe

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def frame(here, astronaut):
    """Six paths, the third of a broken file."""
    for number in range(6):
        write_image(f"{number}.png", np.roll(astronaut, 10 * number, axis=1))
    (here / "2.png").write_bytes(b"x")
    return pd.DataFrame({"path": [str(here / f"{n}.png") for n in range(6)], "n": range(6)}, index=range(10, 16))


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_partitions_are_protected_and_a_failing_row_fails_alone(frame, here, scheduler):
    job = RowJob(key=KeyPlace(str(here / "my.key")), output=str(here / "out"), root=str(here))
    lazy = perturb_dataframe(dd.from_pandas(frame, npartitions=3), job)
    done = lazy.compute(scheduler=scheduler)
    assert list(done.columns) == ["path", "n", *COLUMNS] == list(lazy.columns)
    assert done.index.tolist() == frame.index.tolist()
    assert done["status"].tolist() == ["perturbed"] * 2 + ["failed"] + ["perturbed"] * 3
    assert done["error"].isna().tolist() == [True, True, False, True, True, True]
    again = lazy.compute(scheduler=scheduler)
    assert again["status"].tolist() == ["unchanged"] * 2 + ["failed"] + ["unchanged"] * 3
    assert again["record"].tolist() == done["record"].tolist()


def test_bytes_go_to_parquet_without_the_originals(frame, here, astronaut):
    blocks = [(here / f"{n}.png").read_bytes() for n in range(6)]
    binary = pd.Series(blocks, index=frame.index, dtype=pd.ArrowDtype(pa.large_binary()))
    frame = frame.assign(path=[f"far/{n}.png" for n in range(6)], bytes=binary)
    lazy = perturb_dataframe(dd.from_pandas(frame, npartitions=6), RowJob(key=KeyPlace(str(here / "my.key"))))
    lazy.to_parquet(here / "parquet")
    files = sorted((here / "parquet").glob("*.parquet"))
    assert len(files) == 6
    kinds = {tuple(str(field.type) for field in pq.read_schema(file)) for file in files}
    assert len(kinds) == 1  # the one that holds nothing but an error has the same types
    table = pq.read_table(here / "parquet").to_pylist()
    assert "bytes" not in table[0]
    key = fp.Key.from_file(here / "my.key")
    for row in table:
        if row["error"] is None:
            hidden = decode(row["image"]).pixels
            shown = fp.restore(hidden, fp.Record.from_json(row["record"]), key)
            assert np.array_equal(shown, np.roll(astronaut, 10 * row["n"], axis=1))


def test_frames_that_do_not_fit(here):
    images = PerturbImages(RowJob(key=KeyPlace(str(here / "my.key"))))
    with pytest.raises(ValueError, match=r"must have a column 'path' or 'bytes', got \['name'\]"):
        images(pd.DataFrame({"name": ["a"]}))
    with pytest.raises(ValueError, match="got rows that have error, image"):
        images(pd.DataFrame({"path": ["a"], "image": [1], "error": [None]}))
    empty = images(pd.DataFrame({"path": []}))
    assert len(empty) == 0
    assert str(empty["image"].dtype) == "large_binary[pyarrow]"


def test_the_key_is_the_same_everywhere(frame, here, monkeypatch):
    """A job without the key's id gets the id of the key that is here; other machines refuse another key."""
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.from_file("my.key").to_text())
    lazy = perturb_dataframe(dd.from_pandas(frame, npartitions=1), RowJob())
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.generate().to_text())
    with pytest.raises(ValueError, match="FASTPERTURB_KEY must hold the key"):
        lazy.compute(scheduler="threads")
    monkeypatch.delenv("FASTPERTURB_KEY")
    with pytest.raises(ValueError, match="key_id must be given where the job is made without the key"):
        perturb_dataframe(dd.from_pandas(frame, npartitions=1), RowJob())


def test_partitions_do_not_wait_for_each_other(frame, here):
    """One thread does as many partitions as there are: there is no pool that could hold it."""
    job = RowJob(key=KeyPlace(str(here / "my.key")))
    done = perturb_dataframe(dd.from_pandas(frame, npartitions=6), job).compute(scheduler="threads", num_workers=1)
    assert done["status"].tolist().count("perturbed") == 5


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_a_public_key_travels_and_nothing_is_protected_twice(frame, here, astronaut, scheduler):
    """A worker process dies at the last partition; the job runs again and leaves what is there."""
    pytest.importorskip("cryptography.hazmat.primitives.hpke")
    secret = fp.Key.from_file("my.key")
    (here / "my.key").unlink()
    job = RowJob(key=secret.public(), output=str(here / "out"), root=str(here), seals="beside")
    lazy = perturb_dataframe(dd.from_pandas(frame, npartitions=3), job)
    if scheduler == "processes" and sys.platform == "linux":
        dying = lazy.map_partitions(dies_once, str(here), meta=lazy._meta)
        with pytest.raises(BrokenProcessPool):
            dying.compute(scheduler=scheduler, num_workers=1)
        assert any((here / "out").glob("*.png"))
    left = {path: path.read_bytes() for path in (here / "out").glob("*")} if (here / "out").is_dir() else {}
    done, again = (lazy.compute(scheduler=scheduler) for _ in range(2))
    assert all(path.read_bytes() == data for path, data in left.items())
    assert set(done["status"]) <= {"perturbed", "unchanged", "failed"}
    assert again["status"].tolist() == ["unchanged"] * 2 + ["failed"] + ["unchanged"] * 3
    assert again["record"].tolist() == done["record"].tolist()
    for row in done[done["error"].isna()].itertuples():
        picture, record = read_image(row.output), read_record(row.output)
        assert np.array_equal(fp.restore(picture.pixels, record, secret), np.roll(astronaut, 10 * row.n, axis=1))


def dies_once(frame, folder):
    """The rows, in a process that is killed at the last partition, once."""
    mark = Path(folder) / "died"
    if (frame["n"] == 5).any() and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return frame


def test_seals_are_a_column_of_bytes(frame, here, astronaut):
    pytest.importorskip("cryptography.hazmat.primitives.hpke")
    secret = fp.Key.from_file("my.key")
    lazy = perturb_dataframe(dd.from_pandas(frame, npartitions=3), RowJob(key=secret.public(), seals="beside"))
    assert str(lazy.dtypes["seals"]) == "large_binary[pyarrow]"
    row = lazy.compute(scheduler="threads").iloc[4]
    record = fp.Record.from_json(row["record"])
    assert record.missing == (0,)
    shown = fp.restore(decode(row["image"]).pixels, record.with_beside(row["seals"]), secret)
    assert np.array_equal(shown, np.roll(astronaut, 40, axis=1))
