"""Several images in one request: each has its own result or problem, and nothing that failed is called a success."""

import base64
import email.parser
import email.policy
import json

import numpy as np
import pytest
from server_cases import KEY, SMALL_PNG, Client, archived, brought_back, encoded, pixels_of, problem

import fastperturb as fp
from fastperturb.server import KeyRing, Limits, Settings

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def client():
    return Client()


@pytest.fixture(scope="module")
def faces(astronaut):
    """Three photographs of one face, each of another size."""
    return [np.ascontiguousarray(astronaut[:side, :side]) for side in (300, 320, 340)]


def parts(*images):
    return [("image", (name, data)) for name, data in images]


def send(client, images, options=None, headers=None, more=()):
    return client.post("/v1/perturb", files=[*parts(*images), *more], params=options, headers=headers)


def test_each_is_protected_and_restores(client, faces):
    images = [(f"{name}.png", encoded(face)) for name, face in zip("abc", faces, strict=True)]
    answer = send(client, images)
    assert answer.status_code == 200
    assert (answer.headers["fastperturb-images"], answer.headers["fastperturb-failed"]) == ("3", "0")
    files = archived(answer)
    assert set(files) == {"a.png", "b.png", "c.png", "facts.json"}
    for name, face in zip("abc", faces, strict=True):
        np.testing.assert_array_equal(brought_back(files[f"{name}.png"]), face)
    told = json.loads(files["facts.json"])["images"]
    assert [(item["number"], item["name"], item["files"]) for item in told] == [
        (number, f"{name}.png", [f"{name}.png"]) for number, name in enumerate("abc", 1)
    ]
    assert all("record" not in item and item["reversible"] for item in told)


def test_all_options_count_for_each(client, faces):
    options = {"protect": "mosaic:cells=5", "seals": "beside", "format": "tiff"}
    files = archived(send(client, [("a.png", encoded(faces[0])), ("b.png", encoded(faces[1]))], options))
    assert set(files) == {"a.tiff", "a.tiff.seal", "b.tiff", "b.tiff.seal", "facts.json"}
    own = fp.Key.generate()
    images = [("a.png", encoded(faces[0])), ("b.png", encoded(faces[1]))]
    answer = send(client, images, headers=JSON, more=[("to", own.public().to_text())]).json()["images"]
    for item, face in zip(answer, faces, strict=False):
        np.testing.assert_array_equal(brought_back(base64.b64decode(item["image"]), own), face)


def test_what_fails_says_so_and_is_not_passed_on(client, faces):
    protected = send(client, [("x", encoded(faces[0])), ("y", encoded(faces[1]))])
    already = (
        archived(protected)["image-1.png"] if "image-1.png" in archived(protected) else archived(protected)["x.png"]
    )
    images = [
        ("good.png", encoded(faces[0])),
        ("nobody.png", SMALL_PNG),
        ("broken.png", encoded(faces[1])[:900]),
        ("no.svg", b"<svg/>"),
        ("done.png", already),
    ]
    answer = send(client, images)
    assert answer.status_code == 207
    assert (answer.headers["fastperturb-images"], answer.headers["fastperturb-failed"]) == ("5", "4")
    files = archived(answer)
    assert set(files) == {"good.png", "facts.json"}
    told = json.loads(files["facts.json"])["images"]
    problems = [item.get("problem", {}).get("type", "").rpartition(":")[2] for item in told]
    assert problems == ["", "no-face", "damaged-image", "unsupported-media", "already-protected"]
    assert all(item["problem"]["status"] >= 400 and item["problem"]["title"] for item in told[1:])
    assert encoded(faces[0])[60:200] not in answer.content
    numbers = client.get("/metrics").text
    assert "fastperturb_failed_images_total 4.0" in numbers


def test_when_all_fail_it_is_an_error(client):
    answer = send(client, [("a.png", SMALL_PNG), ("b.png", b"no image")])
    document = problem(answer, 422, "none-done")
    assert [item["problem"]["type"].rpartition(":")[2] for item in document["images"]] == [
        "no-face",
        "unsupported-media",
    ]


