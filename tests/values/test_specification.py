"""The one grammar of names and settings: both spellings, values alone, and what a wrong text is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastperturb.specification import (
    NUMBER,
    TEXT,
    VALUE,
    WHOLE,
    Specification,
    make_specified,
    one_of,
    parse_settings,
    parse_specification,
    read_value,
    short_names,
)

NAMES = ("alpha", "alpha-beta", "gamma2")
READERS = {"size": WHOLE, "share": NUMBER, "file": TEXT, "shape": one_of("box", "ellipse")}


def parse(text):
    return parse_specification(text, "thing", NAMES)


@pytest.mark.parametrize(
    ("text", "name", "items"),
    [
        ("alpha", "alpha", ()),
        (" alpha ", "alpha", ()),
        ("gamma2", "gamma2", ()),
        ("alpha:16", "alpha", (("", "16"),)),
        ("alpha=16", "alpha", (("", "16"),)),
        ("alpha-beta : 16 , a = b ", "alpha-beta", (("", "16"), ("a", "b"))),
        ("alpha:a=b,16", "alpha", (("a", "b"), ("", "16"))),
        ("alpha?a=b&c=d", "alpha", (("a", "b"), ("c", "d"))),
        ("alpha?", "alpha", ()),
        ("alpha?a=b&", "alpha", (("a", "b"),)),
        ("alpha=m,1=2.onnx?a=b", "alpha", (("", "m,1=2.onnx"), ("a", "b"))),
        (r"alpha=C:\m.onnx?a=b", "alpha", (("", r"C:\m.onnx"), ("a", "b"))),
        (r"alpha:C:\m.onnx,a=b?c", "alpha", (("", r"C:\m.onnx"), ("a", "b?c"))),
        ("alpha:a=b=c", "alpha", (("a", "b=c"),)),
        ("alpha?a=b=c", "alpha", (("a", "b=c"),)),
    ],
)
def test_forms(text, name, items):
    assert parse(text) == Specification(text, name, items)


PLAIN = st.text("abcxyz0123456789.+/_", min_size=1, max_size=8)


@given(PLAIN, st.dictionaries(PLAIN, PLAIN, max_size=4))
def test_both_spellings_mean_the_same(value, settings):
    pairs = [f"{key}={one}" for key, one in settings.items()]
    colon = parse(",".join([f"alpha:{value}", *pairs]))
    equals = parse(f"alpha={value}" + ("?" + "&".join(pairs) if pairs else ""))
    assert colon.items == equals.items == (("", value), *settings.items())
    assert colon.value == value


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, TypeError, "a thing must be text, got None"),
        ("", ValueError, "a thing must be one of alpha, alpha-beta, gamma2, got ''"),
        ("alhpa:3", ValueError, "a thing must be one of alpha, .*, got 'alhpa:3'"),
        (":3", ValueError, "a thing must be one of"),
        ("alpha:", ValueError, "a setting must follow the colon, got 'alpha:'"),
        ("alpha= ", ValueError, "a setting must follow the equals sign, got 'alpha= '"),
        ("alpha?a", ValueError, r"a setting must be NAME=VALUE, got 'a' in 'alpha\?a'"),
        ("alpha?=a", ValueError, "a setting must be NAME=VALUE, got '=a'"),
        ("alpha?a=", ValueError, "a setting must be NAME=VALUE, got 'a='"),
    ],
)
def test_texts_that_are_refused(text, error, message):
    with pytest.raises(error, match=message):
        parse(text)


def test_settings_are_read():
    assert parse("alpha:3,share=0.5,file=a b,shape=box").read(READERS) == {
        "size": 3,
        "share": 0.5,
        "file": "a b",
        "shape": "box",
    }
    assert parse("alpha?size=3&more=none").read(READERS, VALUE) == {"size": 3, "more": None}
    assert parse("alpha").read({}) == {}
    assert parse_settings("size=3,7.5").read({"share": NUMBER, "size": WHOLE}) == {"size": 3, "share": 7.5}
    assert [read_value(text) for text in ("3", "3.5", "none", "1e3", "x3")] == [3, 3.5, None, 1000.0, "x3"]


@pytest.mark.parametrize(
    ("text", "readers", "message"),
    [
        ("alpha:3,4", READERS, "size must be given once, got 'alpha:3,4'"),
        ("alpha:size=3,size=4", READERS, "size must be given once"),
        ("alpha:3,size=4", READERS, "size must be given once"),
        ("alpha:3.5", READERS, "size must be a whole number, got '3.5' in 'alpha:3.5'"),
        ("alpha:share=x", READERS, "share must be a number, got 'x'"),
        ("alpha:shape=round", READERS, "shape must be 'box' or 'ellipse', got 'round'"),
        ("alpha:width=3", READERS, "alpha takes size, share, file, shape, got 'width=3' in 'alpha:width=3'"),
        ("alpha:3", {}, "alpha takes no settings, got '3' in 'alpha:3'"),
    ],
)
def test_settings_that_are_refused(text, readers, message):
    with pytest.raises(ValueError, match=message):
        parse(text).read(readers)


def test_a_value_alone_is_never_one_of_the_others():
    with pytest.raises(ValueError, match="alpha takes no settings, got '3'"):
        parse("alpha:3").read({}, VALUE)


def test_arguments_that_a_class_does_not_take():
    def make(*, size):
        return size

    assert make_specified(make, parse("alpha"), {"size": 3}) == 3
    for settings, message in (
        ({"size": 3, "wide": 1}, "alpha: got an unexpected keyword argument 'wide'"),
        ({}, "alpha: missing 1 required keyword-only argument: 'size'"),
    ):
        with pytest.raises(ValueError, match=message):
            make_specified(make, parse("alpha"), settings)


def test_short_names():
    texts = ["yunet", "yolo=a.onnx?size=3", "haar=x", "haar=y?a=b", "mosaic:3"]
    assert list(short_names(texts)) == ["yunet", "yolo", "haar=x", "haar=y?a=b", "mosaic"]
    assert list(short_names(texts).values()) == texts
