"""Protections by HTTP: what is shown, where the seals go, formats, and what a request may not ask for."""

import base64
import json

import cv2
import numpy as np
import pytest
from server_cases import (
    BOX,
    KEY,
    PNG,
    SMALL,
    SMALL_PNG,
    Client,
    archived,
    brought_back,
    encoded,
    pixels_of,
    problem,
    record_in,
)

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files.reading import decode
from fastperturb.server.methods import PROTECTIONS

NOISE = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
BOXES = {"region": ["10,20,24,30", "70,30,22,28"]}
JSON = {"Accept": "application/json"}
SEALED = ["surrogate", "surrogate:tone=coarse", "camouflage", "mosaic:cells=5", "blur:cells=3", "black", "noise:0.2"]
MOVED = ["windows", "windows:cells=5", "permutation:6,grow=0.2"]


@pytest.fixture(scope="module")
def client():
    return Client()


def restored(client, image, **parts):
    return client.post("/v1/restore", files={"image": image, "key": KEY.to_text(), **parts})


@pytest.mark.parametrize("protect", SEALED + MOVED)
def test_every_protection_hides_and_restores(client, protect):
    answer = client.post("/v1/perturb", encoded(NOISE), BOXES | {"protect": protect})
    assert answer.status_code == 200, answer.text
    hidden, record = pixels_of(answer.content), record_in(answer.content)
    assert answer.headers["fastperturb-sealed"] == ("none" if protect in MOVED else "inside")
    assert record.sealed == (protect in SEALED)
    assert len(record.regions) == int(answer.headers["fastperturb-regions"]) == 2
    for item in record.regions:
        assert not np.array_equal(hidden[item.region.clipped(90, 120)], NOISE[item.region.clipped(90, 120)])
    np.testing.assert_array_equal(brought_back(answer.content), NOISE)
    back = restored(client, answer.content)
    np.testing.assert_array_equal(pixels_of(back.content), NOISE)


def test_features_need_a_face_with_landmarks(client, astronaut):
    for protect in ("features", "parts"):
        answer = client.post("/v1/perturb", encoded(astronaut), {"protect": protect})
        np.testing.assert_array_equal(brought_back(answer.content), astronaut)
        assert (
            "landmarks"
            in problem(client.post("/v1/perturb", SMALL_PNG, BOX | {"protect": protect}), 422, "bad-options")["detail"]
        )


def test_without_a_word_a_face_is_drawn_over_the_head_and_the_original_sealed(client, astronaut):
    answer = client.post("/v1/perturb", encoded(astronaut))
    facts = client.post("/v1/perturb", encoded(astronaut), headers=JSON).json()
    assert facts["protection"] == fp.Surrogate(tone="around").name
    assert (facts["sealed"], facts["reversible"], facts["moved"], facts["format"]) == ("inside", True, 0, "PNG")
    (region,) = facts["regions"]
    assert region["shape"] == "ellipse"
    assert "score" not in region
    found = client.post("/v1/locate", encoded(astronaut)).json()["faces"][0]
    assert region["width"] > found["width"]
    assert region["height"] > found["height"]
    assert len(fp.locate(pixels_of(answer.content))) == 1  # a face, of no one
    assert "fastperturb-record" not in answer.headers
    assert answer.headers["fastperturb-key-id"] == facts["key_id"] == KEY.id
    assert answer.headers["fastperturb-recipients"] == KEY.id
    assert facts["recipients"] == [KEY.id]
    np.testing.assert_array_equal(brought_back(answer.content), astronaut)


def test_strength_options_mean_windows(client):
    for options in ({"cells": 4}, {"window": 6}, {"pixels": 100}, {"coverage": 0.5}, {"psnr": 20}):
        for path in ("perturb", "preview"):
            facts = client.post(f"/v1/{path}", SMALL_PNG, BOX | options, headers=JSON).json()
            assert (facts["sealed"], facts["protection"]) == ("none", "permutation")
            assert facts["moved"] > 0


