"""The study's configuration: every key is checked, unknown ones are errors."""

import sys

import pytest

from fastperturb.evaluation.study import StudyConfig, build_study, make_config, read_config
from fastperturb.faces import DetectorInfo


def test_a_file(tmp_path):
    if sys.version_info < (3, 11):
        pytest.importorskip("tomli")
    path = tmp_path / "study.toml"
    path.write_text(
        'data = "att"\nprofile = "quick"\nprotections = ["mosaic:16"]\nseed = 3\n'
        "[detector_limits]\nslow = 4\n[aims]\nrank1 = 0.2\n"
    )
    config = read_config(path)
    assert (config.profile, config.protections, config.seed) == ("quick", ("mosaic:16",), 3)
    assert config.aims.rank1 == 0.2
    assert config.filled().detector_limits == {"dlib-mmod": 10, "slow": 4}
    assert config.filled().protections == ("clear", "mosaic:16", "black")
    path.write_text("seed = [")
    with pytest.raises(ValueError, match=r"study\.toml: "):
        read_config(path)
    path.write_text("data = " + "[" * 3000 + "]" * 3000)
    with pytest.raises(ValueError, match=r"study\.toml: it is nested too deeply"):
        read_config(path)
    path.write_text("protections = 5")
    with pytest.raises(TypeError, match=r"study\.toml: protections must be a list of texts, got 5"):
        read_config(path)
    path.write_text("colour = 1")
    with pytest.raises(ValueError, match=r"study\.toml: unknown key colour; there are data, profile"):
        read_config(path)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"sede": 1}, ValueError, "unknown key sede"),
        ({"aims": {"rank": 1}}, ValueError, r"unknown key aims\.rank; there are rank1, recall"),
        ({"aims": {"rank1": 2}}, ValueError, r"aims\.rank1 must be 0 to 1, got 2"),
        ({"aims": 3}, TypeError, "aims must be a table, got 3"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": "a"}, TypeError, "seed must be a whole number, got 'a'"),
        ({"seed": None}, TypeError, "seed must be a whole number"),
        ({"people": 1}, ValueError, "people must be at least 2, got 1"),
        ({"profile": "fast"}, ValueError, "profile must be 'quick' or 'full', got 'fast'"),
        ({"attackers": ["naive", "spy"]}, ValueError, "attackers must be of .*, got spy"),
        ({"protections": "mosaic:16"}, TypeError, "protections must be a list of texts"),
        ({"protections": ["black:", ""]}, TypeError, "protections must be a list of texts"),
        ({"detectors": ["yunet", "yunet"]}, ValueError, "detectors must be different"),
        ({"detector_limits": {"yunet": 0}}, ValueError, r"detector_limits\.yunet must be at least 1, got 0"),
        ({"detector_limits": 3}, TypeError, "detector_limits must give a number"),
        ({"data": ""}, TypeError, "data must be a text"),
        ({"enlarge": "x"}, TypeError, "enlarge must be a number"),
        ({"enlarge": 0}, ValueError, "enlarge must be a number over 0, got 0"),
        ({"enlarge": -1.5}, ValueError, "enlarge must be a number over 0, got -1.5"),
        ({"enlarge": float("inf")}, ValueError, "enlarge must be a number over 0, got inf"),
        ({"enlarge": float("nan")}, ValueError, "enlarge must be a number over 0, got nan"),
        ({"enlarge": 10**400}, ValueError, "enlarge must be a number over 0, got 1000"),
        ({"resamples": 2**63}, ValueError, "resamples must be at most 1000000, got 9223372036854775808"),
        ({"detectors": 5}, TypeError, "detectors must be a list of texts, got 5"),
        ({"recognisers": {"a": 1}}, TypeError, "recognisers must be a list of texts, got {'a': 1}"),
        ({"attackers": None}, TypeError, "attackers must be a list of texts, got None"),
    ],
)
def test_bad_values(values, error, words):
    with pytest.raises(error, match=words):
        make_config(values)


def test_older_names_of_keys_are_read():
    older, now = (
        {name: 9, table: {"haar": 3}} for name, table in (("looks", "few"), ("detector_images", "detector_limits"))
    )
    assert make_config(older) == make_config(now)
    with pytest.raises(ValueError, match="detector_images must be given once, got looks too"):
        make_config({**now, **older})


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_profiles_name_different_protections_once(profile):
    filled = StudyConfig(profile=profile).filled()
    assert filled.protections[0] == "clear"
    assert filled.protections[-1] == "black"
    assert len(set(filled.protections)) == len(filled.protections)
    assert filled.filled() == filled


def test_bad_texts(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "1.png").write_bytes(b"")
    base = {"data": f"folder:{tmp_path}", "recognisers": ["eigenfaces"], "detectors": ["yunet"]}
    for changes, words in (
        ({"protections": ["smear:3"]}, "a protection must be one of"),
        ({"protections": ["mosaic:16", "mosaic:window=16"]}, "protections must be different, got mosaic, 16 px twice"),
        ({"detectors": ["eye"]}, "a detector must be one of"),
        ({"recognisers": ["nose"]}, "a recogniser must be one of"),
        ({"locator": "eye"}, "a detector must be one of"),
        ({"detector_limits": {"nosuch": 3}}, "detector_limits must name detectors that take part, yunet, got"),
        (
            {"few": {"yunet": 3, "dlib-mmod": 3}},
            "detector_limits must name detectors that take part, yunet, got dlib-mmod",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            build_study(make_config({**base, **changes}))
    with pytest.raises(FileNotFoundError, match="no such folder"):
        build_study(make_config({**base, "data": "folder:nowhere"}))


def test_a_detector_of_the_profile_that_is_not_here_may_look_at_few(tmp_path, monkeypatch):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "1.png").write_bytes(b"")
    missing = DetectorInfo("slow", "", "built in", "", "a package", "")
    here = DetectorInfo("yunet", "", "built in", "", None, "")
    monkeypatch.setattr("fastperturb.evaluation.study.building.list_detectors", lambda: [here, missing])
    base = {"data": f"folder:{tmp_path}", "recognisers": ["eigenfaces"], "protections": ["mosaic:8"]}
    study = build_study(make_config({**base, "detector_limits": {"slow": 3}}))
    assert study.absent["slow"] == "a package"
    assert set(study.absent) <= {"slow", "restorer"}  # which needs torch
    with pytest.raises(ValueError, match="got slower"):
        build_study(make_config({**base, "detector_limits": {"slower": 3}}))
