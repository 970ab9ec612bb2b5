"""The function for Hugging Face's Dataset.map: stored bits, records, own boxes, errors as a column."""

import io
import pickle
import re
import warnings

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.files import write_image
from fastperturb.files.reading import decode as decode_file

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    datasets = pytest.importorskip("datasets")
    PIL_Image = pytest.importorskip("PIL.Image")
    from fastperturb.integrations.datasets import FaceOptions, PerturbImages, pixels_of

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def quiet(tmp_path, monkeypatch):
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def photographs(astronaut):
    """A data set of a PNG, a JPEG and a grey image, with labels."""
    images = []
    for pixels, form in ((astronaut, "PNG"), (astronaut[:, ::-1], "JPEG"), (astronaut[..., 1], "PNG")):
        file = io.BytesIO()
        PIL_Image.fromarray(np.ascontiguousarray(pixels)).save(file, form)
        images.append({"bytes": file.getvalue(), "path": None})
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
    return datasets.Dataset.from_dict({"image": images, "label": [0, 1, 2]}, features=features)


def check(before, after, key):
    raw = after.cast_column("image", datasets.Image(decode=False))
    for old, new, stored in zip(before, after, raw, strict=True):
        hidden, record = np.array(new["image"]), fp.Record.from_json(new["record"])
        assert stored["image"]["bytes"].startswith(b"\x89PNG")  # whatever it was: nothing is lost
        assert not np.array_equal(hidden, np.array(old["image"]))
        assert np.array_equal(fp.restore(hidden, record, key), np.array(old["image"]))


def test_a_column_is_protected_and_restored(photographs, key):
    done = photographs.map(PerturbImages(key), batched=True, batch_size=2)
    assert done.column_names == ["image", "label", "record"]
    assert done["label"][:] == [0, 1, 2]
    assert isinstance(done.features["image"], datasets.Image)
    check(photographs, done, key)


def test_worker_processes_and_the_cache(photographs, here):
    place, key = str(here / "my.key"), fp.Key.from_file(here / "my.key")
    first = PerturbImages(place)
    assert key._secret not in pickle.dumps(first)
    done = photographs.map(first, batched=True, num_proc=2)
    check(photographs, done, key)
    again = photographs.map(PerturbImages(place), batched=True)
    other = photographs.map(PerturbImages(fp.Key.generate()), batched=True)
    stronger = photographs.map(PerturbImages(place, FaceOptions(strength=fp.Strength(cells=4))), batched=True)
    assert len({again._fingerprint, other._fingerprint, stronger._fingerprint}) == 3
    assert photographs.map(PerturbImages(place), batched=True)._fingerprint == again._fingerprint


def test_own_boxes_in_a_column_within_a_column(photographs, key):
    boxes = [
        {"bbox": [[10, 20, 30, 40]]},
        {"bbox": [[1.5, 2.5, 9, 9], [100, 100, 50, 50]]},
        {"bbox": [[0, 0, 512, 512]]},
    ]
    rows = photographs.add_column("faces", boxes)
    done = rows.map(PerturbImages(key, boxes="faces.bbox"), batched=True)
    regions = [[item.region for item in fp.Record.from_json(row["record"]).regions] for row in done]
    assert regions[0] == [fp.Region(10, 20, 30, 40)]
    assert regions[1] == [fp.Region(1, 2, 10, 10), fp.Region(100, 100, 50, 50)]
    check(photographs, done, key)


def test_a_failing_row_fails_the_job_or_itself(photographs, key):
    empty = PIL_Image.fromarray(np.full((80, 90, 3), 7, np.uint8))
    rows = datasets.Dataset.from_dict({"image": [empty, photographs[0]["image"]]}).cast_column(
        "image", datasets.Image()
    )
    with pytest.raises(fp.NoFaceFound, match="no face found"):
        rows.map(PerturbImages(key), batched=True)
    done = rows.map(PerturbImages(key, error="error"), batched=True)
    assert done["error"][:] == ["NoFaceFound: no face found; no_face='whole' protects such images as a whole", ""]
    assert (done[0]["image"], done[0]["record"]) == (None, "")
    check(photographs.select([0]), done.select([1]), key)
    passed = rows.map(PerturbImages(key, FaceOptions(no_face="pass")), batched=True)
    assert passed[0]["record"] == ""
    assert np.array_equal(np.array(passed[0]["image"]), np.array(empty))