def test_purposes(client, tmp_path, monkeypatch, capsys):
    assert client.post("/v1/perturb", SMALL_PNG, BOX | {"purpose": "paper"}).headers["fastperturb-sealed"] == "none"
    assert client.post("/v1/perturb", SMALL_PNG, BOX | {"purpose": "archive"}).headers["fastperturb-sealed"] == "inside"
    answer = client.post(
        "/v1/perturb", files={"image": ("Ann at sea.jpg", SMALL_PNG)}, params=BOX | {"purpose": "publish"}
    )
    assert answer.headers["fastperturb-sealed"] == "beside"
    files = archived(answer)
    assert set(files) == {"Ann at sea.png", "Ann at sea.png.seal", "facts.json"}
    assert json.loads(files["facts.json"])["sealed"] == "beside"
    problem(restored(client, files["Ann at sea.png"]), 422, "no-seals")
    back = restored(client, files["Ann at sea.png"], seals=files["Ann at sea.png.seal"])
    np.testing.assert_array_equal(pixels_of(back.content), SMALL)
    monkeypatch.chdir(tmp_path)  # and the command line takes the files as they are
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    KEY.to_file("my.key")
    assert run(["restore", "Ann at sea.png", "-o", "back.png", "--key-file", "my.key"]) == 0
    np.testing.assert_array_equal(pixels_of((tmp_path / "back.png").read_bytes()), SMALL)


def test_seals_beside_in_every_kind_of_answer(client):
    options = BOX | {"seals": "beside"}
    facts = client.post("/v1/perturb", SMALL_PNG, options, headers=JSON).json()
    record = fp.Record.from_json(json.dumps(facts["record"]))
    assert record.missing
    whole = record.with_beside(base64.b64decode(facts["seals"]))
    np.testing.assert_array_equal(fp.restore(pixels_of(base64.b64decode(facts["image"])), whole, KEY), SMALL)
    answer = client.post("/v1/perturb", SMALL_PNG, options, headers={"Accept": "multipart/form-data"})
    for part in (b'name="facts"', b'name="image"; filename="image.png"', b'name="seals"; filename="image.png.seal"'):
        assert part in answer.content
    problem(client.post("/v1/perturb", SMALL_PNG, options, headers={"Accept": "image/png"}), 406, "not-acceptable")


@pytest.mark.parametrize("extension", [".png", ".webp", ".tiff", ".jpg", ".bmp", ".ppm"])
@pytest.mark.parametrize("protect", ["surrogate", "windows"])
def test_formats_come_out_as_they_went_in(client, extension, protect):
    data = encoded(NOISE, extension)
    answer = client.post("/v1/perturb", data, BOXES | {"protect": protect})
    expected = {".webp": "image/webp", ".tiff": "image/tiff"}.get(extension, "image/png")
    if (extension, protect) == (".jpg", "surrogate"):
        expected = "image/jpeg"
    assert answer.headers["content-type"] == expected
    back = restored(client, answer.content)
    assert back.headers["content-type"] == expected
    np.testing.assert_array_equal(pixels_of(back.content), pixels_of(data))


