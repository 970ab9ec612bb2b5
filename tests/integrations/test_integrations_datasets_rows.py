"""Columns of data sets: types that late rows cannot break, files that cannot be read, what a picture carries, twice."""

import io
import warnings

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.files.icc import colours_alone

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    datasets = pytest.importorskip("datasets")
    PIL_Image = pytest.importorskip("PIL.Image")
    ImageCms = pytest.importorskip("PIL.ImageCms")
    from fastperturb.integrations.datasets import FaceOptions, PerturbImages

pytestmark = pytest.mark.filterwarnings("ignore")
TEXT = datasets.Value("string")


@pytest.fixture(autouse=True)
def quiet(tmp_path, monkeypatch):
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def file_of(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.fixture
def face(astronaut):
    return file_of(PIL_Image.fromarray(astronaut))


@pytest.fixture
def empty():
    return file_of(PIL_Image.new("RGB", (90, 80), (7, 7, 7)))


def data_set(files, decode=True, **columns):
    rows = [file if isinstance(file, dict) or file is None else {"bytes": file, "path": None} for file in files]
    made = datasets.Dataset.from_dict({"image": rows, **columns}, features=None if columns else image_column())
    return made.cast_column("image", datasets.Image(decode=decode))


def image_column():
    return datasets.Features({"image": datasets.Image()})


@pytest.mark.parametrize("order", ["good first", "bad first"])
@pytest.mark.parametrize("processes", [None, 2])
def test_late_rows_do_not_break_the_types_of_early_ones(face, empty, key, order, processes):
    files = [face, face, empty, empty] if order == "good first" else [empty, empty, face, face]
    step = PerturbImages(key, error="error")
    done = data_set(files).map(step, batched=True, batch_size=2, writer_batch_size=2, num_proc=processes)
    assert (done.features["record"], done.features["error"]) == (TEXT, TEXT)
    assert isinstance(done.features["image"], datasets.Image)
    bad = [image is None for image in done["image"]]
    assert bad == [file is empty for file in files]
    assert [bool(text) for text in done["record"]] == [not value for value in bad]
    assert [bool(text) for text in done["error"]] == bad
    passed = data_set(files).map(PerturbImages(key, FaceOptions(no_face="pass")), batched=True, batch_size=2)
    assert passed.features["record"] == TEXT
    assert [text == "" for text in passed["record"]] == bad


@pytest.mark.parametrize("decode", [True, False])
def test_files_that_cannot_be_read_fail_alone(face, here, key, decode):
    broken = [face[:5000], b"junk", b"", {"bytes": None, "path": str(here / "missing.png")}, None]
    rows = data_set([face, *broken, face], decode)
    done = rows.map(PerturbImages(key, error="error"), batched=True)
    assert [bool(text) for text in done["error"]] == [False, *[True] * len(broken), False]
    assert "FileNotFoundError" in done[4]["error"]
    assert [image is None for image in done["image"]] == [False, *[True] * len(broken), False]
    for row in (done[0], done[6]):
        hidden = row["image"] if decode else PIL_Image.open(io.BytesIO(row["image"]["bytes"]))
        shown = fp.restore(np.array(hidden), fp.Record.from_json(row["record"]), key)
        assert np.array_equal(shown, np.array(PIL_Image.open(io.BytesIO(face))))
    with pytest.raises(Exception, match=r"truncated|broken|cannot identify"):
        rows.select([0, 1]).map(PerturbImages(key), batched=True)


def test_undecoded_columns_stay_so_and_hold_no_original(face, key):
    rows = data_set([face], decode=False)
    done = rows.map(PerturbImages(key), batched=True)
    assert done.features["image"] == datasets.Image(decode=False)
    assert done[0]["image"]["path"] is None
    assert done[0]["image"]["bytes"].startswith(b"\x89PNG")
    assert done[0]["image"]["bytes"] != face


@pytest.mark.parametrize("decode", [True, False])
def test_streams(face, empty, key, decode):
    rows = data_set([empty, face], decode).to_iterable_dataset()
    first, second = rows.map(PerturbImages(key, error="error"), batched=True, batch_size=1)
    assert (first["image"], first["record"]) == (None, "")
    assert second["error"] == ""
    hidden = second["image"] if decode else PIL_Image.open(io.BytesIO(second["image"]["bytes"]))
    assert fp.restore(np.array(hidden), fp.Record.from_json(second["record"]), key).shape == (512, 512, 3)


def test_the_mode_of_a_column_is_kept(face, key):
    rows = data_set([face]).cast_column("image", datasets.Image(mode="L"))
    done = rows.map(PerturbImages(key), batched=True)
    assert done[0]["image"].mode == "L"
    assert fp.Record.from_json(done[0]["record"]).shape == (512, 512)


@pytest.mark.parametrize("decode", [True, False])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_the_colour_profile_is_kept(astronaut, key, decode, form):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rows = data_set([file_of(PIL_Image.fromarray(astronaut), form, icc_profile=profile)], decode)
    done = rows.map(PerturbImages(key), batched=True).cast_column("image", datasets.Image())
    assert done[0]["image"].info["icc_profile"] == profile


def test_what_is_no_profile_of_these_colours_is_not_kept(astronaut, key):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = PIL_Image.fromarray(astronaut[..., 0])
    for image, data in ((PIL_Image.fromarray(astronaut), b"a name" * 99), (grey, profile)):
        rows = data_set([file_of(image, icc_profile=data)], boxes=[[[100, 50, 60, 80]]])
        done = rows.map(PerturbImages(key, boxes="boxes"), batched=True)
        assert "icc_profile" not in done[0]["image"].info


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (1, 2, 3)), ("L", 5), ("1", 1), ("P", None)])
def test_the_transparent_colour_is_kept(mode, colour, key):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    noise[:9, :9] = (1, 2, 3) if mode == "RGB" else 5
    image = PIL_Image.fromarray(noise).convert(mode)
    colour = int(np.array(image)[0, 0]) if colour is None else colour
    rows = data_set([file_of(image, transparency=colour)], boxes=[[[0, 0, 40, 40]]])
    before = rows[0]["image"].convert("RGBA")
    done = rows.map(PerturbImages(key, FaceOptions(protection=fp.Strength(window=4)), boxes="boxes"), batched=True)
    hidden = done[0]["image"]
    shown = PIL_Image.fromarray(fp.restore(np.array(hidden), fp.Record.from_json(done[0]["record"]), key))
    shown.info.update(hidden.info)
    assert np.array_equal(np.array(shown.convert("RGBA")), np.array(before))
    assert (np.array(before)[..., 3] == 0).any()


