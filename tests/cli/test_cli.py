"""The command line as its users meet it: files and folders there and back, resuming, formats, keys, options."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cli_cases import BOXES, WINDOWS, same, tree

import fastperturb as fp
from fastperturb.cli.app import MODULES, program, run
from fastperturb.files import read_record


def test_a_photograph_there_and_back(here, capsys):
    assert run(["perturb", "face.png", "-o", "hidden.png", "--key-file", "my.key", *WINDOWS]) == 0
    assert run(["restore", "hidden.png", "-o", "back.png", "--key-file", "my.key"]) == 0
    assert run(["view", "hidden.png", "-o", "view.png"]) == 0
    assert run(["view", "face.png", "-o", "view of face.png"]) == 0
    assert capsys.readouterr().out == ""
    assert same("face.png", "back.png")
    assert not same("face.png", "hidden.png")
    assert same("view.png", "view of face.png")  # what a view shows is the same before and after
    assert read_record("hidden.png").opens_with(fp.Key(bytes(range(32))))


def test_the_page_has_every_status():
    cli, found = Path(fp.__file__).parent / "cli", set()
    for path in [*cli.glob("batch/*.py"), *cli.glob("commands/*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        said = [call.args[1] for call in calls if call.func.id == "Outcome"]
        said += [call.args[2] for call in calls if call.func.id == "change_records"]
        texts = "\n".join(ast.unparse(node) for node in said)
        if "status" in texts:  # of a variable of that name
            texts += "\n".join(re.findall(r"^ *status(?:, \w+)? = (.+)$", ast.unparse(tree), re.M))
        found |= set(re.findall(r"'([a-z ]+)'", texts))
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    table = page.split("| status | |")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z ]+)`", re.sub(r" \| [^|]+ \|$", "", table, flags=re.M))) == found


def test_every_command_is_where_the_table_says_and_only_its_own_module_is_imported():
    context = click.Context(program)
    for name in MODULES:
        assert program.get_command(context, name).name == name
    assert program.get_command(context, "nothing") is None
    code = (
        "import sys; from fastperturb.cli.app import run; run(['perturb', '--help']); "
        "print(*sorted({'.'.join(name.split('.')[:4]) for name in sys.modules if name.startswith('fastperturb.')}))"
    )
    text = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(text.splitlines()[-1].split())
    assert "fastperturb.cli.commands.perturb" in loaded
    assert not loaded & {"fastperturb.server", "fastperturb.evaluation", "fastperturb.cli.commands.restore"}


def test_a_folder_there_and_back(folder, here, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--jobs", "3"]) == 0
    assert tree(here / "out") == ["a.png", "b.png", "sub/c.tiff", "sub/deep/d.png", "sub/deep/e.png"]
    assert "5 of 5 files in" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    for name in tree(folder):
        result = Path(name).with_suffix(".tiff" if name.endswith("tiff") else ".png")  # what can hold a record stays
        assert same(folder / name, here / "back" / name)
        assert not same(folder / name, here / "out" / result)


def test_what_is_done_is_not_done_again(folder, here, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    times = {name: (here / "out" / name).stat().st_mtime_ns for name in tree(here / "out")}
    (here / "out" / "a.png").unlink()
    capsys.readouterr()
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    assert "1 perturbed, 4 unchanged" in capsys.readouterr().err
    assert {name for name, time in times.items() if (here / "out" / name).stat().st_mtime_ns != time} == {"a.png"}
    assert run(["perturb", "in", "-o", "out", *BOXES, "--force"]) == 0
    assert "5 perturbed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        ["--cells", "4"],
        ["--window", "5"],
        ["--pixels", "99"],
        ["--coverage", ".5"],
        ["--reproducible"],
        ["--shape", "ellipse"],
    ],
    ids=" ".join,
)
def test_a_result_of_other_options_is_neither_kept_nor_lost(folder, here, capsys, change):
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES, *WINDOWS]) == 0
    before = (here / "out" / "a.png").read_bytes()
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES, *WINDOWS, *change]) == 1
    assert "is not the result of this input and these options; --force writes it anew" in capsys.readouterr().err
    assert (here / "out" / "a.png").read_bytes() == before
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES, *WINDOWS, *change, "--force"]) == 0
    assert (here / "out" / "a.png").read_bytes() != before


def test_a_result_of_another_input_box_or_key_or_a_damaged_one_is_not_taken_for_done(folder, here):
    job = ["perturb", "in/a.png", "-o", "out", *BOXES]
    result = here / "out" / "a.png"
    assert run(job) == run(job) == 0
    os.utime(folder / "a.png", (1, 1))
    assert run(job) == 1
    assert run([*job, "--force"]) == run(job) == 0
    (here / "boxes.json").write_text('{"a.png": [[5, 6, 20, 23]]}')
    assert run(job) == 1
    assert run([*job, "--force"]) == run(job) == 0
    fp.Key.generate().to_file("other.key")
    assert run([*job[:-1], "other.key"]) == 1
    data = bytearray(result.read_bytes())
    data[-30] ^= 1
    result.write_bytes(data)
    assert run(job) == 1


@pytest.mark.parametrize("suffix", ["webp", "tiff"])
def test_other_formats_hold_records_and_are_resumed_too(folder, here, suffix, capsys):
    job = ["perturb", "in/sub", "-o", "out", *BOXES, "--format", suffix]
    (here / "boxes.json").write_text(
        json.dumps({name: [[5, 6, 20, 22]] for name in ("c.tiff", "deep/d.bmp", "deep/e.png")})
    )
    assert run(job) == 0
    assert tree(here / "out") == [f"c.{suffix}", f"deep/d.{suffix}", f"deep/e.{suffix}"]
    assert run(job) == 0
    assert "3 unchanged" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    assert tree(here / "back") == ["c.tiff", "deep/d.bmp", "deep/e.png"]
    assert same("back/c.tiff", "in/sub/c.tiff")


def test_formats_without_a_place_for_it_have_the_record_beside(folder, here, capsys):
    job = ["perturb", "in/a.png", "-o", "out", *BOXES, "--format", "pnm"]
    assert run(job) == 0
    assert tree(here / "out") == ["a.pnm", "a.pnm.json"]
    assert run(job) == 1
    assert "PNM files cannot tell whose result they are" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 0
    assert same("back/a.png", "in/a.png")
    assert run(["perturb", "in/a.png", "-o", "beside", *BOXES, "--record-beside"]) == 0
    assert tree(here / "beside") == ["a.png", "a.png.json"]
    assert b"fastperturb-record" not in (here / "beside" / "a.png").read_bytes()


def test_without_a_key_nothing_can_be_restored_and_that_is_said(folder, here, capsys):
    assert run(["perturb", "in/a.png", "-o", "out", "--boxes", "boxes.json", "--one-time-key", *WINDOWS]) == 0
    assert "a one-time key is made and dropped: the results can never be restored" in capsys.readouterr().err
    assert not same("out/a.png", "in/a.png")
    with pytest.raises(fp.errors.RecordError):
        read_record("out/a.png")
    assert run(["restore", "out/a.png", "-o", "back.png", "--key-file", "my.key"]) == 1
    assert "no record" in capsys.readouterr().err
    assert run(["perturb", "in/a.png", "-o", "out.jpg", "--boxes", "boxes.json", "--one-time-key", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_keys(folder, here, capsys, monkeypatch):
    assert run(["keygen", "-o", "new.key"]) == 0
    assert fp.Key.from_file("new.key").id in capsys.readouterr().err
    assert run(["keygen", "-o", "new.key"]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES]) == 0
    restore = ["restore", "out/a.png", "-o", "back"]
    assert run([*restore, "--key-file", "new.key"]) == 1
    assert "made for none of the keys at hand" in capsys.readouterr().err
    assert run(restore) == 2
    assert "--key-file, or FASTPERTURB_KEY in the environment" in capsys.readouterr().err
    monkeypatch.setenv("FASTPERTURB_KEY", "fpkey1_secretsecret")
    assert run(restore) == 2
    assert "secretsecret" not in capsys.readouterr().err
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.from_file("my.key").to_text())
    assert run(restore) == 0
    assert run([*restore, "--key-file", "none.key", "--force"]) == 2
    assert "none.key: No such file" in capsys.readouterr().err
    assert run([*restore, "--key-file", "in/a.png", "--force"]) == 2
    (here / "my.key").chmod(0o644)
    assert run([*restore, "--key-file", "my.key", "--force"]) == 0
    assert "others can read this key" in capsys.readouterr().err


def test_several_folders_keep_their_names(folder, here):
    (here / "boxes.json").write_text(json.dumps({f"in/{name}": [[1, 1, 9, 9]] for name in tree(folder)}))
    assert run(["perturb", "in/sub/deep", "in/sub", "in/a.png", "-o", "out", *BOXES]) == 0
    assert tree(here / "out") == [
        "a.png",
        "deep/d.png",
        "deep/e.png",
        "sub/c.tiff",
        "sub/deep/d.png",
        "sub/deep/e.png",
    ]


@pytest.mark.parametrize(
    ("options", "windows", "moved"),
    [
        (["--window", "7"], 7, 440),
        (["--window", "region"], 22, 440),
        (["--cells", "2"], 10, 440),
        (["--pixels", "99"], 4, 99),
        (["--coverage", "0.5"], 4, 220),
    ],
)
def test_strength_options(folder, options, windows, moved):
    assert run(["perturb", "in/a.png", "-o", "out.png", *BOXES, *options]) == 0
    (item,) = read_record("out.png").regions
    assert (item.window, item.moved) == (windows, moved)


def test_reproducible_results_are_equal(folder):
    for name in ("one", "two", "three"):
        options = [] if name == "three" else ["--reproducible"]
        assert run(["perturb", "in/a.png", "-o", f"{name}.png", *BOXES, *WINDOWS, *options]) == 0
    assert same("one.png", "two.png")
    assert not same("one.png", "three.png")


def test_help_pages_and_version(capsys):
    for command in (
        [],
        ["perturb"],
        ["restore"],
        ["view"],
        ["locate"],
        ["inspect"],
        ["threshold"],
        ["keygen"],
        ["demo"],
    ):
        assert run([*command, "--help"]) == 0
        out = capsys.readouterr().out
        assert out.startswith("Usage: fastperturb")
        assert max(map(len, out.splitlines())) <= 100
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"fastperturb {fp.__version__}\n"
    assert run([]) == 2
    assert run(["nonsense"]) == 2
