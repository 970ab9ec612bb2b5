"""Rows: the same bits at every attempt, nothing protected twice, nothing of others replaced, errors as values."""

import json
import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest
from cli_cases import tree

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image
from fastperturb.files.reading import decode
from fastperturb.integrations.key_places import KeyPlace
from fastperturb.integrations.protector import FaceOptions
from fastperturb.integrations.rows import MARK_TEXT, RowJob, RowWorker


@pytest.fixture
def job(here):
    return RowJob(key=KeyPlace(str(here / "my.key")), output=str(here / "out"), root=str(here))


@pytest.fixture
def secret(here):
    return fp.Key.from_file(here / "my.key")


def test_files_are_what_a_local_call_gives(here, job, astronaut, secret):
    result = RowWorker(job)(str(here / "face.png"), None)
    assert (result.status, result.output, result.error) == ("perturbed", str(here / "out" / "face.png.png"), None)
    drawing = fp.Surrogate(tone="around")
    hidden, record = fp.perturb(astronaut, fp.locate(astronaut), secret, drawing, reproducible=True, surroundings=True)
    assert np.array_equal(read_image(result.output).pixels, hidden)
    assert result.record == record.to_json()
    assert read_record(result.output) == record


@pytest.mark.parametrize("options", [[], ["--protect", "windows"], ["--protect", "mosaic:6"]])
def test_files_are_what_the_command_line_gives(here, job, options):
    method = FaceOptions(protection=options[-1] if options else None)
    result = RowWorker(replace(job, options=method))(str(here / "face.png"), None)
    command = [
        "perturb",
        "face.png",
        "-o",
        "local.png",
        "--key-file",
        "my.key",
        "--reproducible",
        "--drop-metadata",
        "-q",
    ]
    assert run([*command, *options]) == 0
    assert np.array_equal(read_image(result.output).pixels, read_image("local.png").pixels)
    assert read_record(result.output) == read_record("local.png")


def test_bytes_in_bytes_out(here, job, astronaut, secret):
    data = (here / "face.png").read_bytes()
    result = RowWorker(RowJob(key=job.key))(None, data)
    picture = decode(result.image)
    record = fp.Record.from_json(picture.texts["fastperturb-record"])
    assert result.record == record.to_json()
    assert np.array_equal(fp.restore(picture.pixels, record, secret), astronaut)
    assert RowWorker(RowJob(key=job.key))(None, data) == result


def test_a_second_attempt_changes_nothing(here, job):
    worker = RowWorker(job)
    first = worker(str(here / "face.png"), None)
    before = (here / "out/face.png.png").stat()
    second = RowWorker(job)(str(here / "face.png"), (here / "face.png").read_bytes())
    assert (second.status, second.record, second.output) == ("unchanged", first.record, first.output)
    assert (here / "out/face.png.png").stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("nameless", [True, False], ids=["nameless files", "hidden names"])
def test_attempts_at_the_same_time_write_one_file(here, job, monkeypatch, nameless):
    """As where one path stands twice in a data set."""
    if not nameless:
        monkeypatch.setattr("fastperturb.files.atomic._nameless", lambda *_where: None)
    results = []
    barrier = threading.Barrier(4)

    def attempt():
        worker = RowWorker(job)
        barrier.wait()
        results.append(worker(str(here / "face.png"), None))

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {result.status for result in results} <= {"perturbed", "unchanged"}
    perturbed = [result.status for result in results].count("perturbed")
    assert perturbed == 1 if nameless else perturbed >= 1  # hidden names take each other's place, with the same bytes
    assert len({result.record for result in results}) == 1
    assert tree(here / "out") == ["face.png.png"]


def test_what_is_protected_is_not_protected_again(here, job, astronaut, secret):
    worker = RowWorker(job)
    once = worker(str(here / "face.png"), None)
    again = worker(once.output, None)
    assert (again.status, again.image, again.output) == ("protected before", None, None)
    assert again.error == "it is protected already and has a record; restore it first"
    assert RowWorker(RowJob(key=job.key))(None, (here / "out/face.png.png").read_bytes()).status == "protected before"
    write_image("beside.bmp", astronaut, fp.perturb(astronaut, (0, 0, 9, 9), secret)[1])
    assert worker(str(here / "beside.bmp"), None).status == "protected before"
    assert tree(here / "out") == ["face.png.png"]