def test_formats_by_name_and_by_accept(client):
    for name, kind in (("png", "image/png"), ("webp", "image/webp"), ("tiff", "image/tiff")):
        answer = client.post("/v1/perturb", SMALL_PNG, BOX | {"format": name})
        assert answer.headers["content-type"] == kind
        np.testing.assert_array_equal(brought_back(answer.content), SMALL)
        back = client.post(
            "/v1/restore", params={"format": name}, files={"image": answer.content, "key": KEY.to_text()}
        )
        assert back.headers["content-type"] == kind
    webp = client.post("/v1/perturb", encoded(SMALL, ".webp"), BOX, headers={"Accept": "image/png"})
    assert webp.headers["content-type"] == "image/png"
    for options, accept in (({"format": "webp"}, "image/png"), ({}, "image/jpeg"), ({"format": "jpg"}, "image/jpeg")):
        wrong = client.post("/v1/perturb", SMALL_PNG, BOX | options, headers={"Accept": accept})
        problem(wrong, 406, "not-acceptable")
    grey = encoded(SMALL[..., 0])
    assert (
        "WebP of grey"
        in problem(client.post("/v1/perturb", grey, BOX | {"format": "webp"}), 422, "bad-options")["detail"]
    )
    clear = np.dstack((SMALL, np.full(SMALL.shape[:2], 9, np.uint8)))  # WebP keeps the colours of what is not clear
    kept = cv2.imencode(".webp", clear, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert client.post("/v1/perturb", kept, BOX).headers["content-type"] == "image/webp"


def test_a_jpeg_that_was_asked_for_restores_its_faces_exactly(client):
    answer = client.post("/v1/perturb", encoded(NOISE), BOXES | {"format": "jpg"})
    files = archived(answer)
    assert set(files) == {"image.jpg", "image.jpg.json", "facts.json"}
    assert decode(files["image.jpg"]).format == "JPEG"
    back = restored(client, files["image.jpg"], record=files["image.jpg.json"])
    assert back.headers["content-type"] == "image/png"
    assert back.headers["fastperturb-regions-state"] == "changed 0 1"
    assert back.headers["fastperturb-surroundings-state"] == "changed"
    shown, lossy = pixels_of(back.content), pixels_of(files["image.jpg"])
    owned = np.zeros(NOISE.shape[:2], bool)
    for item in fp.Record.from_json(files["image.jpg.json"]).regions:
        region = item.region
        rows, columns = np.mgrid[:90, :120]
        across, down = 2 * (columns - region.x) + 1 - region.width, 2 * (rows - region.y) + 1 - region.height
        owned |= (across * region.height) ** 2 + (down * region.width) ** 2 <= (region.width * region.height) ** 2
    np.testing.assert_array_equal(shown[owned], NOISE[owned])
    np.testing.assert_array_equal(shown[~owned], lossy[~owned])
    assert (
        "windows could not be restored"
        in problem(
            client.post("/v1/perturb", SMALL_PNG, BOX | {"format": "jpg", "protect": "windows"}), 422, "bad-options"
        )["detail"]
    )
    forever = client.post("/v1/perturb", SMALL_PNG, BOX | {"format": "jpg", "seals": "none"})
    assert forever.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"protect": "clear"}, "hides nothing"),
        ({"protect": "hearts"}, "must be one of"),
        ({"protect": "mosaic:hearts=3"}, "takes window, cells"),
        ({"protect": "mosaic:cells=none"}, "whole number"),
        ({"protect": "cae"}, "needs a file of what it has learnt"),
        ({"protect": "cae:model=/etc/passwd"}, "names a file"),
        ({"protect": "surrogate:template=/etc/passwd"}, "names a file"),
        ({"protect": "ksame:faces=/etc/passwd"}, "names a file"),
        ({"protect": "x" * 201}, "at most 200"),
        ({"protect": "mosaic", "cells": 4}, "its own strength"),
        ({"protect": "surrogate", "psnr": 20}, "its own strength"),
        ({"protect": "surrogate", "shape": "ellipse"}, "no grow or shape"),
        ({"protect": "camouflage", "grow": "head"}, "no grow or shape"),
        ({"purpose": "paper", "protect": "mosaic"}, "purpose=paper means windows"),
        ({"purpose": "publish", "cells": 4}, "strength options mean windows"),
        ({"protect": "windows", "seals": "beside"}, "windows come back by their key"),
        ({"protect": "windows", "seals": "none"}, "windows come back by their key"),
        ({"key_id": "one-time", "seals": "inside"}, "no seal is made"),
        ({"key_id": "one-time", "reproducible": "true"}, "reproducible needs a key"),
        ({"key_id": "one-time", "face_keys": "true"}, "face_keys needs a key"),
        ({"protect": "windows:cells=4", "face_keys": "true"}, "face_keys is for what is sealed"),
        ({"min_score": 0.1}, "greater than or equal to 0.2"),
        ({"format": "gif"}, "'png', 'webp', 'tiff' or 'jpg'"),
        ({"purpose": "fun"}, "'publish', 'archive' or 'paper'"),
        ({"region": "0,0,60000,60000"}, "ellipse of 65535"),
        ({"region": "0,0,9000,9000"}, "up to 16777216 pixels"),
        ({"protect": "windows:window=9223372036854775808"}, "window must be at most 2147483647"),
        ({"protect": "mosaic:window=9223372036854775808"}, "window must be at most 2147483647"),
        ({"protect": "mosaic:cells=1" + 180 * "0"}, "cells must be at most 2147483647"),
        ({"protect": "camouflage", "region": "900,900,5,5"}, "must touch the image"),
    ],
)
def test_what_a_request_may_not_ask_for(client, options, text):
    for path in ("perturb", "preview"):
        document = problem(client.post(f"/v1/{path}", SMALL_PNG, BOX | options), 422, "bad-options")
        assert text in document["detail"]
        assert "passwd" not in json.dumps(document)


