"""The callable under Dask: paths or bytes, threads and processes, Parquet out."""

import warnings

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.files import write_image
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


def test_a_pool_of_one_makes_progress_too(frame, here):
    job = RowJob(key=KeyPlace(str(here / "my.key")), output=str(here / "out"))
    lazy = perturb_dataframe(dd.from_pandas(frame, npartitions=3), job)
    lazy.to_parquet(here / "parquet", compute_kwargs={"scheduler": "threads", "num_workers": 1})
    assert len(pq.read_table(here / "parquet")) == 6


def test_a_path_that_comes_twice_is_written_once(frame, here):
    """As often as the engine likes, at the same time too: the same bits under the same name."""
    twice = frame.iloc[[0, 0, 1, 0, 1, 0]].reset_index(drop=True)
    job = RowJob(key=KeyPlace(str(here / "my.key")), output=str(here / "out"))
    done = perturb_dataframe(dd.from_pandas(twice, npartitions=6), job).compute(scheduler="threads", num_workers=6)
    assert set(done["status"]) <= {"perturbed", "unchanged"}
    assert done["status"].tolist().count("perturbed") == 2
    assert done["record"].nunique() == 2
    assert len(set(done["output"])) == 2


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


def forms(frame):
    """A batch as data frame, as table and as Ray's default, the dictionary of arrays."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return {
        "pandas": frame,
        "arrow": table,
        "numpy": {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names},
    }


@pytest.mark.parametrize("form", ["pandas", "arrow", "numpy"])
def test_batches_of_every_kind_give_the_same(frame, here, form):
    images = PerturbImages(RowJob(key=KeyPlace(str(here / "my.key"))))
    blocks = [(here / f"{n}.png").read_bytes() + b"\0\0" for n in range(3)]  # zeros at the end stay
    rows = frame[:3].assign(bytes=pd.Series(blocks, index=frame.index[:3], dtype=pd.ArrowDtype(pa.binary())))
    rows = rows.reset_index(drop=True)
    done = images(forms(rows)[form])
    table = done if form == "arrow" else pa.Table.from_pandas(done, preserve_index=False)
    assert table.column_names == ["path", "n", *COLUMNS]
    assert [str(table.schema.field(name).type) for name in COLUMNS] == list(COLUMNS.values())
    expected = images(rows)
    for name in ("path", "n", *COLUMNS):
        assert table.column(name).to_pylist() == pa.array(expected[name]).to_pylist()
    assert table.column("status").to_pylist() == ["perturbed", "perturbed", "failed"]


def test_columns_of_several_dimensions_stay(frame, here):
    images = PerturbImages(RowJob(key=KeyPlace(str(here / "my.key"))))
    boxes = np.arange(16).reshape(2, 2, 4)
    done = images({"path": frame["path"][:2].to_numpy(), "boxes": boxes})
    assert np.array_equal(np.stack(done["boxes"]), boxes)


def test_frames_that_do_not_fit(here):
    images = PerturbImages(RowJob(key=KeyPlace(str(here / "my.key"))))
    full = {"path": ["a"], "image": [1], "error": [None]}
    for form in ("pandas", "arrow", "numpy"):
        with pytest.raises(ValueError, match=r"must have a column 'path' or 'bytes', got \['name'\]"):
            images(forms(pd.DataFrame({"name": ["a"]}))[form])
        with pytest.raises(ValueError, match="got a batch that has error, image"):
            images(forms(pd.DataFrame(full))[form])
    for batch in ([], None, pd.Series(["a"])):
        with pytest.raises(TypeError, match="a batch must be a pandas data frame, a PyArrow table or a dictionary"):
            images(batch)
    with pytest.raises(TypeError, match="bytes must come as an array of objects"):
        images({"bytes": np.array([b"abc"])})
    empty = images(pd.DataFrame({"path": []}))
    assert len(empty) == 0
    assert str(empty["image"].dtype) == "large_binary[pyarrow]"
