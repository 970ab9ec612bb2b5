"""The report: whole, self-contained, the numbers of the rows in it, and drawings that take the page's colours."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure
from study_cases import Fickle, make_study

from fastperturb.evaluation.report import render_report, tables
from fastperturb.evaluation.report.charts import draw_rates
from fastperturb.evaluation.report.frontier import draw_frontier, mean_recall
from fastperturb.evaluation.report.labels import Label, place_labels
from fastperturb.evaluation.report.plain_words import in_plain_words, list_purposes
from fastperturb.evaluation.report.theme import INK, SERIES, drawing, to_svg
from fastperturb.evaluation.study import Row, Rows, recommend, run_study

VOID = {"meta", "img", "br", "link", "input", "hr"}


@pytest.fixture(scope="module")
def results():
    study = make_study(("permutation:cells=4", "permutation:cells=6", "mosaic:8"), ("eigenfaces", "histograms"))
    return run_study(replace(study, detectors={**study.detectors, "fickle": Fickle()}))


@pytest.fixture(scope="module")
def html(results):
    return render_report(results, "fastperturb evaluate 'a & b' -o out")


class Reader(HTMLParser):
    """Tags that must close, ids, what is pointed to, and all text."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.text, self.sources = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.links += [attributes["href"]] if "href" in attributes else []
        self.sources += [attributes["src"]] if "src" in attributes else []

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_nothing_is_loaded_from_anywhere(html, read):
    assert not re.search(r"https?:|//[a-z]", re.sub(r"base64,[\w+/=]+", "", html))
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe", html)
    assert all(source.startswith("data:image/png;base64,") for source in read.sources)
    assert all(link.startswith("#") for link in read.links)


def test_it_is_well_formed_and_every_link_has_its_place(read):
    assert read.open == []
    assert len(set(read.ids)) == len(read.ids)
    assert {link[1:] for link in read.links} <= set(read.ids)


def test_every_part_is_there(html, read, results):
    places = "examples plain advice frontier found recognised quality sweep threshold made"
    for place in places.split():
        assert place in read.ids, place
    text = " ".join(read.text)
    for name in tables.list_protections(results.rows):
        assert text.count(name) >= 8, name
    assert html.count("<svg") == 2 * 6  # for wide pages and for narrow ones
    assert "fastperturb evaluate 'a & b' -o out" in text
    assert "29.95 dB" in text


def test_plain_words_are_numbers_of_pictures(results, read):
    plain = in_plain_words(results.rows, results.advice, "eigenfaces")
    assert [plain[0].protection, plain[-1].protection] == ["clear", "black"]
    assert 3 <= len(plain) <= 5
    for item in plain:
        row = results.rows.find(item.protection, "rank1", "naive/eigenfaces")
        assert item.standard == round(row.value * row.count)
        assert item.pictures == row.count
        assert item.standard <= item.best <= item.pictures
        assert f"{item.best}" in " ".join(read.text)
    assert plain[0].best == plain[0].pictures
    assert in_plain_words(results.rows, results.advice, "nobody") == []
    assert read.ids.index("examples") < read.ids.index("plain") < read.ids.index("advice")


def test_the_standard_program_is_named_and_nothing_unsealed_is_called_reversible(read):
    text = " ".join("".join(read.text).split())
    assert "a standard program (eigenfaces) names" in text
    assert "Standard program: eigenfaces, enrolled on clear photographs" in text
    assert "all others only where they were sealed" in text
    assert "(reversible)" not in text


def test_failures_stand_at_the_top_and_with_their_reason(read, results):
    text = " ".join(read.text)
    assert results.failures
    assert f"{len(results.failures)} measurements failed" in text
    assert "RuntimeError: not this one" in text


def test_few_people_are_said_to_be_few(read, results):
    text = " ".join(read.text)
    assert "Only 4 people" in text
    assert "8 images enrolled, up to 2 of each person" in text
    many = [replace(row, count=40) if row.measure == "chance1" else row for row in results.rows.all]
    assert "Only " not in render_report(replace(results, rows=type(results.rows)(many)))


