"""Settings that name files: read for those who own the machine, refused for strangers."""

import pytest

from fastperturb.protections import parse_protection
from fastperturb.protections.method import make_method


@pytest.mark.parametrize(
    "text",
    [
        "surrogate:template=/etc/passwd",
        "camouflage?template=x.png",
        "cae:/etc/passwd",
        "cae:model=/etc/passwd",
        "ksame:faces=/etc/passwd",
        "weighted:weights=/etc/passwd",
    ],
)
def test_files_of_strangers_are_not_looked_at(text):
    """Whether such a file exists must not make a difference either."""
    for make in (parse_protection, make_method):
        with pytest.raises(ValueError, match="must not be given here, since it names a file"):
            make(text, files=False)


@pytest.mark.parametrize("text", ["surrogate:tone=around", "mosaic:cells=6", "permutation:8,shape=ellipse"])
def test_other_settings_are_the_same(text):
    assert parse_protection(text, files=False) == parse_protection(text)
