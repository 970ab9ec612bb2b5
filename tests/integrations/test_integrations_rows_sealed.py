"""Rows to public keys, seals and records beside files, and marks that link nothing: nothing is protected twice."""

import os
import pickle
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from cli_cases import tree

import fastperturb as fp
from fastperturb.files import read_image, read_record, write_image
from fastperturb.files.reading import decode
from fastperturb.integrations.key_places import KeyPlace
from fastperturb.integrations.marks import FOLDER_FILE, Marks
from fastperturb.integrations.protector import FaceOptions
from fastperturb.integrations.rows import MARK_TEXT, RowJob, RowWorker

pytest.importorskip("cryptography.hazmat.primitives.hpke")

ARCHIVE = fp.Key(bytes(range(1, 33)))
NAME = "face.png.png"


@pytest.fixture
def job(here):
    """To a public key alone: nothing on this machine restores."""
    (here / "my.key").unlink()
    return RowJob(key=ARCHIVE.public(), output=str(here / "out"), root=str(here))


def shown(here):
    return [name for name in tree(here / "out") if name != FOLDER_FILE]


def restored(here, key=ARCHIVE):
    path = here / "out" / NAME
    return fp.restore(read_image(path).pixels, read_record(path), key)


@pytest.mark.parametrize("protection", [None, "windows", "mosaic:6"])
def test_the_same_task_twice_protects_once(here, job, astronaut, protection):
    job = replace(job, options=FaceOptions(protection=protection))
    first = RowWorker(job)(str(here / "face.png"), None)
    before = (here / "out" / NAME).read_bytes()
    second = RowWorker(job)(str(here / "face.png"), (here / "face.png").read_bytes())
    assert (first.status, second.status) == ("perturbed", "unchanged")
    assert second.record == first.record
    assert (here / "out" / NAME).read_bytes() == before
    replacing = RowWorker(replace(job, overwrite=True))(str(here / "face.png"), None)  # what is of others, not this
    assert (replacing.status, (here / "out" / NAME).read_bytes()) == ("unchanged", before)
    again = RowWorker(job)(first.output, None)
    assert (again.status, shown(here)) == ("protected before", [NAME])
    assert np.array_equal(restored(here), astronaut)


@pytest.mark.parametrize("change", ["input", "options", "recipients", "seals", "folder"])
def test_another_result_stays(here, job, change):
    assert RowWorker(job)(str(here / "face.png"), None).status == "perturbed"
    before = (here / "out" / NAME).read_bytes()
    changes = {}
    if change == "input":
        write_image("face.png", read_image("face.png").pixels[:-1])
    elif change == "options":
        changes["options"] = FaceOptions(protection="camouflage")
    elif change == "recipients":
        changes["key"] = [ARCHIVE.public(), fp.Key.generate().public()]
    elif change == "seals":
        changes["seals"] = "beside"
    else:
        (here / "out" / FOLDER_FILE).unlink()
    other = replace(job, **changes)
    result = RowWorker(other)(str(here / "face.png"), None)
    assert result.status == "failed"
    assert "it is not the result of this input, key and options" in result.error
    assert (here / "out" / NAME).read_bytes() == before
    assert RowWorker(replace(other, overwrite=True))(str(here / "face.png"), None).status == "perturbed"
    assert np.array_equal(restored(here), read_image("face.png").pixels)


def test_attempts_at_the_same_time_give_one_result(here, job, astronaut):
    """Each draws its own secrets; who names the first file has all of them."""
    for seals in ("inside", "beside"):
        for nameless in (True, False):
            out = here / "out" / f"{seals}-{nameless}"
            each = replace(job, output=str(out), seals=seals)
            results = attempts(each, here / "face.png", 6, nameless=nameless)
            assert [result.status for result in results].count("perturbed") == 1
            assert {result.status for result in results} == {"perturbed", "unchanged"}
            assert len({result.record for result in results}) == 1
            record = read_record(out / NAME)
            assert np.array_equal(fp.restore(read_image(out / NAME).pixels, record, ARCHIVE), astronaut)
            assert [n for n in tree(out) if n.startswith(".")] == [FOLDER_FILE]