def test_colours_are_the_pages(html):
    assert not any(colour in html for colour in (INK, *SERIES))
    for number in (1, 2):
        assert html.count(f"var(--s{number})") > 5


def test_names_are_escaped(results):
    about = {**results.about, "data": "<script>alert(1)</script>"}
    assert "<script>" not in render_report(replace(results, about=about))


def test_tables_say_what_the_rows_say(results):
    table = tables.detection_table(results.rows, "recall")
    lines = {name: dict(zip(table.heads, cells, strict=True)) for name, cells in table.rows}
    assert lines["clear"]["fixed"].text == "1.00"
    assert lines["permutation, 4 cells"]["fixed"].text == "1.00 / 1.00"
    assert lines["black"]["fixed"].text == "0.00"
    rank = tables.recognition_table(results.rows, "rank1")
    assert rank.groups == (("naive", 2), ("linker", 2), ("of all", 1))
    assert rank.rows[-1][0] == "chance"
    strongest = {name: cells[-1].text for name, cells in rank.rows}
    best = max(row.value for row in results.rows.all if row.measure == "rank1" and row.protection == "mosaic, 8 px")
    assert strongest["mosaic, 8 px"] == f"{best:.2f}"
    assert tables.quality_table(results.rows).rows[0][1][0].text == "∞"


def test_without_recognition_and_drawings_it_still_renders(results):
    nothing = type(results.rows)(row for row in results.rows.all if row.measure == "recall")
    html = render_report(replace(results, rows=nothing, advice=(), drawings={}, failures=()))
    assert "<svg" not in html
    assert 'id="found"' in html
    assert 'id="recognised"' not in html


def test_labels_keep_apart():
    figure = Figure(figsize=(5, 4), dpi=72)
    axes = figure.subplots()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    points = [(0.5, 0.5), (0.51, 0.5), (0.5, 0.52), (0.53, 0.51), (0.97, 0.98)]
    place_labels(axes, [Label(x, y, "8 cells", "black") for x, y in points])
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == len(points)
    overlaps = [one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number]]
    assert sum(overlaps) == 0


def test_a_drawing_is_the_same_each_time():
    def once():
        with drawing(3, 2) as figure:
            figure.subplots().plot(np.arange(3), color=SERIES[0], label="a")
            return to_svg(figure, 'a "title" <here>', "salt")

    first = once()
    assert first == once()
    assert first.startswith('<svg viewBox="')
    assert 'aria-label="a &quot;title&quot; &lt;here&gt;"' in first
    assert "xmlns" not in first
    assert "font-size: " in first
    assert "DejaVu" not in first


def test_no_line_crosses_the_words_of_the_frontier(results):
    drawn = draw_frontier(results.rows, results.rows.actors("recall"))
    words = [row.label for row in results.rows.all if row.label and row.family not in ("clear", "black")]
    for svg in drawn:
        assert any(word in svg for word in words)
        grounds = re.findall(r'style="[^"]*fill: var\(--card\)[^"]*opacity: 0\.82', svg)
        assert len(grounds) >= svg.count("black box ")
        assert len(grounds) > 2


def recall(name, detector, value, reading="direct", count=10):
    return Row(name, name, 1.0, name, True, "recall", detector, reading, value, None, None, count, 0, "")


def test_a_mean_of_detectors_is_over_all_of_them_or_there_is_none():
    rows = Rows(
        [
            *(recall("X", "eye", value, reading) for value, reading in ((0.1, "direct"), (0.2, "view"))),
            *(recall("X", "lens", value, reading) for value, reading in ((0.9, "direct"), (0.8, "view"))),
            recall("Y", "lens", 0.9),
            recall("Z", "eye", None),
            recall("Z", "lens", 0.9),
            *(recall("W", "eye", value, reading) for value, reading in ((0.1, "direct"), (0.2, "view"))),
            recall("W", "lens", 0.5),  # and the view failed, by which it may find more
        ]
    )
    means = {name: mean_recall(rows, name, ["eye", "lens"]) for name in "XYZW"}
    assert means == {"X": pytest.approx(0.55), "Y": None, "Z": None, "W": None}
    assert mean_recall(rows, "W", ["eye", "lens"], "direct") == pytest.approx(0.3)
    assert mean_recall(rows, "Y", ["lens"]) == 0.9
    assert mean_recall(rows, "X", ["eye", "lens"], "other") is mean_recall(rows, "X", []) is None


