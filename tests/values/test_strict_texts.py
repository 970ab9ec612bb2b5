"""JSON and CSV read strictly: a face that stands in a file is never lost because something else stands there too."""

import csv

import pytest

from fastperturb.strict_texts import Repeated, Table, read_entries, read_json

COLUMNS = ("file", "x", "y", "width", "height")
HEAD = "file,x,y,width,height,shape\n"


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"c": [], "a": 2, "a": [3]}}]'])
def test_a_name_that_is_given_twice_is_refused(text):
    with pytest.raises(Repeated, match=r"^'a' is given twice in one object$"):
        read_json(text)
    assert read_json('[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]


def test_entries_come_in_three_forms():
    entries = [{"file": "a", "faces": [[1, 2, 3, 4]]}, {"file": "b", "faces": []}]
    for text in (
        '{"a": [[1, 2, 3, 4]], "b": []}',
        '[{"file": "a", "faces": [[1, 2, 3, 4]]}, {"file": "c", "error": "x"}, {"file": "b", "faces": []}]',
        '{"file": "a", "faces": [[1, 2, 3, 4]]}\n\n{"file": "b", "faces": []}\n{"summary": {}}\n',
    ):
        assert read_entries(text) == entries


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{\n"a": [],\n"a": []\n}', "^'a' is given twice"),
        ('{"file": "a", "file": "b"}', "^line 1: 'file' is given twice"),
        ('{"file": "a", "faces": []}\n{"file": "b", "faces": [], "faces": []}', "^line 2: 'faces' is given twice"),
        ('{"file": "a", "faces": [], "faces": []}\n{"file": "b", "faces": []}', "^line 1: 'faces' is given twice"),
        ('{"file": "a", "faces": [[1, 2, 3, 4]], "error": null}', 'must not have both "faces" and "error"'),
        ('{"file": "a", "tracks": "a.json", "error": "x"}', 'must not have both "tracks" and "error"'),
        ('[{"faces": [], "summary": {}}]', 'must not have both "faces" and "summary"'),
        ("{]", "^line 1 is not JSON"),
    ],
)
def test_entries_that_are_refused(text, error):
    with pytest.raises(ValueError, match=error):
        read_entries(text)


def test_a_table():
    table = Table(f'{HEAD}a,1,2,3,4,ellipse\r"b ""c""",,,,\n,,,,,\n\nd, 5,6,7,8,,\n', COLUMNS)
    rows = [(row["file"], row["x"], row["shape"]) for row in table]
    assert rows == [("a", "1", "ellipse"), ('b "c"', "", None), ("d", "5", "")]
    assert table.line_num == 6


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("file,x,y\n", "it lacks width, height"),
        ("", "it lacks file, x, y, width, height"),
        (f"x,{HEAD}", "the first line must name each column once, got 'x' twice"),
        (f"{HEAD}a,1,2,3,4,,5\n", "line 2 must have at most the cells of the first line, 6"),
        (f"{HEAD}a,1,2,3,4,\nb\n", "line 3 lacks x, y, width, height"),
        ("x,y,width,height,file\n1,2,30,40\n", "line 2 lacks file"),
        (f"{HEAD} ,1,2,3,4,\n", "line 2: file must be a text, got nothing"),
    ],
)
def test_tables_that_are_refused(text, error):
    with pytest.raises(ValueError, match=error):
        list(Table(text, COLUMNS))


def test_a_quote_that_does_not_end_swallows_no_rows():
    with pytest.raises(csv.Error):
        list(Table(f'{HEAD}"a,1,2,3,4,\nb,1,2,3,4,\n', COLUMNS))