def attempts(job, path, count, *, nameless):
    results, barrier = [], threading.Barrier(count)
    workers = [RowWorker(job) for _ in range(count)]

    def attempt(worker):
        barrier.wait()
        results.append(worker(str(path), None))

    with pytest.MonkeyPatch.context() as patch:
        if not nameless:
            patch.setattr("fastperturb.files.atomic._nameless", lambda *_where: None)
        threads = [threading.Thread(target=attempt, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return results


KILLED = """
import os, signal, sys, time
import fastperturb as fp
from fastperturb.integrations.rows import RowJob, RowWorker

link = os.link
def naming(source, target, *rest, **options):
    if str(target).endswith(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return link(source, target, *rest, **options)
worker = RowWorker(RowJob(key=fp.PublicKey.from_file("archive.pub"), output="out", root=os.getcwd(), seals="beside"))
os.link = naming
worker(os.path.abspath("face.png"), None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL, and files without a name")
@pytest.mark.parametrize("before", [".seal", ".png"])
def test_a_worker_that_is_killed_and_the_attempt_after_it(here, job, astronaut, before):
    ARCHIVE.public().to_file("archive.pub")
    done = subprocess.run([sys.executable, "-c", KILLED, before], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    left = [f"{NAME}.seal"] if before == ".png" else []
    assert [name for name in shown(here) if not name.endswith("-partial")] == left
    job = replace(job, seals="beside")
    result = RowWorker(job)(str(here / "face.png"), None)
    if left:
        assert "it is there without its picture; remove it, unless the picture is in use elsewhere" in result.error
        (here / "out" / left[0]).unlink()
        result = RowWorker(job)(str(here / "face.png"), None)
    assert result.status == "perturbed"
    assert np.array_equal(restored(here), astronaut)


def test_seals_beside(here, job, astronaut):
    job = replace(job, seals="beside")
    result = RowWorker(job)(str(here / "face.png"), None)
    assert shown(here) == [NAME, f"{NAME}.seal"]
    assert os.name == "nt" or stat.S_IMODE((here / "out" / f"{NAME}.seal").stat().st_mode) == 0o600
    assert fp.Record.from_json(result.record).missing == (0,)
    assert np.array_equal(restored(here), astronaut)
    assert RowWorker(job)(str(here / "face.png"), None).status == "unchanged"
    (here / "out" / f"{NAME}.seal").rename("away")
    missing = RowWorker(job)(str(here / "face.png"), None)
    assert "its seals are missing" in missing.error
    (here / "out" / NAME).rename("picture")  # published, and its seals with it
    (here / "away").rename(here / "out" / f"{NAME}.seal")
    kept = (here / "out" / f"{NAME}.seal").read_bytes()
    assert "it is there without its picture" in RowWorker(job)(str(here / "face.png"), None).error
    assert (here / "out" / f"{NAME}.seal").read_bytes() == kept


def test_records_beside(here, job, astronaut):
    job = replace(job, record_beside=True, seals="beside")
    result = RowWorker(job)(str(here / "face.png"), None)
    assert shown(here) == [NAME, f"{NAME}.json", f"{NAME}.seal"]
    assert "fastperturb-record" not in decode((here / "out" / NAME).read_bytes()).texts
    assert np.array_equal(restored(here), astronaut)
    again = RowWorker(job)(str(here / "face.png"), None)
    assert (again.status, again.record) == ("unchanged", result.record)
    assert RowWorker(job)(str(here / "out" / NAME), None).status == "protected before"
    (here / "out" / f"{NAME}.json").unlink()
    assert "its record is missing" in RowWorker(job)(str(here / "face.png"), None).error
    with pytest.raises(ValueError, match="record_beside needs an output folder"):
        RowJob(record_beside=True)
    with pytest.raises(ValueError, match="seals must be 'inside' or 'beside', got 'away'"):
        RowJob(seals="away")


def test_seals_are_a_column_where_there_are_no_files(here, job, astronaut):
    data = (here / "face.png").read_bytes()
    result = RowWorker(RowJob(key=job.key, seals="beside"))(None, data)
    picture, record = decode(result.image), fp.Record.from_json(result.record)
    assert record.missing == (0,)
    assert np.array_equal(fp.restore(picture.pixels, record.with_beside(result.seals), ARCHIVE), astronaut)
    assert MARK_TEXT not in picture.texts  # nobody could compare it
    assert RowWorker(RowJob(key=job.key, seals="inside"))(None, data).seals is None


def test_marks_link_no_two_pictures(here, job):
    """Copies of one file under one key, whose results differ, have marks that have nothing in common."""
    ARCHIVE.to_file("my.key")
    texts = []
    for number in range(2):
        each = RowJob(key=KeyPlace("my.key"), options=FaceOptions(protection="windows", reproducible=False))
        worker = RowWorker(replace(each, output=str(here / f"out{number}"), root=str(here)))
        result = worker(str(here / "face.png"), None)
        texts.append(decode((here / f"out{number}" / NAME).read_bytes()).texts[MARK_TEXT])
        assert worker(str(here / "face.png"), None).record == result.record
    assert texts[0] != texts[1]
    assert texts[0][:16] != texts[1][:16]
    assert texts[0][16:] != texts[1][16:]


def test_marks_need_a_secret(tmp_path):
    public = [ARCHIVE.public()]
    one, other = Marks(public, b"a", str(tmp_path)), Marks(public, b"a", str(tmp_path))
    text = one.text(one.mark(b"data"), [b"pixels"])
    assert other.fits(text, other.mark(b"data"))
    assert not other.fits(text, other.mark(b"date"))
    assert not other.fits(text[::-1], other.mark(b"data"))
    assert not other.fits("zz" * 24, other.mark(b"data"))
    assert not other.fits(None, other.mark(b"data"))
    for stranger in (
        Marks(public, b"b", str(tmp_path)),
        Marks(public, b"a", str(tmp_path / "elsewhere")),
        Marks([*public, fp.Key.generate().public()], b"a", str(tmp_path)),
        Marks([ARCHIVE], b"a", str(tmp_path)),
    ):
        assert not stranger.fits(text, stranger.mark(b"data"))
    assert os.name == "nt" or stat.S_IMODE((tmp_path / FOLDER_FILE).stat().st_mode) == 0o600
    assert Marks(public, b"a", None).text(b"", [b"pixels"]) == ""
    (tmp_path / FOLDER_FILE).write_text("x")
    with pytest.raises(ValueError, match="not the secret of marks"):
        Marks(public, b"a", str(tmp_path))


def test_processes_make_one_secret_of_a_folder(tmp_path):
    code = (
        "import sys, fastperturb as fp; from fastperturb.integrations.marks import Marks; sys.stdin.readline();"
        "m = Marks([fp.Key(bytes(range(1, 33))).public()], b'a', sys.argv[1]); print(m.text(m.mark(b'd'), [b'p']))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    time.sleep(1.0)
    texts = {process.communicate("go\n")[0] for process in processes}
    assert len(texts) == 1
    assert os.listdir(tmp_path) == [FOLDER_FILE]  # noqa: PTH208 hidden ones too


def test_what_protects_rows_can_be_sent_without_its_secret(here):
    secret = fp.Key.from_file("my.key")
    worker = RowWorker(RowJob(key=KeyPlace("my.key")))
    assert secret._secret not in pickle.dumps(worker)
    again = pickle.loads(pickle.dumps(worker))  # noqa: S301
    data = (here / "face.png").read_bytes()
    assert again(None, data) == worker(None, data)