@pytest.mark.parametrize("change", ["input", "options", "key"])
def test_a_file_that_is_another_result_stays(here, job, change):
    assert RowWorker(job)(str(here / "face.png"), None).status == "perturbed"
    before = (here / "out/face.png.png").read_bytes()
    changes = {}
    if change == "input":
        write_image("face.png", read_image("face.png").pixels[:-1])
    elif change == "options":
        changes["options"] = FaceOptions(protection=fp.Strength(cells=3))
    else:
        fp.Key.generate().to_file("other.key")
        changes["key"] = KeyPlace("other.key")
    parts = {"key": job.key, "output": job.output, "root": job.root, **changes}
    result = RowWorker(RowJob(**parts))(str(here / "face.png"), None)
    assert result.status == "failed"
    assert "it is not the result of this input, key and options" in result.error
    assert (here / "out/face.png.png").read_bytes() == before
    assert RowWorker(RowJob(**parts, overwrite=True))(str(here / "face.png"), None).status == "perturbed"
    assert (here / "out/face.png.png").read_bytes() != before


def test_a_damaged_output_is_not_taken_for_done(here, job):
    result = RowWorker(job)(str(here / "face.png"), None)
    whole = (here / "out/face.png.png").read_bytes()
    (here / "out/face.png.png").write_bytes(whole[:-40])
    assert RowWorker(job)(str(here / "face.png"), None).status == "failed"
    parts = {"key": job.key, "output": job.output, "root": job.root}
    assert RowWorker(RowJob(**parts, overwrite=True))(str(here / "face.png"), None) == result
    assert (here / "out/face.png.png").read_bytes() == whole


def test_rows_that_fail(here, job):
    worker = RowWorker(job)
    (here / "broken.png").write_bytes((here / "face.png").read_bytes()[:5000])
    (here / "notes.txt").write_text("x")
    write_image("plain.png", np.full((90, 80), 7, np.uint8))
    found = {
        name: worker(None if name is None else str(here / name), None)
        for name in ("broken.png", "notes.txt", "plain.png", "missing.jpg", None)
    }
    assert [(result.status, result.error.split(":")[0]) for result in found.values()] == [
        ("failed", "ImageFileError"),
        ("failed", "ImageFileError"),
        ("no face", "no face found; no_face='whole' protects such images as a whole"),
        ("failed", "FileNotFoundError"),
        ("failed", "ValueError"),
    ]
    assert not (here / "out").exists()
    small = RowJob(key=job.key, max_pixels=1000)
    assert "more than the limit of 1000" in RowWorker(small)(str(here / "face.png"), None).error


def test_paths_stay_below_the_output(here, job):
    data = (here / "face.png").read_bytes()
    for path in ("/elsewhere/a.png", str(here / "sub" / ".." / ".." / "a.png")):
        result = RowWorker(job)(path, data)
        assert (result.status, result.error.split(":")[0]) == ("failed", "ValueError")
    flat = RowJob(key=job.key, output=job.output)
    assert RowWorker(flat)("bucket/deep/a.png", data).output == str(here / "out" / "a.png.png")


@pytest.mark.parametrize(
    "output", ["s3://bucket/out", "file:///tmp/out", "gs://b", "hdfs://host:1/b", "s3:/bucket", "cache::s3://b"]
)
def test_an_address_is_no_place_to_write_to(here, output):
    with pytest.raises(ValueError, match="output must be a path of a file system that all machines mount, got"):
        RowJob(output=output)
    with pytest.raises(ValueError, match="the key's file must be a path of a file system"):
        RowJob(key=KeyPlace(output))
    assert tree(here) == ["face.png", "my.key"]


def test_relative_places_are_those_of_who_makes_the_job(here, monkeypatch):
    job = RowJob(key=KeyPlace("my.key"), output="out", root=str(here))
    sent = pickle.dumps(job)
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    result = RowWorker(pickle.loads(sent))(str(here / "face.png"), None)  # noqa: S301
    assert result.output == str(here / "out" / "face.png.png")
    assert (here / "out" / "face.png.png").exists()
    assert tree(here / "elsewhere") == []


def test_an_address_is_no_file_to_read(here, job):
    for path in ("s3://bucket/face.png", "file:///face.png"):
        result = RowWorker(job)(path, None)
        assert result.status == "failed"
        assert "a path must be of a file system that this machine mounts" in result.error
    data = (here / "face.png").read_bytes()
    parts = {"key": job.key, "output": job.output, "root": "s3://bucket/in"}
    assert RowWorker(RowJob(**parts))("s3://bucket/in/a/face.png", data).output == str(here / "out/a/face.png.png")


