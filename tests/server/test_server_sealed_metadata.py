"""What the service seals of an upload beside its faces, and gives back: metadata, name, time, or the very file."""

import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from file_cases import saved
from jpeg_cases import coefficients, jpeg, picture
from metadata_files import described, traces
from PIL import Image
from server_cases import KEY, OTHER_KEY, Client, archived, encoded, pixels_of, problem, record_in
from server_vault import change, make_vault

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import pack_sealed, read_metadata, write_image
from fastperturb.files.metadata_record import sealed_file
from fastperturb.files.metadata_sealed import SealedFile

BOX = {"region": "20,30,60,70"}
KINDS = {"JPEG": "IMG 1.JPG", "PNG": "b.png", "WEBP": "c.webp", "TIFF": "d.tif"}
TIME = 1_600_000_000_123
WHEN = "Sun, 13 Sep 2020 12:26:40 GMT"


@pytest.fixture(scope="module")
def client():
    return Client()


def upload(kind):
    return described(picture(), kind)


def protected(client, name, data, params=None):
    return client.post("/v1/perturb", files={"image": (name, data)}, params=BOX | {"changed": TIME} | (params or {}))


def restored(client, data, params=None, key=KEY, **more):
    files = {"image": ("x", data), "key": ("key", key.to_text().encode())}
    return client.post("/v1/restore", files=files, params=params, **more)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protect", ["surrogate", "windows"])
def test_metadata_name_and_time_come_back(client, kind, protect):
    data, name = upload(kind), KINDS[kind]
    answer = protected(client, name, data, {"protect": protect})
    assert answer.headers["fastperturb-metadata"] == "sealed"
    assert not traces(answer.content)
    back = restored(client, answer.content)
    assert back.headers["fastperturb-metadata"] == "restored"
    assert back.headers["last-modified"] == WHEN
    before, after = read_metadata(data), read_metadata(back.content)
    assert (after.exif, after.xmp, after.icc) == (before.exif, before.xmp, before.icc)
    if kind == "JPEG" and protect == "windows":
        name = "IMG 1.png"
    else:
        assert after == before
    assert back.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name.replace(' ', '%20')}"
    facts = restored(client, answer.content, headers={"Accept": "application/json"}).json()
    assert (facts["name"], facts["changed"], facts["metadata"], facts["exact_file"]) == (name, TIME, "restored", False)
    if protect == "surrogate" and kind == "JPEG":
        assert np.array_equal(coefficients(back.content), coefficients(data))
    else:
        assert np.array_equal(pixels_of(back.content), pixels_of(data))


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_restores_what_the_service_sealed_and_the_other_way_round(client, here, kind):
    data, name = upload(kind), KINDS[kind]
    KEY.to_file("service.key")
    (here / "out").mkdir()
    (here / "out" / f"x{name[-4:]}").write_bytes(protected(client, name, data).content)
    assert run(["restore", "out", "-o", "back", "--key-file", "service.key"]) == 0
    assert read_metadata((here / "back" / name).read_bytes()) == read_metadata(data)
    assert (here / "back" / name).stat().st_mtime_ns == TIME * 10**6
    (here / name).write_bytes(data)
    (here / "boxes.json").write_text(json.dumps({name: [[20, 30, 60, 70]]}))
    keyed = ("--key-file", "service.key", "--boxes", "boxes.json")
    assert run(["perturb", name, "-o", "y", *keyed]) == 0
    back = restored(client, (here / "y" / name).read_bytes())
    assert read_metadata(back.content) == read_metadata(data)
    assert name.replace(" ", "%20") in back.headers["content-disposition"]


TYPES = {
    "a.jpg": "image/jpeg",
    "b.bmp": "image/bmp",
    "c.png": "image/png",
    "d.ppm": "image/x-portable-pixmap",
    "e.webp": "image/webp",
    "f.heic": "image/heic",
    "g.avif": "image/avif",
}


def original(name):
    """A file of the format that a name says."""
    shown, buffer = Image.fromarray(picture()), io.BytesIO()
    if name == "a.jpg":
        return jpeg() + b"behind the end"
    if name == "f.heic":
        pillow_heif = pytest.importorskip("pillow_heif")
        try:
            pillow_heif.from_pillow(shown).save(buffer, quality=95)
        except RuntimeError as error:
            pytest.skip(f"no encoder of HEIC: {error}")
        return buffer.getvalue()
    if name == "g.avif":
        pytest.importorskip("PIL.AvifImagePlugin")
    return saved(shown, name[2:].upper())


@pytest.mark.parametrize("name", TYPES)
def test_the_very_file_comes_back(client, name):
    data = original(name)
    answer = protected(client, name, data, {"exact_file": "true"})
    back = restored(client, answer.content)
    assert back.content == data
    assert back.headers["content-type"] == TYPES[name]
    assert back.headers["fastperturb-exact-file"] == "true"
    assert back.headers["content-disposition"].endswith(name)
    as_tiff = restored(client, answer.content, {"format": "tiff"})
    assert as_tiff.headers["fastperturb-exact-file"] == "false"
    assert np.array_equal(pixels_of(as_tiff.content), pixels_of(data))
    for protect in ("windows", "mosaic"):
        other = protected(client, name, data, {"exact_file": "true", "protect": protect})
        assert restored(client, other.content).content == data


