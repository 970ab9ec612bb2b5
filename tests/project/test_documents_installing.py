"""Every install line that a page, a message or the Dockerfile prints: extras exist, and no release is needed.

Pages say ``'.[extra]'``, of a checkout; a message may say ``'fastperturb[extra]'``, for there the package is installed.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "Dockerfile")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
SOURCES = [path for name in ("python", "bench") for path in sorted((ROOT / name).rglob("*.py"))]
NAMED = re.compile(r"(?P<what>fastperturb|/source|\.)\[(?P<extras>[\w, ]+)\](?P<place> @ )?")
PLAIN = re.compile(r"pip install fastperturb\b(?!\[)")
INSTALLED = ("find-links", "that it prints")
"""Parts of lines where the package is there already: of the wheel that the image was built with, or of a message."""


def extras():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return set(re.findall(r"^(\w+) = \[", re.search(r"\.optional-dependencies\]\n(.*?)\n\[", text, re.S)[1], re.M))


def lines(path):
    """(number, line) of the lines that install something."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if "pip install" in line or "pip wheel" in line or "--find-links" in line:
            yield number, line


def ids(path):
    return path.relative_to(ROOT).as_posix()


def test_lines_name_extras_that_exist():
    known, seen = extras(), set()
    for path in [*PAGES, *SOURCES]:
        for number, line in lines(path):
            for found in NAMED.finditer(line):
                named = {name.strip() for name in found["extras"].split(",")} - {"extra"}  # a message's blank
                assert named <= known, f"{ids(path)}:{number}: {named - known}"
                seen |= named
    assert {"cli", "demo", "server", "evaluate", "test", "dlib"} <= seen


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_pages_need_no_release(path):
    for number, line in lines(path):
        if any(part in line for part in INSTALLED):
            continue
        assert not PLAIN.search(line), f"{ids(path)}:{number}: {line}"
        for found in NAMED.finditer(line):
            assert found["what"] != "fastperturb" or found["place"], f"{ids(path)}:{number}: {line}"


def test_the_check_sees_what_it_is_for():
    assert NAMED.search("pip install 'fastperturb[cli]'")["place"] is None
    assert NAMED.search("pip install 'fastperturb[cli] @ git+file:///x'")["place"]
    assert PLAIN.search("pip install fastperturb")
    assert not PLAIN.search("pip install fastperturb[cli]")
    assert {ids(path) for path in PAGES if list(lines(path))} >= {"README.md", "docs/install.md", "docs/tutorial.md"}
