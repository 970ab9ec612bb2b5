"""``keep`` of the service: what of the metadata of an upload stays in the clear; no picture in it ever does."""

import pytest
from jpeg_cases import picture
from metadata_files import NAME, described, traces
from server_cases import Client, problem

from fastperturb.files import read_metadata

BOX = {"region": "20,30,60,70", "protect": "surrogate"}


@pytest.fixture(scope="module")
def client():
    return Client()


def upload(kind):
    return described(picture(), kind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("keep", [None, "none", "date,place", "all"])
def test_what_is_kept(client, kind, keep):
    answer = client.post("/v1/perturb", upload(kind), BOX | ({} if keep is None else {"keep": keep}))
    assert answer.status_code == 200
    found = read_metadata(answer.content)
    assert (b"2024:05:06 07:08:09" in found.exif) == (keep in ("date,place", "all"))
    assert (b"Acme One" in found.exif) == (keep == "all")
    assert (found.icc is not None) == (keep in (None, "all"))
    assert not traces(answer.content)
    assert NAME.encode() not in answer.content


def test_a_choice_that_is_none(client):
    problem(client.post("/v1/perturb", upload("PNG"), BOX | {"keep": "everything"}), 422, "bad-options")
