"""Options that take a number: NaN, infinities and what no number is are usage errors that name the option."""

import math

import click
import pytest

from fastperturb.cli.app import program, run
from fastperturb.server import Settings, serve

NEEDED = {"perturb": ["x.png", "-o", "y.png"], "score": ["x.png"], "serve": [], "evaluate": ["flat:.", "-o", "out"]}
NEEDED |= {"locate": ["x.png"], "view": ["x.png", "-o", "y.png"], "train": [".", "-o", "x.npz"]}
NEEDED |= {"review": ["."]}


def numbers():
    """(command, option) of every option that takes a number with a fraction."""
    context = click.Context(program)
    for name in program.list_commands(context):
        for item in program.get_command(context, name).params:
            if isinstance(item.type, click.types.FloatParamType):
                yield name, item.opts[0]


NUMBERS = list(numbers())


def test_all_of_them_are_found():
    assert {option for name, option in NUMBERS if name == "serve"} == {
        "--max-megabytes",
        "--timeout",
        "--upload-timeout",
        "--reload-seconds",
        "--drain-seconds",
    }
    assert {"--min-score", "--coverage", "--psnr", "--mse", "--distance"} <= {option for _, option in NUMBERS}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "-7", "many"])
@pytest.mark.parametrize(("command", "option"), NUMBERS)
def test_what_is_no_sensible_number_is_a_usage_error(tmp_path, monkeypatch, capsys, command, option, value):
    if option == "--psnr" and value == "-7":
        return  # a PSNR may be negative
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.png").write_bytes(b"")
    assert run([command, *NEEDED[command], option, value]) == 2
    error = capsys.readouterr().err
    assert option.lstrip("-") in error
    assert "must be" in error or "is not a valid float" in error
    assert value in error or str(float(value)) in error


def test_huge_numbers_are_refused_where_they_could_not_be_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for option in ("--max-megabytes", "--timeout", "--drain-seconds"):
        assert run(["serve", option, "1e308"]) == 2
        assert f"'{option}': must be a number" in capsys.readouterr().err
    assert run(["perturb", "x.png", "-o", "y.png", "--grow", "1e308"]) == 2
    assert "--grow must be a number from 0 to 1000" in capsys.readouterr().err


def test_the_service_checks_seconds_that_other_programs_give_it():
    for wrong in (math.nan, math.inf, 0.0):
        with pytest.raises(ValueError, match="reload_seconds must be over 0 and finite"):
            Settings(reload_seconds=wrong)
    for wrong in (math.nan, math.inf, -1.0):
        with pytest.raises(ValueError, match="drain_seconds must be 0 or more and finite"):
            serve(Settings(), "127.0.0.1", 0, drain_seconds=wrong)
