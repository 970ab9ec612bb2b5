"""The files of the service's page, without a browser: their size, where they reach, who is named, and contrast."""

import re
from pathlib import Path

import pytest

import fastperturb

STATIC = Path(fastperturb.__file__).parent / "server" / "static"
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(STATIC.iterdir())}
PAGE = FILES["index.html"]
DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = " ".join(
    " ".join((DOCS / name).read_text(encoding="utf-8").split()) for name in ("protections.md", "attackers.md")
)
LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3, level AA
PAIRS = [
    ("text", "back"),
    ("text", "panel"),
    ("soft", "back"),
    ("soft", "panel"),
    ("soft", "stage"),
    ("accent", "panel"),
    ("accent", "back"),
    ("on-accent", "accent"),
    ("bad", "bad-back"),
    ("bad", "back"),
    ("warn", "warn-back"),
]


def test_all_of_it_is_small():
    assert sum(len(text.encode()) for text in FILES.values()) < 110_000


def test_it_reaches_nothing_else_and_has_no_inline_code():
    for name, text in FILES.items():
        hosts = set(re.findall(r"https?://[^\s\"']+", text)) - {"http://www.w3.org/2000/svg"}
        assert hosts == set(), name
        assert "innerHTML" not in text, name
        assert not re.search(r"\b(local|session)Storage\b|document\.cookie|indexedDB", text), name
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", PAGE)


def test_every_file_and_id_that_is_named_is_there():
    named = set(re.findall(r'(?:static/|from "\./)([a-z.]+)', "".join(FILES.values())))
    assert named | {"index.html"} == set(FILES)
    ids = re.findall(r'\sid="([^"]+)"', PAGE)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'\b(?:for|aria-describedby|aria-labelledby)="([^"]+)"', PAGE))
    asked = {name for text in FILES.values() for name in re.findall(r'\bby\("([^"]+)"\)', text)}
    assert {item for text in wanted for item in text.split()} | asked <= set(ids)


def test_every_figure_is_published():
    """Each rate that the page names stands in the documents, with its interval; and it names no other."""
    figures = re.findall(r"\[(0\.\d+), (0\.\d+), (0\.\d+)\]", FILES["words.js"])
    assert len(figures) == 5
    for rate, low, high in figures:
        assert f"{rate} ({low} to {high})" in PUBLISHED
    assert not re.search(
        r"\b\d+ ?%|0\.\d", re.sub(r"^(?:const|//) .*$", "", FILES["words.js"], flags=re.M)
    )  # no other figures


def test_every_field_has_a_label():
    for field in re.findall(r"<input[^>]*>", PAGE):
        if not re.search(r'type="(radio|checkbox)"', field):
            name = re.search(r'id="([^"]+)"', field)[1]
            assert f'for="{name}"' in PAGE
    for image in re.findall(r"<img[^>]*>", PAGE):
        assert "alt=" in image


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_contrast(scheme, front, back):
    blocks = re.findall(r":root \{([^}]*)\}", FILES["style.css"])
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", blocks[0]))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", blocks[1]))
    lighter, darker = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= LEAST_CONTRAST


def luminance(colour):
    """WCAG 2.2's relative luminance of #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
