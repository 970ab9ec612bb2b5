"""Whole numbers in the addresses of a review: what is none is a bad request, and no fault of the server."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import pytest
from review_cases import Desk, photos

BAD = ("--5", "-", "", "5-", "+5", "1_0", "1e3", " 5", "\u0665", "9" * 13)


@pytest.mark.parametrize("number", BAD)
def test_what_is_no_whole_number_is_a_bad_request(photos, tmp_path, number):
    desk = Desk(photos, tmp_path / "boxes.jsonl").look()
    try:
        image = f"/api/pictures/{desk.number('a.png')}/image"
        for place, query in (
            ("/api/review", {"since": number}),
            (image, {"side": number}),
            (image, {"part": f"0,0,9,{number}"}),
        ):
            answer = desk.send("GET", place, params=query)
            assert answer.status_code == 400, (place, query)
            assert "must be a whole number" in answer.text
        assert desk.send("GET", "/api/review", params={"since": "-1"}).status_code == 200
    finally:
        desk.file.close()
