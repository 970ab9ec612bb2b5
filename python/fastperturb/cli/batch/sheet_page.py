"""The page of a contact sheet: one HTML file that holds all it shows, can be printed, and loads nothing."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import reduce
from operator import and_
from pathlib import Path

from ... import __version__
from ...bounded_files import read_start
from ...files.atomic import write_atomically
from ...region import Region
from ..errors import printable
from .sheet_rows import Row
from .small_copies import SIDE

_START = "<!doctype html>\n<!-- A contact sheet that fastperturb made. -->\n"
_STYLE = f"""
:root {{ color-scheme: light dark; --line: #8888; --soft: #888; --bad: #b3261e }}
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; max-width: 90rem }}
h1 {{ font-size: 1.3rem }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem }} dd {{ margin: 0 }}
.note {{ border-left: 4px solid var(--bad); padding: .4rem .8rem }}
.sheet {{ display: grid; gap: .8rem; align-items: start;
 grid-template-columns: repeat(auto-fill, minmax(min(100%, {2 * SIDE + 40}px), 1fr)) }}
figure {{ margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; break-inside: avoid }}
.pair {{ display: flex; flex-wrap: wrap; gap: .5rem }} .one {{ flex: 0 1 {SIDE}px; min-width: 0; margin: 0 }}
.plate {{ position: relative; max-width: 100%; background: #8883; line-height: 0 }}
.plate img, .plate svg {{ width: 100%; height: 100%; position: absolute; inset: 0 }}
.strip {{ flex: 1 1 100%; min-width: 0 }} .strip img {{ max-width: 100%; display: block }}
.one span, .strip span, .small {{ font-size: 12px; color: var(--soft) }} .bad {{ color: var(--bad); font-weight: 600 }}
figcaption b {{ overflow-wrap: anywhere }} ol {{ margin: .2rem 0; padding-left: 1.4rem; font-size: 12px }}
svg * {{ fill: none; stroke-width: 2; vector-effect: non-scaling-stroke }}
.did {{ stroke: #ffd23f }}
.left {{ stroke: #3fb6ff; stroke-dasharray: 5 3 }}
.out {{ stroke: #e5322d; stroke-dasharray: 2 2 }}
.key svg {{ width: 1.4rem; height: .8rem; vertical-align: middle; background: #333 }}
.sign {{ display: flex; gap: 2rem; margin-top: 1.5rem }}
.sign span {{ flex: 1; border-top: 1px solid; padding-top: .2rem }}
@media print {{ body {{ margin: 0 }} :root {{ color-scheme: light }} figure {{ border-color: #999 }}
 .plate {{ print-color-adjust: exact; -webkit-print-color-adjust: exact }} }}
"""
_SHOWS_FACES = (
    "This sheet shows the originals, faces and all: it needs the same care as they do. Without --before it shows where "
    "regions are, and not what is in them."
)
_SHOWS_RESULTS = (
    "The results are shown as they are: faces that were missed or left on purpose, hair, clothes and places can be "
    "seen in them, and names of files may name people."
)


def write_sheet(path: Path, rows: Sequence[Row], title: str, before: bool) -> None:
    """Writes the sheet, whole or not at all; another file than a sheet is not replaced.

    It is no more open than any file that it shows.

    Args:
        path: where to.
        rows: of all pictures.
        title: what the sheet is of, for people.
        before: whether the rows hold originals.

    Raises:
        FileExistsError: something else is there.
        OSError: it cannot be written.
    """
    if path.exists() and not read_start(path, len(_START)).startswith(_START.encode("ascii")):
        raise FileExistsError(17, "something else than a contact sheet is there", str(path))
    mode = reduce(and_, (row.mode for row in rows), 0o666)
    parts = [part.encode("ascii", "xmlcharrefreplace") for part in _parts(rows, title, before)]
    write_atomically(path, parts, mode=mode)


def _parts(rows: Sequence[Row], title: str, before: bool) -> Iterator[str]:
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    yield f"""{_START}<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>Contact sheet: {_text(title)}</title><style>{_STYLE}</style></head><body>
<h1>Contact sheet: {_text(title)}</h1>
<p class="note">{_text(_SHOWS_FACES if before else _SHOWS_RESULTS)}</p>
"""
    yield _facts(rows)
    yield (
        '<p class="key small"><svg viewBox="0 0 9 9"><path class="did" d="M1 5h7"/></svg> a region '
        '<svg viewBox="0 0 9 9"><path class="left" d="M1 5h7"/></svg> left on purpose '
        '<svg viewBox="0 0 9 9"><path class="out" d="M1 5h7"/></svg> a face that a detector finds where nothing was '
        'done. Pictures to look at come first.</p>\n<main class="sheet">\n'
    )
    for row in sorted(rows, key=lambda row: (not row.problem, row.name)):
        yield _figure(row)
    yield '</main>\n<p class="sign"><span>Looked at by</span><span>on</span></p>\n</body></html>\n'


def _facts(rows: Sequence[Row]) -> str:
    done = Counter(words for row in rows for _, words in row.regions)
    facts = {
        "Made": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, by fastperturb {__version__}",
        "Pictures": f"{len(rows)}: {sum(bool(row.digest) for row in rows)} with a result, "
        f"{sum(row.problem for row in rows)} to look at",
        "Regions": f"{sum(done.values())}" + "".join(f"; {count} {words}" for words, count in done.most_common()),
        "Left on purpose": str(sum(len(row.spared) for row in rows)),
        "Faces found outside": str(sum(len(row.outside) for row in rows)),
    }
    items = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items())
    return f"<dl>{items}</dl>\n"


def _figure(row: Row) -> str:
    plates = []
    if row.size is not None and (row.regions or row.before or row.spared):
        plates.append(_plate(row, row.before, "before" if row.before else "regions, without the original"))
    if row.after is not None:
        plates.append(_plate(row, row.after, "after"))
    plates += [
        f'<div class="strip"><img alt="{words}" src="data:image/jpeg;base64,{image}"><span>{words}</span></div>'
        for words, image in row.strips
    ]
    where = [f"{_place(region)}: {words}" for region, words in row.regions]
    where += [f"{_place(region)}: left on purpose" for region in row.spared]
    where += [f"{_place(face.region)}: found outside, score {face.score:.2f}" for face in row.outside]
    listed = "".join(f"<li>{_text(line)}</li>" for line in where)
    size = "" if row.size is None else f" <span class=small>{row.size[0]} x {row.size[1]}</span>"
    digest = f" <span class=small>SHA-256 {row.digest}&hellip;</span>" if row.digest else ""
    return (
        f'<figure><div class="pair">{"".join(plates)}</div><figcaption><b>{_text(row.name)}</b>{size}<br>'
        f'<span class="{"bad" if row.problem else "good"}">{_text(row.verdict)}</span>{digest}'
        f"{f'<ol>{listed}</ol>' if listed else ''}</figcaption></figure>\n"
    )


def _plate(row: Row, image: str | None, words: str) -> str:
    width, height = row.size or (1, 1)
    wide = max(1, round(SIDE * min(1.0, width / height)))
    marks = "".join(_mark(region, "did") for region, _ in row.regions)
    marks += "".join(_mark(region, "left") for region in row.spared)
    marks += "".join(_mark(face.region, "out") for face in row.outside)
    shown = "" if image is None else f'<img alt="" src="data:image/jpeg;base64,{image}">'
    return (
        f'<div class="one"><div class="plate" style="aspect-ratio:{width}/{height};width:{wide}px">{shown}'
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{_text(words)}">{marks}</svg></div><span>{_text(words)}</span></div>'
    )


def _mark(region: Region, kind: str) -> str:
    x, y, width, height = region.x, region.y, region.width, region.height
    if region.shape == "ellipse":
        return (
            f'<ellipse class="{kind}" cx="{x + width / 2}" cy="{y + height / 2}" rx="{width / 2}" ry="{height / 2}"/>'
        )
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def _place(region: Region) -> str:
    return f"{region.width} x {region.height} at {region.x},{region.y}"


def _text(text: str) -> str:
    return html.escape(printable(text))
