"""The service's answers: protected images that restore, views, faces, measures, and what the document says of them."""

import asyncio
import base64
import email.parser
import email.policy
import json

import numpy as np
import pytest
from server_cases import BOX, KEY, OTHER_KEY, PNG, SMALL, SMALL_PNG, WINDOWS, Client, encoded, pixels_of, problem

import fastperturb as fp
from fastperturb.server import Settings
from fastperturb.server.openapi import BODY
from fastperturb.server.problems import TITLES


@pytest.fixture(scope="module")
def client():
    return Client()


def restored(client, data, **parts):
    files = {"image": data, "key": parts.pop("key", KEY).to_text(), **parts}
    return client.post("/v1/restore", files=files)


def test_a_protected_image_restores(client):
    answer = client.post("/v1/perturb", SMALL_PNG, WINDOWS, headers=PNG)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    hidden = pixels_of(answer.content)
    assert not np.array_equal(hidden, SMALL)
    assert answer.headers["fastperturb-key-id"] == KEY.id
    record = fp.Record.from_json(answer.headers["fastperturb-record"])
    assert np.array_equal(fp.restore(hidden, record, KEY), SMALL)
    back = restored(client, answer.content)
    assert np.array_equal(pixels_of(back.content), SMALL)


@pytest.mark.parametrize("extension", [".png", ".tiff", ".bmp", ".ppm", ".jpg", ".webp"])
def test_every_kind_of_image_restores(client, extension):
    data = encoded(SMALL, extension)
    answer = client.post("/v1/perturb", data, BOX)
    assert np.array_equal(pixels_of(restored(client, answer.content).content), pixels_of(data))


@pytest.mark.parametrize("pixels", [SMALL[..., 0], SMALL.astype(np.uint16) * 257])
def test_grey_and_16_bits_restore(client, pixels):
    answer = client.post("/v1/perturb", encoded(pixels), BOX)
    back = pixels_of(restored(client, answer.content).content)
    assert back.dtype == pixels.dtype
    assert np.array_equal(back, pixels)


def test_faces_are_found_without_boxes(client, astronaut):
    answer = client.post("/v1/perturb", encoded(astronaut), {"protect": "windows"}, headers=PNG)
    assert answer.headers["fastperturb-regions"] == "1"
    found = client.post("/v1/locate", encoded(astronaut)).json()
    assert (found["width"], found["height"]) == (512, 512)
    (face,) = found["faces"]
    (item,) = fp.Record.from_json(answer.headers["fastperturb-record"]).regions
    assert all(face[name] == getattr(item.region, name) for name in ("x", "y", "width", "height"))
    assert 0.6 <= face["score"] <= 1
    assert len(face["landmarks"]) == 5
    for grow in ("0.25", "head"):
        (grown,) = client.post("/v1/locate", encoded(astronaut), {"grow": grow}).json()["faces"]
        assert grown["width"] > face["width"]
        assert grown["height"] > face["height"]
    problem(client.post("/v1/locate", encoded(astronaut), {"grow": "-1"}), 422, "bad-options")
    assert client.post("/v1/locate", encoded(astronaut), {"min_score": 0.999}).json()["faces"] == []


def test_without_a_face_nothing_is_passed_through(client):
    document = problem(client.post("/v1/perturb", SMALL_PNG), 422, "no-face")
    assert "not passed on" in document["detail"]
    problem(client.post("/v1/view", SMALL_PNG), 422, "no-face")
    problem(client.post("/v1/preview", SMALL_PNG), 422, "no-face")
    assert client.post("/v1/locate", SMALL_PNG).json()["faces"] == []


def test_options_do_what_they_say(client):
    def moved(**options):
        answer = client.post("/v1/perturb", SMALL_PNG, WINDOWS | options)
        assert answer.status_code == 200, answer.text
        return fp.Record.from_json(answer.headers["fastperturb-record"]).regions[0]

    assert moved().moved == 440
    assert moved(window=7).window == 7
    assert moved(window="region").window == 22
    assert moved(cells=2).window == 10
    assert moved(pixels=100).moved == 100
    assert moved(coverage=0.5).moved == 220
    assert moved(shape="ellipse").moved < 440
    assert 0 < moved(psnr=20).moved < 440
    two = client.post("/v1/perturb", SMALL_PNG, {"region": ["0,0,9,9", "20,20,9,9"]})
    assert two.headers["fastperturb-regions"] == "2"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"windows": 4}, "windows: Extra inputs"),
        ({"window": 1}, "greater than or equal to 4"),
        ({"window": 4, "cells": 2}, "window or cells, not both"),
        ({"pixels": 10, "coverage": 0.5}, "give one of"),
        ({"pixels": 10_000}, "at most the 440"),
        ({"coverage": 1e-9}, "must move at least 2"),
        ({"region": "3,3,1,1"}, "nothing can move"),
        ({"psnr": "nan"}, "finite"),
        ({"psnr": 2}, "psnr"),
        ({"region": "1,2,3"}, "match pattern"),
        ({"region": "900,900,5,5"}, "must touch the image"),
        ({"region": "1,1,0,5"}, "at least one pixel"),
        ({"region": ["1,1,5,5"] * 101}, "at most 100"),
        ({"key_id": "current"}, "match pattern"),
        ({"shape": "heart"}, "'box' or 'ellipse'"),
        ({"window": [4, 8]}, "given twice"),
    ],
)
def test_options_that_cannot_be_used(client, options, text):
    answer = client.post("/v1/perturb", SMALL_PNG, WINDOWS | options)
    assert text in problem(answer, 422, "bad-options")["detail"]


