"""Protections by HTTP: what is written can come back, what cannot is not; what costs too much is refused."""

import base64
import json

import numpy as np
import pytest
from bounds import bounded
from server_cases import BOX, KEY, SMALL_PNG, Client, archived, encoded, pixels_of, problem

import fastperturb as fp
from fastperturb.files.reading import decode
from fastperturb.protections.method import make_method
from fastperturb.server import KeyRing, Limits, Settings
from fastperturb.server.methods import check_cost
from fastperturb.server.problems import Problem

NOISE = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
JSON = {"Accept": "application/json"}


def restored(client, image, **parts):
    return client.post("/v1/restore", files={"image": image, "key": KEY.to_text(), **parts})


def test_what_is_costly_is_refused_before_it_is_done():
    client = Client(Settings(keys=KeyRing.of(KEY), limits=Limits(body_bytes=2**22)))
    large = encoded(np.zeros((3000, 3000), np.uint8))
    whole = {"region": "0,0,3000,3000"}
    for protect, text in (("noise", "8388608 pixels together"), ("blur", "takes too long"), ("surrogate", "16777216")):
        answer = client.post("/v1/perturb", large, whole | {"protect": protect})
        assert text in problem(answer, 422, "bad-options")["detail"]
    many = {"region": [f"{20 * i},0,10,10" for i in range(100)], "protect": "black"}
    assert "so many regions" in problem(client.post("/v1/perturb", large, many), 422, "bad-options")["detail"]
    crowd = {"region": [f"{20 * i},0,10,10" for i in range(100)], "protect": "windows:grow=900"}
    assert "more than 8 times" in problem(client.post("/v1/perturb", large, crowd), 422, "bad-options")["detail"]


def test_what_a_blur_costs_is_counted_by_what_it_reads():
    """Both passes and all channels, of the region's part of the image and what reaches into it."""
    blur = make_method("blur")

    def cost(region, shape):
        check_cost(blur, [fp.Region(*region)], shape)

    cost((0, 0, 999_999, 999_999), (40, 50, 3))
    cost((0, 0, 2**31 - 1, 2**31 - 1), (256, 256, 3))
    cost((-900, -900, 1000, 1000), (8000, 8000, 3))  # a corner of 100 pixels
    cost((0, 0, 1400, 1400), (1400, 1400, 3))
    for region, shape in (((0, 0, 999_999, 999_999), (600, 500, 3)), ((0, 0, 1400, 1400), (1400, 1400, 4))):
        with pytest.raises(Problem) as raised:
            cost(region, shape)
        assert "takes too long" in raised.value.detail
    cost((0, 0, 999_999, 999_999), (600, 500))
    client = Client(Settings(keys=KeyRing.of(KEY)))
    with bounded(10, 100):
        answer = client.post(
            "/v1/perturb", encoded(NOISE[:40, :50]), {"region": "0,0,999999,999999", "protect": "blur"}
        )
    assert answer.status_code == 200


@pytest.mark.parametrize("extension", [".png", ".tiff", ".webp"])
def test_what_the_service_writes_it_takes_back(extension):
    """The worst picture of 8 bits there is, all of it sealed, at the limit of pixels: image, seals, record as text."""
    noise = np.random.default_rng(0).integers(0, 256, (500, 400, 3), np.uint8)
    limits = Limits(pixels=noise.shape[0] * noise.shape[1], body_bytes=850_000)
    client = Client(Settings(keys=KeyRing.of(KEY), limits=limits))
    sent = encoded(noise, extension)
    options = {"region": "0,0,400,500", "protect": "noise:0.2"}
    hidden = client.post("/v1/perturb", sent, options)
    assert hidden.status_code == 200, hidden.text
    assert len(hidden.content) < limits.most_result_bytes
    np.testing.assert_array_equal(pixels_of(restored(client, hidden.content).content), noise)
    facts = client.post("/v1/perturb", sent, options, headers=JSON).json()
    back = restored(client, base64.b64decode(facts["image"]), record=json.dumps(facts["record"]))
    np.testing.assert_array_equal(pixels_of(back.content), noise)
    beside = archived(client.post("/v1/perturb", sent, options | {"seals": "beside", "format": "png"}))
    back = restored(client, beside["image.png"], seals=beside["image.png.seal"])
    np.testing.assert_array_equal(pixels_of(back.content), noise)


def test_results_that_could_not_come_back_count_seals_too():
    tight = Client(Settings(keys=KeyRing.of(KEY), limits=Limits(body_bytes=34_000, result_bytes=1)))
    for seals in ("inside", "beside"):
        answer = tight.post("/v1/perturb", encoded(NOISE), {"region": "0,0,120,90", "protect": "black", "seals": seals})
        assert "could not be restored" in problem(answer, 422, "result-too-large")["detail"]
    for options in ({"seals": "none"}, {"protect": "windows"}):
        assert tight.post("/v1/perturb", encoded(NOISE), BOX | options).status_code == 200


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (None, {"seals": "none"}),
        (None, {"key_id": "one-time"}),
        (Settings(), {}),
        (Settings(), {"protect": "camouflage"}),
    ],
)
def test_without_a_seal_nothing_of_the_faces_is_left(settings, options):
    client = Client() if settings is None else Client(settings)
    answer = client.post("/v1/perturb", SMALL_PNG, BOX | options)
    assert (answer.headers["fastperturb-reversible"], answer.headers["fastperturb-sealed"]) == ("false", "none")
    assert "fastperturb-key-id" not in answer.headers
    assert "fastperturb-recipients" not in answer.headers
    assert decode(answer.content).texts == {}
    facts = client.post("/v1/perturb", SMALL_PNG, BOX | options, headers=JSON).json()
    assert (facts["record"], facts["key_id"], facts["recipients"]) == (None, None, [])
    assert "replaced for good" in facts["note"]
    assert len(facts["regions"]) == 1
