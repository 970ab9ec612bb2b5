"""What tests of the service's page share: Debian's or any other Chromium driven by Playwright, and a watched page.

A page that logs an error or breaks its content security policy fails its test, whatever else the test looks at.
"""

import base64
import contextlib
import json
import os
import re
import shutil
import sys
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from photographs import astronaut
from server_cases import KEY, encoded, running

from fastperturb.files.reading import decode

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("FASTPERTURB_")}
WITH_KEY = CLEAN | {"FASTPERTURB_KEYS": KEY.to_text()}
WATCH = "addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective}`))"
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, {type: "image/png"}));
  for (const type of ["dragenter", "dragover", "drop"])
    document.getElementById("drop").dispatchEvent(new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true}));
}"""
PHOTOGRAPH = astronaut().path
SERVED = ("--max-megabytes", 1, "--max-pixels", 1_000_000)


@pytest.fixture(scope="module")
def chromium():
    """The browser; skips where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright here")
    if CHROMIUM is None or sys.platform == "win32":
        pytest.skip("no Chromium here")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses to run as root
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service():
    """A service with a key and small limits; gives its address."""
    with running(*SERVED, environment=WITH_KEY) as (_, address, _lines):
        yield address


@contextlib.contextmanager
def clean_page(chromium, address, quiet=(), seconds=20, **options):
    """A page in a context of its own; fails at the end if it logged an error that does not begin with one of ``quiet``,
    or asked for anything elsewhere."""
    context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    context.set_default_timeout(1000 * seconds)
    page = context.new_page()
    home = address.partition("#")[0]
    wrong = []
    page.on("filechooser", lambda _: None)  # so Chromium catches choosers before a key is pressed
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(message.text))
    page.on("request", lambda sent: sent.url.startswith((home, "blob:")) or wrong.append(sent.url))
    page.add_init_script(WATCH)
    page.goto(address)
    yield page
    context.close()
    assert [text for text in wrong if not text.startswith(("Failed to load resource", *quiet))] == []


@contextlib.contextmanager
def watched(chromium, address, **options):
    """The service's page, when it knows what it talks to."""
    with clean_page(chromium, address, **options) as page:
        page.wait_for_function("() => document.getElementById('version').textContent")
        yield page


@pytest.fixture
def page(chromium, service):
    """The page, wide."""
    with watched(chromium, service) as page:
        yield page


def drop(page, name="photograph.png", data=None):
    data = PHOTOGRAPH.read_bytes() if data is None else data
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


SETTLED = """() => !document.getElementById("save-image").disabled && !document.querySelector("figure.stale")
  && document.getElementById("pictures").ariaBusy === "false\""""


def settled(page):
    """Waits for the newest answers of all protections."""
    page.wait_for_function(SETTLED)


def preview(page, act, name="surrogate"):
    """What /v1/preview answers for a protection to what ``act`` does, once the page shows it; and what was asked."""

    def is_it(answer):
        return "/v1/preview" in answer.url and answer.status == 200 and query(answer.url)["protect"][0].startswith(name)

    with page.expect_response(is_it) as caught:
        act()
    parts = parts_of(caught.value.headers["content-type"], caught.value.body())
    settled(page)
    return parts, query(caught.value.url)


def parts_of(kind, body):
    """The parts of a multipart answer by name, ``facts`` as an object."""
    pieces = body.split(b"\r\n--" + kind.partition("boundary=")[2].encode())
    found = {}
    for piece in pieces[1:-1]:
        head, _, data = piece.partition(b"\r\n\r\n")
        found[re.search(rb'name="([^"]+)"', head)[1].decode()] = data
    return found | {"facts": json.loads(found["facts"])}


def measure(page, name, title):
    """A measure under a picture, as text."""
    return page.inner_text(f"figure[data-name={name}] .measures div:has(dt:text-is('{title}')) dd")


def kept_by_browser(page):
    """All that the page has stored in the browser."""
    return page.evaluate("""async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,
      await indexedDB.databases(), await caches.keys(), location.href, history.state])""")


def query(url):
    return parse_qs(urlsplit(url).query)


def chooser_by(page, key):
    """The file chooser that a key opens; under load a key may be lost, and is pressed again."""
    late = pytest.importorskip("playwright.sync_api").TimeoutError
    for _ in range(5):
        with contextlib.suppress(late):
            with page.expect_file_chooser(timeout=6_000) as caught:
                page.keyboard.press(key)
            return caught.value
    raise AssertionError(f"{key} opens no file chooser")


def download(page, button):
    with page.expect_download() as caught:
        page.click(button)
    return caught.value.suggested_filename, caught.value.path().read_bytes()


def text(page, selector):
    return page.inner_text(selector)


def number(shown):
    """The number that a text begins with."""
    return float(shown.split()[0].replace(",", ""))


def box_of(answered):
    """The boxes of a query as numbers."""
    return [tuple(map(int, item.split(","))) for item in answered.get("region", [])]


def grey(height=300, width=400):
    """A PNG without a face."""
    return cv2.imencode(".png", np.full((height, width, 3), 128, np.uint8))[1].tobytes()


def rows_of_faces(count=2):
    """A PNG of the astronaut's head, side by side, with nothing between the heads."""
    head = original()[0:230, 120:320]
    return encoded(np.hstack([head] * count))


def original():
    return decode(PHOTOGRAPH.read_bytes()).pixels