FAILING = {
    "no face": (lambda png: encoded(np.full((80, 90, 3), 7, np.uint8)), "NoFaceFound: "),
    "truncated": (lambda png: png[: len(png) // 2], "OSError: |ImageFileError: "),
    "junk": (lambda png: b"this is no image", "UnidentifiedImageError: |ImageFileError: "),
    "empty": (lambda png: b"", "UnidentifiedImageError: |ImageFileError: "),
    "null": (lambda png: None, "TypeError: "),
    "missing": (lambda png: "missing.png", "FileNotFoundError: "),
}


def encoded(pixels, form="PNG", **options):
    file = io.BytesIO()
    PIL_Image.fromarray(np.ascontiguousarray(pixels)).save(file, form, **options)
    return file.getvalue()


def stored(values, decode=True):
    """A data set of the bytes of files, or of their paths, as they are."""
    rows = [
        None
        if value is None
        else {"bytes": None, "path": value}
        if isinstance(value, str)
        else {"bytes": value, "path": None}
        for value in values
    ]
    rows = datasets.Dataset.from_dict(
        {"image": rows}, features=datasets.Features({"image": datasets.Image(decode=False)})
    )
    return rows.cast_column("image", datasets.Image(decode=decode))


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("decode", [True, False], ids=["decoded", "stored"])
@pytest.mark.parametrize("what", list(FAILING))
def test_a_row_fails_alone_in_whichever_batch_it_is(here, astronaut, key, what, decode, first):
    """The types of the new columns come from the first batch, whatever is in it."""
    make, reason = FAILING[what]
    good = encoded(astronaut)
    values = [good] * 3
    values.insert(0 if first else 3, make(good))
    done = stored(values, decode).map(
        PerturbImages(key, error="error"), batched=True, batch_size=1, writer_batch_size=1
    )
    number = 0 if first else 3
    assert re.match(reason, done["error"][number])
    assert (done[number]["image"], done[number]["record"]) == (None, "")
    assert done.features["record"] == done.features["error"] == datasets.Value("string")
    assert done.features["image"] == datasets.Image(decode=decode)
    for row in done.cast_column("image", datasets.Image()):
        if row["error"] == "":
            shown = fp.restore(np.array(row["image"]), fp.Record.from_json(row["record"]), key)
            assert np.array_equal(shown, astronaut)
    assert done["error"][:].count("") == 3


@pytest.mark.parametrize("last", [True, False])
def test_images_that_pass_come_first_or_last(astronaut, key, last):
    plain = encoded(np.full((80, 90, 3), 7, np.uint8))
    values = [encoded(astronaut)] * 2 + [plain] if last else [plain] * 2 + [encoded(astronaut)]
    done = stored(values).map(
        PerturbImages(key, FaceOptions(no_face="pass")), batched=True, batch_size=1, writer_batch_size=1
    )
    assert [text == "" for text in done["record"]] == ([False, False, True] if last else [True, True, False])


def test_boxes_that_are_none_fail_alone(astronaut, key):
    rows = stored([encoded(astronaut)] * 3).add_column("boxes", [[[10, 20, 30, 40]], None, [[1, 2]]])
    done = rows.map(PerturbImages(key, boxes="boxes", error="error"), batched=True)
    assert [text.split(":")[0] for text in done["error"]] == ["", "TypeError", "ValueError"]


@pytest.mark.parametrize("decode", [True, False])
def test_data_sets_that_stream(astronaut, key, decode):
    rows = stored([encoded(astronaut), encoded(astronaut[:, ::-1])], decode).to_iterable_dataset()
    for old, new in zip((astronaut, astronaut[:, ::-1]), rows.map(PerturbImages(key), batched=True), strict=True):
        image = new["image"] if decode else PIL_Image.open(io.BytesIO(new["image"]["bytes"]))
        assert np.array_equal(fp.restore(np.array(image), fp.Record.from_json(new["record"]), key), old)


def test_stored_files_keep_16_bits_of_colour_and_hold_the_record(here, astronaut, key):
    deep = astronaut.astype(np.uint16) * 257 - np.arange(512, dtype=np.uint16)[:, None, None] % 7
    write_image("deep.png", deep)
    write_image("beside.png", astronaut)
    values = [(here / "deep.png").read_bytes(), "beside.png"]
    done = stored(values, decode=False).map(PerturbImages(key), batched=True)
    for row, before in zip(done, (deep, astronaut), strict=True):
        assert row["image"]["path"] is None  # that of the original
        picture = decode_file(row["image"]["bytes"])
        record = fp.Record.from_json(row["record"])
        assert picture.texts["fastperturb-record"] == row["record"]
        assert picture.pixels.dtype == before.dtype
        assert np.array_equal(fp.restore(picture.pixels, record, key), before)


def test_what_is_protected_is_not_protected_again(photographs, astronaut, key):
    once = photographs.map(PerturbImages(key), batched=True)
    with pytest.raises(ValueError, match="got a batch that has record: were its images protected before"):
        once.map(PerturbImages(key), batched=True)
    with pytest.raises(ValueError, match="got a batch that has label"):
        photographs.map(PerturbImages(key, error="label"), batched=True)
    again = PerturbImages(key, FaceOptions(no_face="whole"), record="second")
    twice = once.map(again, batched=True)  # both are kept, and both are needed
    for row, before in zip(twice, photographs, strict=True):
        shown = fp.restore(np.array(row["image"]), fp.Record.from_json(row["second"]), key)
        shown = fp.restore(shown, fp.Record.from_json(row["record"]), key)
        assert np.array_equal(shown, np.array(before["image"]))
    with pytest.raises(ValueError, match="must be different columns, got image, record, record"):
        PerturbImages(key, error="record")


@pytest.mark.parametrize("decode", [True, False])
def test_a_file_that_holds_a_record_is_not_protected_again(here, astronaut, key, decode):
    hidden, record = fp.perturb(astronaut, fp.locate(astronaut), key)
    write_image("hidden.png", hidden, record)
    rows = stored([(here / "hidden.png").read_bytes()], decode)
    done = rows.map(PerturbImages(key, error="error"), batched=True)
    assert done["error"][:] == ["ValueError: it is protected already and has a record; restore it first"]


def profile(space):
    from PIL import ImageCms

    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made if space == "RGB" else made[:16] + b"GRAY" + made[20:]


@pytest.mark.parametrize("decode", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16", "1"])
def test_the_colour_profile_stays(astronaut, key, mode, decode):
    icc = profile("RGB" if mode in ("RGB", "RGBA", "P") else "GRAY")
    image = PIL_Image.fromarray(astronaut[..., 1].astype(np.uint16) * 256) if mode == "I;16" else None
    image = image or PIL_Image.fromarray(astronaut).convert(mode)
    file = io.BytesIO()
    image.save(file, "PNG", icc_profile=icc)
    rows = stored([file.getvalue()], decode).add_column("boxes", [[[170, 60, 110, 140]]])
    done = rows.map(PerturbImages(key, boxes="boxes"), batched=True).cast_column("image", datasets.Image(decode=False))
    data = done[0]["image"]["bytes"]
    assert data.startswith(b"\x89PNG")
    assert PIL_Image.open(io.BytesIO(data)).info["icc_profile"] == icc


@pytest.mark.parametrize(("mode", "value", "kept"), [("RGB", (1, 2, 3), (1, 2, 3)), ("L", 9, 9), ("1", 1, 255)])
def test_the_transparent_colour_stays(astronaut, key, mode, value, kept):
    file = io.BytesIO()
    PIL_Image.fromarray(astronaut).convert(mode).save(file, "PNG", transparency=value)
    rows = stored([file.getvalue()]).add_column("boxes", [[[170, 60, 110, 140]]])
    row = rows.map(PerturbImages(key, boxes="boxes"), batched=True)[0]
    assert row["image"].info["transparency"] == kept


def test_a_thumbnail_and_a_place_do_not_stay(astronaut, key):
    exif = PIL_Image.Exif()
    exif[0x010E] = "who it is"
    rows = stored([encoded(astronaut, "JPEG", exif=exif, comment=b"and where")])
    raw = rows.map(PerturbImages(key), batched=True).cast_column("image", datasets.Image(decode=False))
    data = raw[0]["image"]["bytes"]
    assert b"who it is" not in data
    assert b"and where" not in data
    assert not PIL_Image.open(io.BytesIO(data)).getexif()


def test_modes():
    grey = np.arange(64, dtype=np.uint16).reshape(8, 8) * 900
    assert np.array_equal(pixels_of(PIL_Image.fromarray(grey)), grey)
    assert pixels_of(PIL_Image.fromarray(grey)).dtype == np.uint16
    assert pixels_of(PIL_Image.new("1", (5, 4), 1)).tolist() == [[255] * 5] * 4
    assert pixels_of(PIL_Image.new("P", (5, 4))).shape == (4, 5, 3)
    with pytest.raises(TypeError, match="of mode 1, L, P, RGB, RGBA or I;16, got CMYK"):
        pixels_of(PIL_Image.new("CMYK", (5, 4)))
    with pytest.raises(TypeError, match="got NoneType"):
        pixels_of(None)
