"""Batches of every kind that engines hand over: the same rows out of data frames, Arrow tables and NumPy arrays."""

import warnings

import numpy as np
import pytest

from fastperturb.files import write_image

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    from fastperturb.integrations.key_places import KeyPlace
    from fastperturb.integrations.rows import COLUMNS, PerturbImages, RowJob

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def images(here):
    return PerturbImages(RowJob(key=KeyPlace(str(here / "my.key"))))


@pytest.fixture
def columns(here):
    write_image("plain.png", np.full((80, 90), 7, np.uint8))
    names = ["face.png", "plain.png"]
    return {
        "path": [str(here / name) for name in names],
        "bytes": [(here / n).read_bytes() for n in names],
        "n": [1, 2],
    }


def test_every_kind_gives_the_same_rows(images, columns):
    arrays = {name: np.array(values, object if name != "n" else None) for name, values in columns.items()}
    frame = images(pd.DataFrame(columns))
    tables = [images(pa.table(columns)), images(arrays), images(columns)]
    assert list(frame.columns) == ["path", "n", *COLUMNS]
    assert frame["status"].tolist() == ["perturbed", "no face"]
    for table in tables:
        assert table.column_names == list(frame.columns)
        for name in COLUMNS:
            values = [None if pd.isna(value) else value for value in frame[name].tolist()]
            assert table.column(name).to_pylist() == values
            assert str(table.schema.field(name).type) == COLUMNS[name]


def test_other_columns_stay_what_they_are(images, columns):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    done = images(
        {**{k: np.array(v, object) for k, v in columns.items()}, "small": pixels, "text": np.array(["a", "b"])}
    )
    assert done.column("small").to_pylist() == pixels.tolist()
    assert done.column("text").to_pylist() == ["a", "b"]


def test_types_do_not_depend_on_the_rows(images, columns):
    rows = pa.table({name: values[1:] for name, values in columns.items()})  # one without a face: nothing but an error
    whole = images(pa.table(columns))
    assert images(rows).schema == whole.schema
    assert images(rows.slice(0, 0)).schema == whole.schema


def test_what_is_no_batch_is_refused(images):
    with pytest.raises(
        TypeError, match=r"a batch must be a pandas data frame, an Arrow table, or .*, got builtins\.list"
    ):
        images([{"path": "a"}])