MOSAIC = "mosaic, 8 px"


@pytest.fixture(scope="module")
def partial(results):
    """The results as if an attacker and a detector had failed on the mosaic, and another detector on some images."""
    lost = {(MOSAIC, "linker/histograms 4 x 4"), (MOSAIC, "blind")}
    rows = Rows(row for row in results.rows.all if (row.protection, row.actor) not in lost)
    return replace(results, rows=rows, advice=recommend(rows))


def test_the_best_of_those_who_did_not_fail_is_a_bound(partial):
    rows = partial.rows
    tables_of = (tables.recognition_table(rows, "rank1"), tables.verification_table(rows))
    strongest, verified = ({name: [cell.text for cell in cells] for name, cells in t.rows} for t in tables_of)
    assert strongest[MOSAIC][-1].startswith("≥ ")
    assert not any(text[-1].startswith("≥") for name, text in strongest.items() if name != MOSAIC)
    assert [text[:1] for text in verified[MOSAIC]] == [*(text[:1] for text in verified[MOSAIC][:3]), "≤", "≥", "≥"]
    assert not any(text[0] in "≤≥" for text in verified[MOSAIC][:3])  # the naive attacker did not fail
    plain = {item.protection: item.more for item in in_plain_words(rows, partial.advice, "eigenfaces")}
    assert plain == {name: name == MOSAIC for name in plain}
    assert MOSAIC in plain
    purposes = list_purposes(rows, partial.advice)
    assert all(item.more_of_all == (item.protection == MOSAIC) for item in purposes)


def test_what_somebody_failed_on_is_told_and_not_drawn_as_of_all(results, partial):
    whole, html = render_report(results), render_report(partial)
    words = " ".join(re.sub(r"<[^>]*>", "", html).split())
    assert "names at least " in words
    assert "names at least " not in re.sub(r"<[^>]*>", "", whole)
    caption = re.search(r"<figcaption>mosaic, 8 px<i>(.*?)</i>", html)[1]
    assert "recognised ≥ " in caption
    assert "found" not in caption  # a mean over the other detectors is another
    assert "mosaic, 8 px:" in re.search(r"Change of F in points.*?</p>", whole)[0]
    assert "mosaic, 8 px:" not in re.search(r"Change of F in points.*?</p>", html)[0]
    detectors, actors = results.rows.actors("recall"), results.rows.actors("rank1")
    assert draw_frontier(results.rows, detectors) != draw_frontier(partial.rows, detectors)
    names = tables.list_protections(results.rows)
    marks = [draw_rates(given.rows, actors, names).wide.count("<use") for given in (results, partial)]
    assert marks[1] == marks[0] - 1


def test_an_advice_names_who_failed_and_who_decides(results, partial):
    unknown = next(item for item in partial.advice if item.aim.startswith("unknown"))
    failed = replace(unknown.others[0], failed=("cleaner/net",), fulfils=False)
    html = render_report(replace(partial, advice=(replace(unknown, chosen=None, others=(failed,)),)))
    assert "<dt>failed</dt><dd>cleaner/net: more may be recognised</dd>" in html
    over = next(standing for standing in failed.standings if not standing.hidden)
    assert f'<span class="small">{over.attacker}</span>' in html
    assert "at least " in html


def test_images_are_those_that_recall_rests_on(results):
    rows = [
        replace(row, count=5) if row.actor == "fickle" and row.protection == MOSAIC else row for row in results.rows.all
    ]
    counts = {row.count for row in results.rows.all if (row.measure, row.actor) == ("recall", "fickle")}
    assert len(counts) == 1
    (count,) = counts
    assert f"fickle {count}<" in render_report(results).replace(".", "<")
    assert f"fickle 5 to {count}<" in render_report(replace(results, rows=Rows(rows))).replace(".", "<")
