"""Where a job writes to: one absolute folder, known before anything runs, or a refusal; never a folder named s3:."""

import pickle
from pathlib import Path

import pytest
from cli_cases import tree

from fastperturb.integrations.protector import KeyPlace
from fastperturb.integrations.rows import RowJob, RowWorker
from fastperturb.integrations.storage import storage_folder

ELSEWHERE = [
    "s3://bucket/out",
    "S3://bucket/out",
    "gs://bucket/out",
    "abfs://container@account/out",
    "hdfs:///out",
    "https://example.org/out",
    "memory://out",
    "local://out",
    "simplecache::s3://bucket/out",
    "s3:/bucket/out",  # what pathlib makes of a URL
    "file://another-machine/out",
    "file:////another-machine/out",
    "file://out",
    "file:///out%20put",
    "/data/s3://bucket",
]


@pytest.mark.parametrize("output", ELSEWHERE)
def test_what_is_no_folder_of_a_file_system_is_refused_before_anything_runs(here, output):
    with pytest.raises(ValueError, match="output must be a folder that all machines mount") as told:
        RowJob(key=KeyPlace("my.key"), output=output)
    assert repr(output) in str(told.value)
    assert "output=None" in str(told.value)
    assert tree(here) == ["face.png", "my.key"]


@pytest.mark.parametrize(
    ("output", "folder"),
    [
        ("/data/out", "/data/out"),
        ("/data/../out/", "/out"),
        (Path("/data/out"), "/data/out"),
        ("file:///data/out", "/data/out"),
        ("FILE://localhost/data/out", "/data/out"),
        ("file:/data/out", "/data/out"),
        ("file:///data/a#b?c", "/data/a#b?c"),
        ("/data/a:b/c", "/data/a:b/c"),
    ],
)
def test_folders(output, folder):
    assert storage_folder(output) == folder
    assert storage_folder(storage_folder(output)) == folder


@pytest.mark.parametrize("output", ["", "a\0b"])
def test_names_that_no_folder_has(output):
    with pytest.raises(ValueError, match="output must name a folder"):
        storage_folder(output)


def test_bytes_are_no_path():
    with pytest.raises(TypeError, match="output must be text or a path, got b'out'"):
        storage_folder(b"out")


def test_a_relative_folder_is_that_of_the_process_that_makes_the_job(here, tmp_path_factory, monkeypatch):
    job = RowJob(key=KeyPlace(str(here / "my.key")), output="out")
    assert job.output == str(here / "out")
    monkeypatch.chdir(tmp_path_factory.mktemp("worker"))  # as a worker has a folder of its own
    arrived = pickle.loads(pickle.dumps(job))  # noqa: S301
    result = RowWorker(arrived)(str(here / "face.png"), None)
    assert (result.status, result.output) == ("perturbed", str(here / "out" / "face.png.png"))
    assert Path(result.output).is_file()
    assert tree(Path.cwd()) == []


def test_a_file_url_names_what_is_written(here):
    result = RowWorker(RowJob(key=KeyPlace("my.key"), output=f"file://{here}/out"))("face.png", None)
    assert result.output == str(here / "out" / "face.png.png")
    assert Path(result.output).is_file()


@pytest.mark.parametrize("output", ["s3://bucket/out", "s3:/bucket/out"])
def test_the_program_of_folders_refuses_too(here, capsys, output):
    from fastperturb.integrations.ray.__main__ import main

    pytest.importorskip("ray")
    assert main([".", output, "--key-file", "my.key"]) == 2
    assert "output must be a folder that all machines mount" in capsys.readouterr().err
    assert tree(here) == ["face.png", "my.key"]
