"""The service's page in a real browser: own, public, face and one-time keys, restoring and its verdicts, tokens."""

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
    kept_by_browser,
    original,
    page,
    preview,
    rows_of_faces,
    service,
    settled,
    text,
    watched,
)
from server_cases import KEY, OTHER_KEY, pixels_of, running, token_with

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode
from fastperturb.files.writing import encode

pytestmark = pytest.mark.browser


def save_answer(page, folder):
    """Downloads the picture, and its seal if there is one; gives the picture's path."""
    folder.joinpath("hidden.png").write_bytes(download(page, "#save-image")[1])
    if page.is_enabled("#save-seal"):
        folder.joinpath("hidden.png.seal").write_bytes(download(page, "#save-seal")[1])
    return folder / "hidden.png"


def restore_with(page, picture, key=None, seal=True):
    """Fills the form in and sends it; ``key`` is a path, or a text to paste."""
    page.set_input_files("#restore-image", picture)
    page.set_input_files("#restore-seals", f"{picture}.seal" if seal else [])
    if isinstance(key, str):
        page.check("[name=restore-key][value=text]")
        page.fill("#restore-text", key)
    elif key is not None:
        page.check("[name=restore-key][value=file]")
        page.set_input_files("#restore-key", key)
    page.click("#restore-form [type=submit]")


def verdicts(page):
    page.wait_for_selector("#restored:visible")
    rows = page.locator("#verdicts div").all()
    return dict(row.inner_text().split("\n", 1) for row in rows)


def complaint(page):
    page.wait_for_selector("#error strong")
    return text(page, "#error")


def test_an_own_key_restores_on_the_page(page, tmp_path):
    preview(page, lambda: page.set_input_files("#file", PHOTOGRAPH))
    page.check("[name=key][value=own]")
    assert text(page, "#status") == "Choose your key file, or make a new key."
    name, key_text = download(page, "#make-key")
    assert name == "fastperturb.key"
    settled(page)
    key = fp.Key.from_text(key_text.decode())
    assert key.id in text(page, "#save-note")
    name, data = download(page, "#save-image")
    assert name == "astronaut-protected.png"
    name, seal = download(page, "#save-seal")
    assert name == "astronaut-protected.png.seal"
    files = {"hidden.png": data, "hidden.png.seal": seal, "own.key": key_text}
    for file, content in (files | {"other.key": OTHER_KEY.to_text().encode()}).items():
        (tmp_path / file).write_bytes(content)
    page.set_input_files("#file", tmp_path / "hidden.png")  # a drawn face is found in it
    page.click("#error button >> text=Restore it")
    assert page.url.endswith("#restore")
    assert "With its own keys this service does not restore" in text(page, "#restore-note")
    assert page.is_disabled("[name=restore-key][value=service]")
    restore_with(page, tmp_path / "hidden.png", tmp_path / "other.key")
    assert complaint(page).startswith("This key does not open this picture.")
    restore_with(page, tmp_path / "hidden.png", tmp_path / "own.key", seal=False)
    page.wait_for_function("() => document.getElementById('error').textContent.startsWith('The seal of this picture')")
    restore_with(page, tmp_path / "hidden.png", tmp_path / "own.key")
    said = verdicts(page)
    assert said["Who made it"] == "Made by somebody who has your key."
    assert said["Record"] == "As it was written."
    assert said["Faces"] == "Back, bit for bit; what was shown instead is as it was written."
    assert said["Surroundings"] == "The rest of the picture is as it was protected."
    assert text(page, "#error") == ""
    name, restored = download(page, "#save-restored")
    assert name == "astronaut.png"
    np.testing.assert_array_equal(pixels_of(restored), original())
    kept = kept_by_browser(page)
    assert "fpkey1_" not in kept
    assert kept.startswith('[{},{},"",[],[],')


def test_an_archive_holds_its_seal(page):
    preview(page, lambda: drop(page))
    _, asked = preview(page, lambda: page.check("[name=purpose][value=archive]"))
    assert asked["seals"] == ["inside"]
    assert page.is_disabled("#save-seal")
    data = download(page, "#save-image")[1]
    record = fp.Record.from_json(decode(data).texts[RECORD_TEXT])
    np.testing.assert_array_equal(fp.restore(pixels_of(data), record, KEY), original())


def test_a_person_pastes_her_key_and_sees_her_face(page, tmp_path):
    row = rows_of_faces()
    preview(page, lambda: drop(page, "row.png", row))
    answer, _ = preview(page, lambda: page.check("#face-keys"))
    fields = page.locator("#face-key-list input").all()
    labels = [field.get_attribute("aria-label") for field in fields]
    assert labels == ["Key of the face in box 1", "Key of the face in box 2"]
    key = fields[1].input_value()
    picture = save_answer(page, tmp_path)
    page.click("nav a[href='#restore']")
    for name in ("hidden.png", "hidden.png.seal"):
        drop(page, name, (tmp_path / name).read_bytes())
    chosen = [
        page.eval_on_selector(f"#restore-{part}", "(input) => input.files[0].name") for part in ("image", "seals")
    ]
    assert chosen == ["hidden.png", "hidden.png.seal"]
    restore_with(page, picture, key[:-1])
    assert complaint(page).startswith("This is not a whole key.")
    restore_with(page, picture, key)
    said = verdicts(page)
    assert said["Who made it"] == "A face key cannot tell."
    assert said["Record"].startswith("A face key cannot tell of all of it")
    assert said["Faces"].startswith("Back, bit for bit")
    shown = pixels_of(download(page, "#save-restored")[1])
    hidden, clear = pixels_of(picture.read_bytes()), pixels_of(row)
    number = fp.FaceKey.from_text(key).index
    region = fp.Region(**answer["facts"]["regions"][number])
    mine = np.zeros(shown.shape[:2], bool)
    mine[region.clipped(*shown.shape[:2])] = True
    changed = (shown != hidden).any(axis=2)
    assert changed[mine].mean() > 0.5
    assert not changed[~mine].any()
    np.testing.assert_array_equal(shown[changed], clear[changed])
    assert "fpface2_" not in kept_by_browser(page)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")  # as after a step back
    page.wait_for_function("() => document.getElementById('restore-text')?.value === ''")