def test_a_job_gets_the_id_of_the_key_that_is_here(here, secret, monkeypatch):
    job = RowJob(key=KeyPlace("my.key"))
    assert job.with_key_id().key == KeyPlace(str(here / "my.key"), key_id=secret.id)
    named = RowJob(key=KeyPlace("nowhere.key", key_id="0" * 16))
    assert named.with_key_id() == named  # where the job is made, there need be no key
    with pytest.raises(ValueError, match=r"key_id must be given .* \(FileNotFoundError"):
        RowJob(key=KeyPlace("nowhere.key")).with_key_id()


def test_no_face_passed_on_or_whole(here, job, secret):
    plain = np.random.default_rng(0).integers(120, 125, (90, 80), np.uint8)
    write_image("plain.png", plain)
    data = (here / "plain.png").read_bytes()
    passed = RowWorker(RowJob(key=job.key, options=FaceOptions(no_face="pass")))(None, data)
    assert (passed.status, passed.record) == ("passed", None)
    assert np.array_equal(decode(passed.image).pixels, plain)
    whole = RowWorker(RowJob(key=job.key, options=FaceOptions(no_face="whole")))(None, data)
    record = fp.Record.from_json(whole.record)
    assert record.regions[0].region == fp.Region(0, 0, 80, 90)
    assert np.array_equal(fp.restore(decode(whole.image).pixels, record, secret), plain)


def test_a_job_never_holds_a_key(here, job, secret):
    assert secret._secret not in pickle.dumps(job)
    assert "fpkey1_" not in repr(job)
    with pytest.raises(TypeError, match="key must be a KeyPlace, for a key would travel in the clear, got Key"):
        RowJob(key=secret)
    with pytest.raises(TypeError, match=r"options\.detector must be text or None"):
        RowJob(options=FaceOptions(detector=fp.faces.YuNet()))


def test_a_machine_without_the_key_stops(here, job, secret, monkeypatch):
    with pytest.raises(FileNotFoundError):
        RowWorker(RowJob(key=KeyPlace("nowhere.key")))
    with pytest.raises(KeyError, match="FASTPERTURB_KEY"):
        RowWorker(RowJob())
    monkeypatch.setenv("OTHER", secret.to_text())
    assert KeyPlace(variable="OTHER", key_id=secret.id).load() == secret
    with pytest.raises(ValueError, match=f"OTHER must hold the key {'0' * 16}, got the key {secret.id}"):
        RowWorker(RowJob(key=KeyPlace(variable="OTHER", key_id="0" * 16)))


def test_marks_are_keyed(here, job, secret):
    fp.Key.generate().to_file("other.key")
    marks = set()
    for name in ("my.key", "other.key"):
        result = RowWorker(RowJob(key=KeyPlace(name)))(None, (here / "face.png").read_bytes())
        marks.add(decode(result.image).texts[MARK_TEXT])
    assert len(marks) == 2


def test_options_survive_json():
    options = FaceOptions(
        protection=fp.Strength(window=9, psnr=24.0),
        detector="yunet?threshold=0.5",
        grow=(0.1, 0.2, 0.3, 0.4),
        shape="ellipse",
    )
    assert FaceOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options
    with pytest.raises(ValueError, match="no_face must be 'raise', 'whole' or 'pass', got 'skip'"):
        FaceOptions(no_face="skip")
    with pytest.raises(ValueError, match="a detector must be one of yunet"):
        FaceOptions(detector="younet")


def test_rows_of_one_file_name_do_not_replace_each_other(here, job):
    for folder in ("one", "two"):
        (here / folder).mkdir()
        write_image(here / folder / "face.png", read_image("face.png").pixels[: None if folder == "one" else -1])
    rows = [str(here / folder / "face.png") for folder in ("one", "two")]
    with pytest.raises(ValueError, match="overwrite needs a root: without one rows of one file name"):
        RowJob(key=job.key, output=job.output, overwrite=True)
    flat = RowWorker(RowJob(key=job.key, output=str(here / "flat")))
    assert [flat(path, None).status for path in rows] == ["perturbed", "failed"]
    deep = RowWorker(RowJob(key=job.key, output=str(here / "deep"), root=str(here), overwrite=True))
    assert [deep(path, None).status for path in rows] == ["perturbed", "perturbed"]
    assert RowJob(key=job.key, overwrite=True).output is None, "bytes in columns have no names"
