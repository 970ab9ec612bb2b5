"""Protections out of text: every form, names and orders, and what a wrong text is told."""

import importlib
import re
from pathlib import Path

import pytest

import fastperturb as fp
from fastperturb import protections
from fastperturb.faces import HEAD
from fastperturb.protections import Area, Blur, Mosaic, WindowSize, list_protections, parse_protection
from fastperturb.protections.blur_and_noise import SIGMA


@pytest.mark.parametrize(
    ("text", "name", "family", "label"),
    [
        ("clear", "clear", "clear", ""),
        ("black", "black", "black", ""),
        ("black:shape=ellipse,grow=head", "black, head, ellipse", "black, head, ellipse", ""),
        ("permutation", "permutation, 8 cells", "permutation", "8 cells"),
        ("permutation:12", "permutation, 12 px", "permutation, windows in pixels", "12 px"),
        ("permutation:cells=1", "permutation, 1 cell", "permutation", "1 cell"),
        ("permutation:window=region", "permutation, whole region", "permutation", "whole region"),
        (
            "permutation:window=12,pixels=8000,shape=ellipse",
            "permutation, 12 px, ellipse, n 8000",
            "permutation, windows in pixels, ellipse, n 8000",
            "12 px",
        ),
        (
            "permutation:cells=6,coverage=0.5",
            "permutation, 6 cells, coverage 0.5",
            "permutation, coverage 0.5",
            "6 cells",
        ),
        ("permutation:cells=8,grow=0.4", "permutation, 8 cells, grown 0.4", "permutation, grown 0.4", "8 cells"),
        ("features", "features, 2 cells", "features", "2 cells"),
        ("features:window=9", "features, 9 px", "features, windows in pixels", "9 px"),
        ("mosaic", "mosaic, 8 cells", "mosaic", "8 cells"),
        ("mosaic:16", "mosaic, 16 px", "mosaic, windows in pixels", "16 px"),
        ("blur:8", f"blur, {SIGMA} 8 px", f"blur, {SIGMA} in pixels", f"{SIGMA} 8 px"),
        ("blur:cells=4", "blur, 4 cells", "blur", "4 cells"),
        ("noise", f"noise, {SIGMA}² 0.1", "noise", "0.1"),
        (" noise : 0.05 ", f"noise, {SIGMA}² 0.05", "noise", "0.05"),
    ],
)
def test_names(text, name, family, label):
    protection = parse_protection(text)
    assert (protection.name, protection.family, protection.label) == (name, family, label)


def test_settings_arrive():
    assert parse_protection("mosaic:cells=4,grow=head") == Mosaic(WindowSize(cells=4), Area(grow=HEAD))
    four = "0.1+0.2+0.3+0.4"
    assert parse_protection(f"blur:sigma=1.5,grow={four}") == Blur(sigma=1.5, area=Area(grow=(0.1, 0.2, 0.3, 0.4)))
    assert parse_protection("permutation:window=9,psnr=24").spread == fp.Strength(window=9, psnr=24.0)


@pytest.mark.parametrize(
    "texts",
    [
        ["permutation:cells=12", "permutation:cells=8", "permutation:cells=5", "permutation:window=region"],
        ["permutation:window=8", "permutation:window=24"],
        ["mosaic:8", "mosaic:16", "mosaic:24"],
        ["blur:cells=8", "blur:cells=2"],
        ["noise:0.05", "noise:0.1", "noise:0.2"],
    ],
)
def test_orders_within_a_family(texts):
    protections = [parse_protection(text) for text in texts]
    assert len({protection.family for protection in protections}) == 1
    assert len({protection.name for protection in protections}) == len(texts)
    orders = [protection.order for protection in protections]
    assert orders == sorted(orders)
    assert len(set(orders)) == len(texts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be one of clear, black, permutation.*got ''"),
        ("mosiac:16", "must be one of .*mosaic.*got 'mosiac:16'"),
        ("mosaic:", "a setting must follow the colon"),
        ("mosaic:16,16", "window must be given once"),
        ("mosaic:8,cells=4", "give window or cells, not both"),
        ("mosaic:1", "mosaic:1: window must be at least 4, got 1"),
        ("mosaic:x", "window must be a whole number of pixels or 'region', got 'x'"),
        ("mosaic:sigma=2", "mosaic takes window, cells, shape, grow, got 'sigma=2'"),
        ("mosaic:8,", "window must be given once"),
        ("clear:1", "clear takes no settings, got '1'"),
        ("black:shape=round", "shape must be 'box' or 'ellipse', got 'round'"),
        ("black:grow=1+2", "grow must be a number, four joined by"),
        ("black:grow=-1", "grow must be 0 or more"),
        ("blur:0", "sigma must be over 0 and up to 1000, got 0.0"),
        ("blur:nan", "sigma must be over 0"),
        ("blur:2,cells=3", "give sigma or cells, got both"),
        ("noise:0", "variance must be over 0"),
        ("noise:inf", "variance must be over 0"),
        ("permutation:coverage=2", "coverage must be over 0 and up to 1"),
        ("permutation:pixels=3,coverage=1", "give one of pixels"),
        ("features:grow=1", "features takes window"),
    ],
)
def test_wrong_texts(text, message):
    with pytest.raises(ValueError, match=message):
        parse_protection(text)


def test_not_text():
    with pytest.raises(TypeError, match="must be text"):
        parse_protection(None)


def test_all_are_listed():
    listed = {info.name: info for info in list_protections()}
    assert {"clear", "black", "permutation", "features", "mosaic", "blur", "noise"} <= set(listed)
    assert listed["permutation"].reversible
    assert not listed["mosaic"].reversible
    assert listed["mosaic"].settings[0] == "window"
    assert all(info.description for info in listed.values())


def test_the_page_has_all_with_their_settings():
    page = (Path(__file__).parents[2] / "docs" / "protections.md").read_text(encoding="utf-8")
    strength = next(item for item in list_protections() if item.name == "permutation").settings
    several = ", ".join(strength[strength.index("pixels") : strength.index("mse") + 1])
    told = {}
    for name, settings, undone in re.findall(r"^\| `(\w+)` \| (.*?) ?\| .* \| (yes|no|) ?\|$", page, re.M):
        words = re.sub(r" \(.*?\)", "", settings).replace("pixels … mse", several)
        told[name] = (set(words.split(", ")) - {""}, undone == "yes")
    assert told == {item.name: (set(item.settings), item.reversible) for item in list_protections()}


def test_names_hold_every_amount():
    names = {
        parse_protection(f"permutation:window=9,{amount}=9").name for amount in ("pixels", "psnr", "distance", "mse")
    }
    assert names == {f"permutation, 9 px, {words}" for words in ("n 9", "9 dB", "distance 9", "mse 9")}


def test_older_names_are_told_the_new_ones():
    with pytest.raises(ImportError, match=r"fastperturb\.protections\.Grain is now WindowSize"):
        from fastperturb.protections import Grain  # noqa: F401
    with pytest.raises(ImportError, match=r"fastperturb\.evaluation\.protections is now fastperturb\.protections"):
        importlib.import_module("fastperturb.evaluation.protections")
    with pytest.raises(AttributeError, match=r"'fastperturb\.protections' has no attribute 'Grains'"):
        protections.Grains  # noqa: B018