def test_a_public_key_protects_and_restoring_says_that_anyone_can_have_made_it(page, tmp_path):
    pytest.importorskip("cryptography", minversion="48")
    (tmp_path / "to.pub").write_text(OTHER_KEY.public().to_text() + "\n")
    (tmp_path / "own.key").write_text(OTHER_KEY.to_text() + "\n")
    preview(page, lambda: drop(page))
    page.check("[name=key][value=own]")
    preview(page, lambda: page.set_input_files("#key-file", tmp_path / "to.pub"))
    assert "only who has the secret to it can restore" in text(page, "#key-note")
    assert OTHER_KEY.public().id in text(page, "#save-note")
    picture = save_answer(page, tmp_path)
    page.click("nav a[href='#restore']")
    restore_with(page, picture, tmp_path / "to.pub")
    assert complaint(page).startswith("This is a public key. It protects and opens nothing.")
    restore_with(page, picture, tmp_path / "own.key")
    page.click("#error button >> text=Restore it all the same")
    assert verdicts(page)["Who made it"].startswith("Anyone can have made it")
    np.testing.assert_array_equal(pixels_of(download(page, "#save-restored")[1]), original())


def test_another_scene_around_a_face_is_told(page, tmp_path):
    preview(page, lambda: drop(page))
    page.check("[name=key][value=own]")
    (tmp_path / "own.key").write_bytes(download(page, "#make-key")[1])
    settled(page)
    picture = save_answer(page, tmp_path)
    opened = decode(picture.read_bytes())
    opened.pixels[400:, :] = 0
    picture.write_bytes(b"".join(encode(opened.pixels, "PNG", texts=opened.texts)))
    page.click("nav a[href='#restore']")
    restore_with(page, picture, tmp_path / "own.key")
    assert verdicts(page)["Surroundings"].startswith("The rest of the picture was changed since")
    assert page.get_attribute("#verdicts div:last-child dd", "class") == "warn"


def test_without_keys_it_says_that_nothing_can_be_restored(chromium):
    with running(*SERVED, environment=CLEAN) as (_, address, _lines), watched(chromium, address) as page:
        _, asked = preview(page, lambda: drop(page))
        assert asked["key_id"] == ["one-time"]
        assert page.is_hidden("[data-key=service]")
        assert page.is_hidden("#purpose")
        assert page.is_disabled("#save-seal")
        assert text(page, "#save-note").startswith("Nobody has a key: the faces can never be restored")
        assert decode(download(page, "#save-image")[1]).texts == {}


def test_a_service_that_only_protects_says_for_whom(chromium):
    pytest.importorskip("cryptography", minversion="48")
    environment = CLEAN | {"FASTPERTURB_TO": KEY.public().to_text()}
    with running(*SERVED, environment=environment) as (_, address, _lines), watched(chromium, address) as page:
        _, asked = preview(page, lambda: drop(page))
        assert "key_id" not in asked
        assert KEY.public().id in text(page, "#service-key")
        assert page.is_hidden("[data-key=own]")
        page.click("nav a[href='#restore']")
        assert "holds no secret key" in text(page, "#restore-off")
        assert page.locator("#restore-form input:visible, #restore-form button:visible").count() == 0


def test_tokens_are_asked_for_and_kept_in_memory_only(chromium, tmp_path):
    line, headers = token_with("perturb", "restore")
    (tmp_path / "tokens").write_text(line + "\n")
    options = (*SERVED, "--tokens", tmp_path / "tokens", "--allow-restore")
    with running(*options, environment=WITH_KEY) as (_, address, _lines), watched(chromium, address) as page:
        page.wait_for_selector("#token-form", state="visible")
        drop(page)
        assert complaint(page).startswith("The service asks for a token.")
        assert page.evaluate("document.activeElement.id") == "token"
        page.keyboard.type("fptok1_wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#error strong")
        page.fill("#token", headers["Authorization"].split()[1])
        preview(page, lambda: page.keyboard.press("Enter"))
        assert "fptok1_" not in kept_by_browser(page)
        picture = save_answer(page, tmp_path)
        page.click("nav a[href='#restore']")
        page.check("[name=restore-key][value=service]")
        restore_with(page, picture)
        assert verdicts(page)["Who made it"] == "Made by somebody who has your key."
        np.testing.assert_array_equal(pixels_of(download(page, "#save-restored")[1]), original())
        page.reload()
        assert page.input_value("#token") == ""
