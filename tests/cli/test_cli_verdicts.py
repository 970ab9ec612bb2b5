"""What ``restore`` and ``inspect`` say of files: three verdicts, and what each region holds."""

import numpy as np
import pytest
from cli_cases import WINDOWS, lines_of, protect

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image
from fastperturb.perturbation import examine

KEY = ("--key-file", "my.key")


def edited(name, x, y):
    """The same file, record and all, with one pixel changed."""
    pixels, record = read_image(name).pixels, read_record(name)
    pixels[y, x] ^= 1
    write_image(name, pixels, record)


def test_three_verdicts(two, here, capsys):
    for options in ((), WINDOWS):
        assert protect("x.png", "--force", *options) == 0
        edited("x.png", 0, 0)
        assert run(["restore", "x.png", "-o", "y.png", *KEY, "--force"]) == 0
        assert "surroundings changed; the faces are exact" in capsys.readouterr().err
        assert run(["inspect", "x.png", *KEY, "--json"]) == 0
        verdicts = lines_of(capsys.readouterr().out)[0]["verdicts"]
        assert verdicts == {"record": True, "regions": [True, True], "surroundings": False}
        edited("x.png", 60, 75)
        assert run(["restore", "x.png", "-o", "y.png", *KEY, "--force"]) == (1 if options else 0)
        said = capsys.readouterr().err
        assert "changed; surroundings changed" in said
        assert ("come from their seals and are exact" in said) == (not options)
        assert run(["inspect", "x.png", *KEY]) == (1 if options else 0)
        out = capsys.readouterr().out
        assert "whole     record unchanged" in out
        assert out.count("changed\n") - out.count("unchanged\n") == 2
        assert "surroundings changed" in out
    record = read_record("x.png")
    spoilt = record.with_mac(bytes(32))
    write_image("z.png", read_image("x.png").pixels, spoilt)
    assert run(["restore", "z.png", "-o", "y.png", *KEY, "--force"]) == 1
    assert "the record was changed" in capsys.readouterr().err
    assert run(["inspect", "z.png", *KEY]) == 1
    assert "whole     record changed" in capsys.readouterr().out


def test_verdicts_of_arrays(key):
    image = np.random.default_rng(0).integers(0, 256, (60, 70, 3), np.uint8)
    hidden, record = fp.perturb(image, [(5, 5, 20, 20), (30, 30, 20, 20)], key, surroundings=True)
    assert examine(hidden, record, key).whole
    changed = hidden.copy()
    changed[35, 35] ^= 1
    verdicts = examine(changed, record, key)
    assert (verdicts.record, verdicts.regions, verdicts.surroundings) == (True, (True, False), True)
    assert examine(hidden, fp.perturb(image, (5, 5, 20, 20), key)[1], key).surroundings is None
    with pytest.raises(fp.WrongKey):
        examine(hidden, record, fp.Key.generate())
    with pytest.raises(fp.Tampered, match="of an image of shape"):
        examine(hidden[1:], record, key)
    verdicts = examine(hidden, record.with_mac(bytes(32)), key)
    assert (verdicts.record, verdicts.regions, verdicts.surroundings) == (False, (True, True), None)


def test_inspect_says_what_regions_hold(two, here, capsys):
    assert protect("x.png", "--seals", "beside") == 0
    length = read_record("x.png").entries[0].length
    assert run(["inspect", "x.png"]) == 0
    out = capsys.readouterr().out
    assert "record    version 2, opened by: master key" in out
    assert f"surrogate, sealed beside, {length} bytes\n" in out
    assert run(["inspect", "x.png", "--json", *KEY]) == 0
    facts = lines_of(capsys.readouterr().out)[0]
    assert facts["restores"]
    assert facts["record"]["recipients"] == ["master key"]
    assert facts["record"]["surroundings"] is True
    item = facts["record"]["regions"][0]
    assert (item["method"], item["seal"], item["seal_bytes"], item["seal_at_hand"]) == (
        "surrogate",
        "beside",
        length,
        True,
    )
    assert "data" not in facts["record"]
