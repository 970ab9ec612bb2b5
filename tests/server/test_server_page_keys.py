"""The service's page in a real browser: own keys, one-time keys, restoring, and bearer tokens."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import numpy as np
import pytest
from browser_cases import (
    CLEAN,
    PHOTOGRAPH,
    SERVED,
    WITH_KEY,
    chromium,
    download,
    drop,
    original,
    page,
    preview,
    service,
    settled,
    text,
    watched,
)
from server_cases import OTHER_KEY, pixels_of, running, token_with

import fastperturb as fp
from fastperturb.files.reading import decode

pytestmark = pytest.mark.browser


def test_an_own_key_restores_on_the_page(page, tmp_path):
    preview(page, lambda: page.set_input_files("#file", PHOTOGRAPH))
    page.check("[name=key][value=own]")
    assert text(page, "#status") == "Choose your key file, or make a new key."
    name, key_text = download(page, "#make-key")
    assert name == "fastperturb.key"
    settled(page)
    key = fp.Key.from_text(key_text.decode())
    assert key.id in text(page, "#save-note")
    _, data = download(page, "#save-image")
    for file, content in {"hidden.png": data, "own.key": key_text, "other.key": OTHER_KEY.to_text().encode()}.items():
        (tmp_path / file).write_bytes(content)
    page.set_input_files("#file", tmp_path / "hidden.png")
    page.wait_for_selector("#error button")
    if page.is_visible("#error button >> text=Add a face"):  # whether one is still found depends on the new key
        page.click("#error button >> text=Add a face")
    page.click("#error button >> text=Restore it")
    assert page.url.endswith("#restore")
    assert "does not restore with its own keys" in text(page, "#restore-note")
    assert page.is_disabled("[name=restore-key][value=service]")
    page.set_input_files("#restore-key", tmp_path / "other.key")
    page.click("#restore-form [type=submit]")
    page.wait_for_selector("#error strong")
    assert "protected with another key" in text(page, "#error")
    page.set_input_files("#restore-key", tmp_path / "own.key")
    page.click("#restore-form [type=submit]")
    page.wait_for_selector("#restored:visible")
    assert text(page, "#error") == ""
    name, restored = download(page, "#save-restored")
    assert name == "hidden-restored.png"
    np.testing.assert_array_equal(pixels_of(restored), original())


def test_without_keys_it_says_that_nothing_can_be_restored(chromium):
    with running(*SERVED, environment=CLEAN) as (_, address, _lines), watched(chromium, address) as page:
        preview(page, lambda: drop(page))
        assert page.is_hidden("[data-key=service]")
        assert page.is_disabled("#save-record")
        assert "one-time key that is dropped" in text(page, "#save-note")
        assert decode(download(page, "#save-image")[1]).texts == {}


def test_tokens_are_asked_for_and_kept_in_memory_only(chromium, tmp_path):
    line, headers = token_with("perturb", "restore")
    (tmp_path / "tokens").write_text(line + "\n")
    options = (*SERVED, "--tokens", tmp_path / "tokens", "--allow-restore")
    with running(*options, environment=WITH_KEY) as (_, address, _lines), watched(chromium, address) as page:
        page.wait_for_selector("#token-form", state="visible")
        drop(page)
        page.wait_for_selector("#error strong")
        assert text(page, "#error").startswith("The service asks for a token.")
        assert page.evaluate("document.activeElement.id") == "token"
        page.keyboard.type("fptok1_wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#error strong")
        page.fill("#token", headers["Authorization"].split()[1])
        preview(page, lambda: page.keyboard.press("Enter"))
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
        assert "fptok1_" not in kept
        (tmp_path / "hidden.png").write_bytes(download(page, "#save-image")[1])
        page.click("nav a[href='#restore']")
        page.check("[name=restore-key][value=service]")
        page.set_input_files("#restore-image", tmp_path / "hidden.png")
        page.click("#restore-form [type=submit]")
        page.wait_for_selector("#restored:visible")
        np.testing.assert_array_equal(pixels_of(download(page, "#save-restored")[1]), original())
        page.reload()
        assert page.input_value("#token") == ""