def test_the_very_file_needs_a_key_and_room(client, monkeypatch):
    data = upload("PNG")
    problem(protected(client, "a.png", data, {"exact_file": "true", "key_id": "one-time"}), 422, "bad-options")
    monkeypatch.setattr("fastperturb.files.exact_bytes._MOST", 1000)
    told = problem(protected(client, "a.png", data, {"exact_file": "true"}), 422, "bad-options")
    assert "without exact_file its pixels come back all the same" in told["detail"]
    monkeypatch.setattr("fastperturb.files.exact_bytes._MOST", 10)
    problem(protected(client, "a.jpg", upload("JPEG"), {"exact_file": "true"}), 422, "bad-options")


def test_nothing_is_sealed_where_nobody_could_open_it_or_wants_it(client):
    data = upload("JPEG")
    for params in ({"drop_metadata": "true"}, {"key_id": "one-time"}, {"seals": "none"}):
        answer = protected(client, "a.jpg", data, params)
        assert answer.headers["fastperturb-metadata"] == "none"
    back = restored(client, protected(client, "a.jpg", data, {"drop_metadata": "true"}).content)
    assert back.headers["fastperturb-metadata"] == "none"
    assert "content-disposition" not in back.headers
    assert read_metadata(back.content).exif == b""


def test_a_picture_without_anything_beside_its_pixels_costs_nothing(client):
    data = encoded(picture())
    answer = client.post("/v1/perturb", data, BOX)
    assert answer.headers["fastperturb-metadata"] == "none"
    assert sealed_file(record_in(answer.content), KEY) is None
    named = sealed_file(record_in(protected(client, "a.png", data).content), KEY)
    assert (named.name, named.format, named.changed) == ("a.png", "PNG", TIME * 10**6)


def test_several_pictures_each_have_their_time(client):
    astronaut = pytest.importorskip("skimage.data").astronaut()
    files = [("image", (f"{number}.png", encoded(astronaut))) for number in range(2)]
    params = {"min_score": 0.2, "changed": [TIME, TIME + 1000]}
    answer = client.post("/v1/perturb", files=files, params=params)
    found = archived(answer)
    for number in range(2):
        sealed = sealed_file(record_in(found[f"{number}.png"]), KEY)
        assert (sealed.name, sealed.changed) == (f"{number}.png", (TIME + 1000 * number) * 10**6)
    problem(client.post("/v1/perturb", files=files, params={"changed": TIME}), 422, "bad-options")


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a\nb.png", "", "é ü.png", "x" * 2000 + ".png", 'a"b.png'])
def test_names_that_are_sent(client, name):
    answer = protected(client, name or "x", upload("PNG"))
    assert answer.status_code == 200
    back = restored(client, answer.content)
    assert back.status_code == 200
    shown = back.headers.get("content-disposition", "")
    assert "/" not in shown.replace("UTF-8''", "")
    assert ".." not in shown
    assert "\n" not in shown
    if name == "é ü.png":
        assert shown == "attachment; filename*=UTF-8''%C3%A9%20%C3%BC.png"


def test_a_seal_that_is_damaged_keeps_no_face_away(client):
    pixels = picture()
    for rest in (b"fastperturb metadata\1", pack_sealed(SealedFile("a.png", "PNG", 2**62, b"no chunks"))):
        hidden, record = fp.perturb(pixels, [(20, 30, 60, 70)], KEY, fp.Surrogate(), metadata=rest)
        back = restored(client, saved_with(hidden, record))
        assert back.status_code == 200
        assert back.headers["fastperturb-metadata"] == "damaged"
        assert np.array_equal(pixels_of(back.content), pixels)


def saved_with(pixels, record):
    """The bytes of a PNG with its record."""
    with TemporaryDirectory() as folder:
        write_image(Path(folder, "a.png"), pixels, record)
        return Path(folder, "a.png").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_forgetting_a_face_erases_metadata_too(client, kind):
    hidden = protected(client, KINDS[kind], upload(kind)).content
    assert sealed_file(record_in(hidden), KEY) is not None
    for params, faces in (({}, "erased"), ({"regions": 0}, "erased"), ({"metadata": "true"}, "here")):
        answer = change(make_vault(), "forget", "forget", params, image=(KINDS[kind], hidden))
        assert answer.status_code == 200, answer.text
        record = record_in(answer.content)
        assert record.entries[0].state == faces
        assert sealed_file(record, KEY) is None
        assert record.rest.state == "erased"
    back = restored(client, answer.content)
    assert back.headers["fastperturb-metadata"] == "none"
    assert np.array_equal(pixels_of(back.content), pixels_of(upload(kind)))
    problem(
        change(make_vault(), "forget", "forget", {"metadata": "true", "regions": 0}, image=("a", hidden)),
        422,
        "bad-options",
    )


def test_other_recipients_open_what_is_sealed_beside_faces_too(client):
    hidden = protected(client, "b.png", upload("PNG")).content
    record = fp.rekey(record_in(hidden), KEY, OTHER_KEY)
    assert sealed_file(record, OTHER_KEY).name == "b.png"


def test_one_face_brings_no_name(client):
    answer = protected(client, "b.png", upload("PNG"), {"face_keys": "true"})
    back = restored(client, answer.content, {"only": 0})
    assert back.headers["fastperturb-metadata"] == "none"
    assert read_metadata(back.content).exif == b""


def test_what_is_lost_is_told(client):
    answer = client.post(
        "/v1/perturb",
        files={"image": ("a.jpg", upload("JPEG"))},
        params=BOX | {"protect": "windows"},
        headers={"Accept": "application/json"},
    )
    assert any("a JPEG comes back as a PNG of the same pixels; exact_file" in note for note in answer.json()["notes"])
    assert answer.json()["metadata_sealed"] is True