def test_what_tells_of_people_is_not_kept(astronaut, key):
    exif = PIL_Image.Exif()
    exif[0x010E] = "a name"
    data = file_of(PIL_Image.fromarray(astronaut), "JPEG", exif=exif, comment=b"a name")
    done = data_set([data], decode=False).map(PerturbImages(key), batched=True)
    assert b"a name" not in done[0]["image"]["bytes"]


def test_a_record_is_never_replaced(face, key):
    once = data_set([face]).map(PerturbImages(key), batched=True)
    with pytest.raises(
        ValueError, match="an entry 'record' is there already: a second protection would take its place"
    ):
        once.map(PerturbImages(key), batched=True)
    named = data_set([face], note=["x"])
    with pytest.raises(ValueError, match="an entry 'note' is there already"):
        named.map(PerturbImages(key, error="note"), batched=True)
    for names in ({"record": "image"}, {"error": "record"}, {"image": "x", "error": "x"}):
        with pytest.raises(ValueError, match="image, record, seals and error must be different columns, got"):
            PerturbImages(key, **names)


def test_a_file_with_its_record_inside_is_protected_already(here, astronaut, key):
    hidden, record = fp.perturb(astronaut, [(101, 53, 67, 80)], key)
    fp.files.write_image("hidden.png", hidden, record)
    rows = data_set([(here / "hidden.png").read_bytes()])
    with pytest.raises(ValueError, match="it is protected already and has a record; restore it first"):
        rows.map(PerturbImages(key), batched=True)
    done = rows.map(PerturbImages(key, error="error"), batched=True)
    assert done[0]["error"] == "ValueError: it is protected already and has a record; restore it first"


def test_another_column_of_pictures_does_not_pass_in_the_clear(face, key):
    files = [{"bytes": face, "path": None}]
    rows = data_set([face], other=files, more=[files], label=[3], boxes=[[[1, 2, 30, 40]] * 9])
    rows = rows.cast_column("other", datasets.Image()).cast_column("more", datasets.List(datasets.Image()))
    with pytest.raises(ValueError, match="'other' could be a picture and would pass in the clear"):
        rows.remove_columns("more").map(PerturbImages(key), batched=True)
    with pytest.raises(ValueError, match="'more' could be a picture"):
        rows.remove_columns("other").map(PerturbImages(key), batched=True)
    first = rows.remove_columns("more").map(PerturbImages(key, unprotected="other"), batched=True)
    both = first.map(PerturbImages(key, image="other", record="record_other", unprotected="image"), batched=True)
    for image, text in (("image", "record"), ("other", "record_other")):
        shown = fp.restore(np.array(both[0][image]), fp.Record.from_json(both[0][text]), key)
        assert np.array_equal(shown, np.array(rows[0]["image"]))


def test_a_column_of_numbers_that_could_be_a_picture_does_not_pass_in_the_clear(face, astronaut, key):
    """The library makes lists of lists of NumPy arrays, and knows no lengths of them."""
    others = {
        "thumb": [astronaut[40:180:4, 150:310:4]],
        "within": [{"grey": [astronaut[::8, ::8, 0]], "name": "x"}],
        "several": [[astronaut[::8, ::8], astronaut[::16, ::16]]],
    }
    for name, values in others.items():
        rows = data_set([face], **{name: values})
        for form in (None, "numpy"):
            with pytest.raises(ValueError, match=f"'{name}' could be a picture and would pass in the clear"):
                rows.with_format(form).map(PerturbImages(key), batched=True)
        done = rows.map(PerturbImages(key, unprotected=name), batched=True)
        assert done.column_names == ["image", name, "record"]
        with pytest.raises(ValueError, match="could be a picture"):
            list(rows.to_iterable_dataset().map(PerturbImages(key), batched=True))


def test_columns_of_numbers_that_are_no_pictures_pass(face, key):
    numbers = {
        "boxes": [[[1, 2, 30, 40]] * 9] * 3,
        "points": [np.ones((20, 5, 2))] * 3,
        "vector": [np.ones(512)] * 3,
        "tokens": [[list(range(length)) for length in range(1, 20)]] * 3,
        "mask": [np.ones((20, 20), bool)] * 3,
    }
    done = data_set([face] * 3, **numbers).map(PerturbImages(key), batched=True)
    assert done.column_names == ["image", *numbers, "record"]


@pytest.mark.parametrize("decode", [True, False])
def test_a_profile_brings_its_colours_and_nothing_else(astronaut, key, decode):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = file_of(PIL_Image.fromarray(astronaut), icc_profile=profile + b"a thumbnail")
    done = data_set([data], decode).map(PerturbImages(key), batched=True).cast_column("image", datasets.Image())
    kept = done[0]["image"].info["icc_profile"]
    assert kept == colours_alone(profile, "RGB ")
    assert b"thumbnail" not in kept
