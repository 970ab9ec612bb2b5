"""What may go wrong with a folder of JPEGs: two runs at once, no room, nothing may be written, files changed since."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli_cases import tree
from file_cases import segment
from jpeg_cases import coefficients, decoded, jpeg, picture, segments_of, with_coefficients
from PIL import Image

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files.jumbf import APP11

KEY = ("--key-file", "my.key")
BOXES = ("--boxes", "boxes.json", *KEY)
NAMES = [f"{number:02}.jpg" for number in range(24)]
PROGRAM = (sys.executable, "-m", "fastperturb")
JPEGTRAN = shutil.which("jpegtran")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """24 JPEGs, with a box each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    fp.Key(bytes(range(32))).to_file("my.key")
    Path("in").mkdir()
    for number, name in enumerate(NAMES):
        Path("in", name).write_bytes(jpeg(picture(seed=number)))
    Path("boxes.json").write_text(json.dumps({name: [[50, 40, 50, 60]] for name in NAMES}))
    return tmp_path


def all_back(folder="out"):
    assert run(["restore", folder, "-o", "back", *KEY, "--force"]) == 0
    for number, name in enumerate(NAMES):
        assert np.array_equal(coefficients(Path("back", name).read_bytes()), coefficients(jpeg(picture(seed=number))))


@pytest.mark.parametrize("more", [[], ["--seals", "beside"], ["--exact-file"]])
def test_two_runs_at_once_spoil_nothing(folder, more):
    """Each file is whole and of one of the runs; what one run made the other refuses, or finds done by itself."""
    command = [*PROGRAM, "perturb", "in", "-o", "out", *BOXES, "--jobs", "1", *more]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in runs]
    assert all(process.returncode in (0, 1) for process in runs), said
    assert all("Traceback" not in text for text in said)
    beside = [name + ".seal" for name in NAMES] if more == ["--seals", "beside"] else []
    assert tree(Path("out")) == sorted([*NAMES, *beside])
    all_back()
    assert run(["perturb", "in", "-o", "out", *BOXES, *more]) == 0


def test_a_full_disk_leaves_whole_files_alone(folder):
    """Files may have as many bytes as some of these need, and not as many as the others do."""
    large = [f"large {number}.jpg" for number in range(3)]
    for name in large:
        Path("in", name).write_bytes(jpeg(picture(900, 1200), quality=97))
    Path("boxes.json").write_text(json.dumps({name: [[50, 40, 50, 60]] for name in [*NAMES, *large]}))
    limit = 100_000
    assert all(len(Path("in", name).read_bytes()) > limit for name in large)
    start = (
        f"import resource, signal, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from fastperturb.cli.app import run; "
        "sys.exit(run(sys.argv[1:]))"
    )
    pytest.importorskip("resource")
    command = [sys.executable, "-c", start, "perturb", "in", "-o", "out", *BOXES]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "24 perturbed" in done.stderr
    assert "3 failed" in done.stderr
    assert tree(Path("out")) == NAMES
    all_back()


def test_a_target_that_may_not_be_written_fails_by_name(folder, capsys, monkeypatch):
    def refuse(path, *_, **__):
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr("fastperturb.cli.batch.writer.write_file", refuse)
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 1
    err = capsys.readouterr().err
    assert "24 files in all: Read-only file system" in err
    assert not Path("out").exists()


def test_a_folder_that_is_a_file(folder, capsys):
    Path("out").mkdir()
    Path("out", "sub").write_bytes(b"mine")
    Path("in", "sub").mkdir()
    shutil.copy("in/00.jpg", "in/sub/a.jpg")
    Path("boxes.json").write_text(json.dumps({name: [[50, 40, 50, 60]] for name in [*NAMES, "sub/a.jpg"]}))
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 1
    err = capsys.readouterr().err
    assert "24 perturbed" in err
    assert Path("out", "sub").read_bytes() == b"mine"