def test_other_kinds_of_answers(client, faces):
    images = [("a.png", encoded(faces[0])), ("b.png", SMALL_PNG), ("c.png", encoded(faces[2]))]
    told = send(client, images, {"seals": "beside"}, headers=JSON).json()["images"]
    assert [item["number"] for item in told] == [1, 2, 3]
    assert set(told[1]) == {"number", "name", "problem"}
    for item, face in ((told[0], faces[0]), (told[2], faces[2])):
        record = fp.Record.from_json(json.dumps(item["record"])).with_beside(base64.b64decode(item["seals"]))
        np.testing.assert_array_equal(brought_back(base64.b64decode(item["image"]), KEY, record), face)
    answer = send(client, images, {"seals": "beside"}, headers={"Accept": "multipart/form-data"})
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    found = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.content).get_payload()
    names = [part.get_param("name", header="content-disposition") for part in found]
    assert names == ["facts", "image-1", "seals-1", "image-3", "seals-3"]
    assert pixels_of(found[1].get_payload(decode=True)).shape == faces[0].shape
    problem(send(client, images, headers={"Accept": "image/png"}), 406, "not-acceptable")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["../../etc/x.png", "/home/ann/y.png"], ["x.png", "y.png"]),
        (["C:\\Users\\ann\\x.jpg", "..\\x.png"], ["x.png", "x-2.png"]),
        (["a.png", "a.jpg", "A.PNG"], ["a.png", "a-2.png", "A-3.png"]),
        (["..", "."], ["image-1.png", "image-2.png"]),
        ([".hidden.png", "x" * 300], ["hidden.png", "x" * 80 + ".png"]),
        (["facts.json", "Zo\u00eb.png", "\u202egnp.b"], ["facts.png", "Zo\u00eb.png", "_gnp.png"]),
        (["%0D%0AX: 1.png", "a;b=\u0000.png"], ["_0D_0AX_ 1.png", "a_b__.png"]),
    ],
)
def test_names_are_names_and_never_paths(client, faces, names, expected):
    head = b'--XX\r\nContent-Disposition: form-data; name="image"; filename="%s"\r\n\r\n%s\r\n'
    data = encoded(faces[0])
    body = b"".join(head % (name.replace("\\", "\\\\").encode(), data) for name in names) + b"--XX--\r\n"
    form = {"Content-Type": "multipart/form-data; boundary=XX"}
    answer = client.post("/v1/perturb", body, headers=form)
    assert sorted(set(archived(answer)) - {"facts.json"}) == sorted(expected)


def test_what_several_may_cost(faces):
    data = [encoded(face) for face in faces]
    limits = Limits(pixels=300 * 300 + 320 * 320, images=4)
    client = Client(Settings(keys=KeyRing.of(KEY), limits=limits))
    answer = send(client, [("a", data[0]), ("b", data[1]), ("c", data[2])])
    assert answer.status_code == 207
    told = json.loads(archived(answer)["facts.json"])["images"]
    assert told[2]["problem"]["type"].endswith("too-many-pixels")
    assert "together" in told[2]["problem"]["detail"]
    problem(send(client, [("a", data[0])] * 5), 422, "bad-parts")
    size = len(client.post("/v1/perturb", data[0]).content)
    tight = Limits(body_bytes=max(len(data[0]) + len(data[1]), size) + 2000, pixels=10**6, result_bytes=1)
    answer = send(Client(Settings(keys=KeyRing.of(KEY), limits=tight)), [("a", data[0]), ("b", data[1])])
    told = json.loads(archived(answer)["facts.json"])["images"]
    assert [item.get("problem", {}).get("type", "").rpartition(":")[2] for item in told] == ["", "result-too-large"]


def test_what_is_for_one_image(client, faces):
    images = [("a.png", encoded(faces[0])), ("b.png", encoded(faces[1]))]
    assert "one image" in problem(send(client, images, {"region": "1,1,9,9"}), 422, "bad-options")["detail"]
    for path in ("preview", "locate", "restore", "view"):
        answer = client.post(f"/v1/{path}", files=[*parts(*images), *[("key", KEY.to_text())] * (path == "restore")])
        problem(answer, 422, "bad-parts")


def test_time_that_is_up_is_an_error_of_all():
    client = Client(Settings(keys=KeyRing.of(KEY), limits=Limits(seconds=0.001)))
    large = encoded(np.zeros((1500, 1500, 3), np.uint8))
    problem(send(client, [("a", large), ("b", large)]), 503, "timeout")