def test_reproducible(client):
    def ask(**options):
        return client.post("/v1/perturb", SMALL_PNG, BOX | options).content

    assert ask(reproducible="true") == ask(reproducible="true")
    assert ask() != ask()


def test_face_keys_are_given_to_who_asks(client):
    for options in ({}, {"protect": "windows"}):
        facts = client.post("/v1/perturb", encoded(NOISE), BOXES | options | {"face_keys": "true"}, headers=JSON).json()
        hidden, record = pixels_of(base64.b64decode(facts["image"])), fp.Record.from_json(json.dumps(facts["record"]))
        keys = [fp.FaceKey.from_text(text) for text in facts["face_keys"]]
        for key in reversed(keys):
            hidden = fp.restore(hidden, record, key)
        np.testing.assert_array_equal(hidden, NOISE)
    answer = client.post("/v1/perturb", encoded(NOISE), BOXES | {"face_keys": "true"}, headers={"Accept": "image/png"})
    assert "fpface2_" not in str(answer.headers)


def test_the_preview_of_what_is_drawn(client, astronaut):
    facts = client.post("/v1/preview", encoded(astronaut), {"protect": "surrogate"}).json()
    hidden = pixels_of(base64.b64decode(facts["image"]))
    np.testing.assert_array_equal(pixels_of(base64.b64decode(facts["view"])), hidden)
    assert facts["measures"]["psnr"] == fp.psnr(astronaut, hidden)
    seen = facts["measures"]["faces"]
    assert seen["view_before"] == seen["view_after"] == seen["after"]
    assert len(seen["before"]) == len(seen["after"]) == 1
    beside = client.post("/v1/preview", encoded(astronaut), {"purpose": "publish"}).json()
    record = fp.Record.from_json(json.dumps(beside["record"])).with_beside(base64.b64decode(beside["seals"]))
    np.testing.assert_array_equal(fp.restore(pixels_of(base64.b64decode(beside["image"])), record, KEY), astronaut)


def test_the_view_of_what_is_drawn_is_what_it_shows(client):
    hidden = client.post("/v1/perturb", SMALL_PNG, BOX, headers=PNG).content
    np.testing.assert_array_equal(pixels_of(client.post("/v1/view", hidden).content), pixels_of(hidden))
    mosaic = client.post("/v1/compare", files={"before": SMALL_PNG, "after": hidden}, params={"inside": "true"}).json()
    assert mosaic["psnr"] < 20


def test_the_set_up_names_what_there_is(client):
    info = client.get("/v1/info").json()
    assert info["protect"] == {"default": "surrogate:tone=around", "names": PROTECTIONS}
    for name in set(PROTECTIONS) - {"features", "parts"}:
        assert client.post("/v1/perturb", SMALL_PNG, BOX | {"protect": name}).status_code == 200
    numbers = client.get("/metrics").text
    for name in set(PROTECTIONS) - {"features", "parts"}:
        assert f'fastperturb_protections_total{{protection="{name}"}}' in numbers
    for text in (" mosaic :6", "mosaic=6?shape=ellipse", "mosaic?cells=4"):
        assert client.post("/v1/perturb", SMALL_PNG, BOX | {"protect": text}).status_code == 200
    assert client.get("/metrics").text.count("fastperturb_protections_total{") == numbers.count("protections_total{")