def test_a_one_time_key_says_that_it_is_irreversible():
    for client, options in ((Client(Settings()), {}), (Client(), {"key_id": "one-time"})):
        answer = client.post("/v1/perturb", SMALL_PNG, BOX | options)
        assert answer.headers["fastperturb-reversible"] == "false"
        assert "fastperturb-record" not in answer.headers
        assert b"fastperturb-record" not in answer.content
        facts = client.post("/v1/perturb", SMALL_PNG, BOX | options, headers={"Accept": "application/json"}).json()
        assert facts["record"] is None
        assert facts["key_id"] is None
        assert "never be restored" in facts["note"]


def test_another_key_of_the_ring_and_an_own_key(client):
    answer = client.post("/v1/perturb", SMALL_PNG, BOX | {"key_id": OTHER_KEY.id})
    assert answer.headers["fastperturb-key-id"] == OTHER_KEY.id
    own = fp.Key.generate()
    answer = client.post("/v1/perturb", params=BOX, files={"image": SMALL_PNG, "key": own.to_text() + "\n"})
    assert np.array_equal(pixels_of(restored(client, answer.content, key=own).content), SMALL)
    problem(restored(client, answer.content, key=OTHER_KEY), 422, "wrong-key")
    both = client.post("/v1/perturb", params=BOX | {"key_id": KEY.id}, files={"image": SMALL_PNG, "key": own.to_text()})
    assert "not both" in problem(both, 422, "bad-options")["detail"]
    document = problem(client.post("/v1/perturb", files={"image": SMALL_PNG, "key": "fpkey1_xyz"}), 422, "bad-key")
    assert "xyz" not in json.dumps(document)
    problem(client.post("/v1/perturb", SMALL_PNG, BOX | {"key_id": "0" * 16}), 404, "unknown-key")


def test_answers_by_accept(client):
    def ask(accept):
        return client.post("/v1/perturb", SMALL_PNG, WINDOWS, headers={"Accept": accept})

    assert ask("*/*").headers["content-type"] == "image/png"
    assert ask("text/html, image/*;q=0.5, */*;q=0.1").headers["content-type"] == "image/png"
    facts = ask("application/json").json()
    record = fp.Record.from_json(json.dumps(facts["record"]))
    hidden = pixels_of(base64.b64decode(facts["image"]))
    assert np.array_equal(fp.restore(hidden, record, KEY), SMALL)
    answer = ask("image/png;q=0.1, multipart/form-data")
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.content).get_payload()
    assert [part.get_param("name", header="content-disposition") for part in parts] == ["facts", "image"]
    record = fp.Record.from_json(json.dumps(json.loads(parts[0].get_payload(decode=True))["record"]))
    assert np.array_equal(fp.restore(pixels_of(parts[1].get_payload(decode=True)), record, KEY), SMALL)
    problem(ask("text/html"), 406, "not-acceptable")
    problem(ask("image/png;q=0"), 406, "not-acceptable")


def test_preview_measures(client, astronaut):
    facts = client.post("/v1/preview", encoded(astronaut), {"cells": 8}).json()
    hidden = pixels_of(base64.b64decode(facts["image"]))
    record = fp.Record.from_json(json.dumps(facts["record"]))
    measures = facts["measures"]
    assert measures["psnr"] == fp.psnr(astronaut, hidden)
    assert measures["ssim"] == fp.ssim(astronaut, hidden)
    assert np.array_equal(pixels_of(base64.b64decode(facts["view"])), fp.view(astronaut, record))
    seen = measures["faces"]
    assert seen["view_before"] == seen["view_after"]
    assert len(seen["before"]) == 1
    assert len(seen["view_before"]) == 1


def test_the_view_of_a_protected_image_is_that_of_the_original(client):
    hidden = client.post("/v1/perturb", SMALL_PNG, WINDOWS)
    shown = client.post("/v1/view", hidden.content)
    record = fp.Record.from_json(hidden.headers["fastperturb-record"])
    assert np.array_equal(pixels_of(shown.content), fp.view(SMALL, record))
    direct = client.post("/v1/view", SMALL_PNG, BOX)
    assert np.array_equal(pixels_of(direct.content), pixels_of(shown.content))
    mosaic = client.post("/v1/view", SMALL_PNG, BOX | {"interpolation": "mosaic"})
    assert np.array_equal(pixels_of(mosaic.content), fp.view(SMALL, record, interpolation="mosaic"))