@pytest.mark.parametrize("shape", [(16, 65_500), (65_500, 16), (17, 65_500)])
def test_the_widest_and_the_highest(folder, shape):
    tile = picture(64, 64)
    height, width = shape
    pixels = np.tile(tile, (-(-height // 64), -(-width // 64), 1))[:height, :width]
    data = cv2.imencode(".jpg", pixels)[1].tobytes()
    Path("wide.jpg").write_bytes(data)
    far = [[65_400, 2, 90, 12]] if width > height else [[2, 65_400, 12, 90]]
    Path("boxes.json").write_text(json.dumps({"wide.jpg": far}))
    assert run(["perturb", "wide.jpg", "-o", "out.jpg", *BOXES, "--exact-file"]) == 0
    hidden = Path("out.jpg").read_bytes()
    assert (coefficients(hidden) != coefficients(data)).any()
    assert run(["restore", "out.jpg", "-o", "back.jpg", *KEY]) == 0
    assert Path("back.jpg").read_bytes() == data


def protected(more=()):
    assert run(["perturb", "in/00.jpg", "-o", "a.jpg", *BOXES, *more]) == 0
    return Path("a.jpg").read_bytes()


def refused(data, message, capsys):
    Path("changed.jpg").write_bytes(data)
    capsys.readouterr()
    assert run(["restore", "changed.jpg", "-o", "back.jpg", *KEY]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert not Path("back.jpg").exists()


def taken(data):
    Path("changed.jpg").write_bytes(data)
    assert run(["restore", "changed.jpg", "-o", "back.jpg", *KEY, "--force"]) == 0
    assert np.array_equal(coefficients(Path("back.jpg").read_bytes()), coefficients(Path("in/00.jpg").read_bytes()))


def with_segments(data, change):
    """The file with its segments before the first table changed."""
    found = segments_of(data)
    end = 2 + sum(4 + len(body) for _, body in found)
    return data[:2] + b"".join(segment(marker, body) for marker, body in change(list(found))) + data[end:]


def boxes_of(found):
    return [index for index, (marker, _) in enumerate(found) if marker == APP11]


def test_boxes_that_are_cut_moved_or_gone(folder, capsys):
    data = protected()
    places = boxes_of(segments_of(data))
    assert len(places) == 3  # the record, the face's seal, that of the metadata

    def without(*gone):
        return lambda found: [item for index, item in enumerate(found) if index not in gone]

    def cut(found):
        marker, body = found[places[1]]
        return [*found[: places[1]], (marker, body[:-20]), *found[places[1] + 1 :]]

    def swapped(found):
        found[places[1]], found[places[2]] = found[places[2]], found[places[1]]
        return found

    refused(with_segments(data, without(places[1])), "seals were cut out or cut since", capsys)
    refused(with_segments(data, without(places[0])), "it holds seals without their record", capsys)
    refused(with_segments(data, without(*places)), "no record inside, and no changed.jpg.json beside it", capsys)
    refused(with_segments(data, cut), "damaged", capsys)
    refused(with_segments(data, swapped), "out of order", capsys)
    refused(with_segments(data, lambda found: [*found, found[places[1]]]), "out of order or double", capsys)
    taken(with_segments(data, lambda found: [*found[places[0] :], *found[: places[0]]]))  # ours in front of others
    taken(with_segments(data, lambda found: [(0xFE, b"a comment of others"), *found]))


def test_the_seal_of_metadata_alone_is_gone(folder, capsys):
    data = protected()
    last = boxes_of(segments_of(data))[-1]
    refused(with_segments(data, lambda found: found[:last] + found[last + 1 :]), "seals were cut out or cut", capsys)


def recoded(data, **options):
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("quality", [50, 85, 95])
def test_a_recompressed_file_is_refused_by_name(folder, quality, capsys):
    data = protected()
    Path("changed.jpg.json").write_text(fp.files.read_record("a.jpg").to_json())
    message = "turning, cropping or another encoding" if quality == 85 else "encoded anew since, with other tables"
    refused(recoded(data, quality=quality, subsampling="4:2:0"), message, capsys)


def transformed(data, *how):
    """The file as jpegtran writes it."""
    if JPEGTRAN is None:
        pytest.skip("no jpegtran here")
    Path("before.jpg").write_bytes(data)
    subprocess.run([JPEGTRAN, *how, "-outfile", "after.jpg", "before.jpg"], check=True)
    return Path("after.jpg").read_bytes()


@pytest.mark.parametrize("copy", ["all", "none"])
@pytest.mark.parametrize("how", [("-optimize",), ("-progressive",), ("-restart", "1"), ("-arithmetic",)])
def test_what_jpegtran_codes_anew_comes_back(folder, how, copy, capsys):
    data = protected()
    if copy == "none":
        Path("changed.jpg.json").write_text(fp.files.read_record("a.jpg").to_json())
    changed = transformed(data, "-copy", copy, *how)
    if how == ("-arithmetic",):
        refused(changed, "arithmetic", capsys)
    else:
        taken(changed)


@pytest.mark.parametrize(
    "how", [("-rotate", "90"), ("-rotate", "180"), ("-flip", "horizontal"), ("-transpose",), ("-crop", "96x96+16+16")]
)
def test_what_jpegtran_turns_is_refused_by_name(folder, how, capsys):
    data = protected()
    sides = "turned, cropped or scaled since"  # other sides; else other blocks
    message = sides if how[-1] in ("90", "-transpose", "96x96+16+16") else "as by turning, cropping or another encoding"
    refused(transformed(data, "-copy", "all", *how), message, capsys)


def test_a_file_that_is_cut_or_goes_on(folder, capsys):
    data = protected()
    refused(data[:-500], "damaged", capsys)
    taken(data + b"what another program added")
    other = with_coefficients(data, coefficients(data))
    taken(other)
    assert np.array_equal(decoded(other), decoded(data))