def test_a_record_beside_the_image(client):
    answer = client.post("/v1/perturb", SMALL_PNG, WINDOWS)
    record = answer.headers["fastperturb-record"]
    bare = encoded(pixels_of(answer.content))
    problem(restored(client, bare), 422, "no-record")
    assert np.array_equal(pixels_of(restored(client, bare, record=record).content), SMALL)
    assert client.post("/v1/view", files={"image": bare, "record": record}).status_code == 200
    other = client.post("/v1/perturb", SMALL_PNG, WINDOWS).headers["fastperturb-record"]
    problem(restored(client, answer.content, record=other), 422, "bad-record")
    problem(restored(client, bare, record=other), 422, "tampered")
    problem(restored(client, bare, record="{}"), 422, "bad-record")


def test_what_was_changed_is_not_restored(client):
    hidden = client.post("/v1/perturb", SMALL_PNG, WINDOWS)
    pixels = pixels_of(hidden.content).copy()
    pixels[10, 10] ^= 1
    record = hidden.headers["fastperturb-record"]
    problem(restored(client, encoded(pixels), record=record), 422, "tampered")
    problem(restored(client, encoded(pixels[:30]), record=record), 422, "tampered")
    problem(client.post("/v1/perturb", hidden.content, WINDOWS), 409, "already-protected")


def test_compare(client):
    def ask(before, after, **options):
        return client.post("/v1/compare", params=options, files={"before": before, "after": after})

    hidden = client.post("/v1/perturb", SMALL_PNG, WINDOWS)
    pixels = pixels_of(hidden.content)
    found = ask(SMALL_PNG, hidden.content).json()
    assert found == {
        "equal": False,
        "psnr": fp.psnr(SMALL, pixels),
        "ssim": fp.ssim(SMALL, pixels),
        "mse": fp.mse(SMALL, pixels),
    }
    inside = ask(SMALL_PNG, hidden.content, inside="true").json()
    assert inside["psnr"] == fp.psnr(SMALL, pixels, region=(5, 6, 20, 22))
    assert ask(SMALL_PNG, SMALL_PNG).json() == {"equal": True, "psnr": None, "ssim": 1.0, "mse": 0.0}
    tiny = encoded(SMALL[:5, :5])
    assert ask(tiny, tiny).json()["ssim"] is None
    problem(ask(SMALL_PNG, tiny), 422, "not-comparable")
    problem(ask(SMALL_PNG, SMALL_PNG, inside="true"), 422, "no-record")


def test_the_document_describes_every_address(client):
    document = client.get("/openapi.json").json()
    posts = {path for path, item in document["paths"].items() if "post" in item}
    assert posts == {
        f"/v1/{name}" for name in ("perturb", "preview", "restore", "rekey", "forget", "view", "locate", "compare")
    }
    for path in posts:
        operation = document["paths"][path]["post"]
        assert operation["summary"]
        assert len(operation["description"]) > 60
        assert "multipart/form-data" in operation["requestBody"]["content"]
        assert operation["security"]
        assert {"200", "401", "403", "413", "415", "422", "429", "503"} <= set(operation["responses"])
        assert all(item.get("description") for item in operation.get("parameters", []) if item["name"] != "shape")
    named = json.dumps(document["paths"])
    assert {name for name in TITLES if f"problem:{name}" not in named} == {"not-found", "wrong-method"}
    assert set(BODY) <= set(document["paths"]["/v1/perturb"]["post"]["requestBody"]["content"])


def test_headers_of_every_answer(client):
    for answer in (client.get("/healthz"), client.get("/nowhere"), client.post("/v1/perturb", SMALL_PNG, BOX)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
    named = client.get("/healthz", headers={"X-Request-Id": "abc-1"})
    assert named.headers["x-request-id"] == "abc-1"
    lied = client.get("/healthz", headers={"X-Request-Id": "a b{}"})
    assert lied.headers["x-request-id"] != "a b{}"
    problem(client.get("/nowhere"), 404, "not-found")
    problem(client.get("/v1/perturb"), 405, "wrong-method")


def test_head_is_answered_as_get(client):
    for path in ("/", "/static/main.js", "/healthz", "/readyz", "/metrics", "/v1/info", "/openapi.json"):
        got, head = (asyncio.run(client.send(method, path)) for method in ("GET", "HEAD"))
        assert head.status_code == got.status_code == 200, path
        assert head.headers["content-type"] == got.headers["content-type"]
    wrong = asyncio.run(client.send("HEAD", "/v1/perturb"))
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert not [path for path, item in client.get("/openapi.json").json()["paths"].items() if "head" in item]


def test_numbers(client):
    before = client.get("/metrics").text
    client.post("/v1/perturb", SMALL_PNG, BOX)
    client.post("/v1/perturb", b"no image")
    after = client.get("/metrics").text

    def value(text, line):
        found = [row for row in text.splitlines() if row.startswith(line + " ")]
        return float(found[0].rpartition(" ")[2]) if found else 0.0

    line = 'fastperturb_requests_total{method="POST",route="/v1/perturb",status="200"}'
    assert value(after, line) == value(before, line) + 1
    refused = 'fastperturb_problems_total{problem="unsupported-media"}'
    assert value(after, refused) == value(before, refused) + 1
    assert value(after, "fastperturb_pixels_total") == value(before, "fastperturb_pixels_total") + 2000
    assert value(after, "fastperturb_admitted") == 0
