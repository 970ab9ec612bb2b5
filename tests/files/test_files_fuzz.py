"""Every parser against broken, random and lying input: it reads or refuses by its own error, soon, in little memory.

The corpus is made here: small files of each format and layout; Hypothesis breaks them by bytes, numbers and structure.
"""

import io
import json
import struct

import cv2
import numpy as np
import pytest
import tifffile
from bounds import bounded
from damage import mend_crcs
from file_cases import SRGB, profile_of, saved, segment, table_profile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from raw_files import GREY_8, bmp_of, exif_of, grey_png, grey_tags, tiff_of

import fastperturb as fp
from fastperturb.cli.options.boxes import Boxes
from fastperturb.errors import ImageFileError, MissingExtra, ModelError, RecordError
from fastperturb.faces.registry import make_detector
from fastperturb.files import reading
from fastperturb.files.exif import exif_orientation, hexadecimal_orientation
from fastperturb.files.header import unpack_texts
from fastperturb.files.icc import colours_alone
from fastperturb.protections.parsing import parse_protection

RGB_8 = np.dstack((GREY_8, GREY_8[::-1], GREY_8[:, ::-1]))
HIDDEN, RECORD = fp.perturb(RGB_8, [(2, 3, 15, 12), fp.Region(4, 4, 9, 9, "ellipse")], fp.Key(bytes(range(32))))
NUMBERS = [0, 1, 2, 7, 127, 128, 255, 256, 32_767, 32_768, 65_535, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]


def tiff(image, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, image, **options)
    return buffer.getvalue()


def corpus():
    rgb, grey = Image.fromarray(RGB_8), Image.fromarray(GREY_8)
    exif = Image.Exif()
    exif[274] = 6
    more = {"icc_profile": SRGB, "exif": exif}
    yield "png", saved(rgb, "PNG", **more)
    yield "palette png", saved(rgb.convert("P"), "PNG", transparency=3)
    yield "deep png", saved(Image.fromarray(GREY_8.astype(np.uint16) * 257), "PNG")
    yield "texts png", grey_png((b"tEXt", b"fastperturb-record\0" + RECORD.to_json().encode()), (b"tRNS", b"\0\7"))
    yield "jpeg", saved(rgb, "JPEG", **more)
    yield (
        "progressive jpeg",
        saved(grey, "JPEG", progressive=True, comment=json.dumps({"fastperturb-job": "x"}).encode()),
    )
    yield "webp", saved(rgb, "WEBP", **more)
    yield "lossless webp", saved(rgb.convert("RGBA"), "WEBP", lossless=True)
    for order in "<>":
        yield f"tiff {order}", tiff_of(grey_tags(600), GREY_8.tobytes(), order)
        yield f"big tiff {order}", tiff_of(grey_tags(600, 16), GREY_8.tobytes(), order, big=True)
        yield f"tiles {order}", tiff(RGB_8, photometric="rgb", tile=(16, 16), byteorder=order)
        yield (
            f"packed tiles {order}",
            tiff(RGB_8, photometric="rgb", tile=(32, 16), compression="zlib", byteorder=order),
        )
    yield "lzw tiff", saved(rgb, "TIFF", compression="tiff_lzw", **more)
    yield "jpeg tiff", saved(grey, "TIFF", compression="jpeg")
    yield "bmp", saved(rgb, "BMP")
    yield "palette bmp", saved(grey, "BMP")
    yield "16 bit bmp", bmp_of(GREY_8.astype(np.uint32), 16, size=108, masks=(0xF800, 0x7E0, 0x1F))
    yield "alpha bmp", bmp_of(GREY_8.astype(np.uint32), 32, size=124, masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    yield "ppm", cv2.imencode(".ppm", RGB_8)[1].tobytes()
    yield "plain pgm", b"P2 30 20 255\n" + " ".join(map(str, GREY_8.ravel())).encode()


CORPUS = dict(corpus())


@st.composite
def broken(draw, data):
    """The bytes with a few changes, most of them where the structure is."""
    copy = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, min(len(copy), draw(st.sampled_from([64, 512, 2**20]))) - 1)))
        way = draw(st.integers(0, 5))
        if way == 0 and copy:
            copy[place] ^= draw(st.integers(1, 255))
        elif way == 1:
            form = draw(st.sampled_from(["<H", ">H", "<I", ">I", "<Q", ">Q"]))
            number = draw(st.one_of(st.sampled_from(NUMBERS), st.integers(0, 2**64 - 1)))
            body = struct.pack(form, number % 2 ** (8 * struct.calcsize(form)))
            copy[place : place + len(body)] = body
        elif way == 2:
            del copy[place:]
        elif way == 3:
            copy[place:place] = copy[place : place + draw(st.integers(1, 300))]
        elif way == 4:
            del copy[place : place + draw(st.integers(1, 40))]
        else:
            copy[place:place] = draw(st.binary(max_size=20))
    return bytes(copy)


@pytest.mark.parametrize("name", CORPUS)
@given(data=st.data())
def test_files(name, data):
    case = data.draw(broken(CORPUS[name]))
    if name.endswith("png") and data.draw(st.booleans()):
        case = mend_crcs(case)
    with bounded(1, 200):
        try:
            header = reading.read_header(case)
            if header.check_work is not None:
                header.check_work()
            picture = reading.decode(case, max_pixels=2**20)
        except ImageFileError as error:
            assert len(str(error)) < 1000  # noqa: PT017
            return
    assert picture.pixels.dtype in (np.uint8, np.uint16)
    assert picture.pixels.shape[0] * picture.pixels.shape[1] <= 2**20


def test_the_corpus_is_sound():
    for name, data in CORPUS.items():
        assert reading.decode(data).pixels.shape[:2] in ((20, 30), (30, 20)), name
        assert reading.starts_as_image(data[:32]) == (name not in ("ppm", "plain pgm")), name


@given(data=st.one_of(st.binary(max_size=300), broken(exif_of(3, 6)), broken(exif_of(4, 6, ">", count=3, before=5))))
def test_exif(data):
    with bounded(0.2, 20):
        assert 1 <= exif_orientation(data) <= 8
        assert 1 <= exif_orientation(b"Exif\0\0" + data) <= 8
        assert 1 <= hexadecimal_orientation(b"\nexif\n  9\n" + data.hex().encode()) <= 8
        assert 1 <= hexadecimal_orientation(data) <= 8


PROFILES = [SRGB, table_profile(3), profile_of({b"kTRC": b"para" + bytes(6) + b"\0\0" + bytes(20)}, space=b"GRAY")]


@given(data=st.data(), space=st.sampled_from(["RGB ", "GRAY"]))
def test_profiles(data, space):
    profile = data.draw(broken(data.draw(st.sampled_from(PROFILES))))
    with bounded(0.2, 20):
        kept = colours_alone(profile, space)
    assert kept is None or (colours_alone(kept, space) == kept and len(kept) <= len(profile) + 500)


@given(
    data=st.one_of(st.binary(max_size=300), broken(b'{"fastperturb-record": "{}", "fastperturb-job": "\\u00e9\\n"}'))
)
def test_texts(data):
    texts = {}
    with bounded(0.2, 20):
        try:
            unpack_texts(data, texts)
        except ImageFileError as error:
            assert "two texts" in str(error)  # noqa: PT017
    assert all(key.startswith("fastperturb-") and isinstance(text, str) for key, text in texts.items())


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(NUMBERS)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=8), inner, max_size=5)),
    max_leaves=12,
)


@given(data=st.data())
def test_records(data):
    whole = json.loads(RECORD.to_json())
    if data.draw(st.booleans()):
        holder = data.draw(st.sampled_from([whole, whole.get("regions", [whole])[0]]))
        holder[data.draw(st.sampled_from([*holder, "more"]))] = data.draw(json_values)
        text = json.dumps(whole).encode()
    else:
        text = data.draw(st.one_of(st.binary(max_size=200), broken(RECORD.to_json().encode())))
    with bounded(0.2, 20):
        try:
            record = fp.Record.from_json(text)
        except RecordError as error:
            assert len(str(error)) < 1500  # noqa: PT017
            return
    assert fp.Record.from_json(record.to_json()) == record


BOXES = {
    ".json": b'{"a.png": [[1, 2, 3, 4], {"x": 1, "y": 2, "width": 3, "height": 4, "shape": "ellipse"}], "b": []}',
    ".jsonl": b'{"file": "a.png", "faces": [[1, 2, 3, 4]]}\n{"file": "b", "faces": []}\n{"summary": 1}\n',
    ".csv": b"file,x,y,width,height,shape\na.png,1,2,3,4,box\nb,,,,,\n",
}


@pytest.fixture(scope="module")
def all_kinds_read(tmp_path_factory):
    """What reads them is imported, which is not what the bound is for."""
    for suffix, text in BOXES.items():
        path = tmp_path_factory.mktemp("whole") / f"boxes{suffix}"
        path.write_bytes(text)
        Boxes(path, "box")


@pytest.mark.parametrize("suffix", BOXES)
@given(data=st.data())
def test_boxes(all_kinds_read, tmp_path_factory, suffix, data):
    text = data.draw(st.one_of(broken(BOXES[suffix]), json_values.map(lambda value: json.dumps(value).encode())))
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(text)
    with bounded(0.3, 20):
        try:
            Boxes(path, "box")
        except ValueError as error:
            assert str(error).startswith(str(path))  # noqa: PT017


WORDS = "mosaic blur noise permutation parts black clear ksame weighted yunet haar window cells shape ellipse region "
WORDS += "grow head k coverage sigma threshold model 8 0.5 -1 1e309 nan = : , ? & + /nowhere é"
words = st.sampled_from([*WORDS.split(), "9" * 30, "\0", " "])


@given(text=st.one_of(st.lists(words, max_size=9).map("".join), st.text(max_size=30)))
def test_specifications(text):
    for parse in (parse_protection, make_detector):
        with bounded(1, 100):
            try:
                parse(text)
            except (ValueError, ModelError, MissingExtra, OSError) as error:
                assert len(str(error)) < 2000  # noqa: PT017


def test_segments_of_a_jpeg_in_any_order():
    jpeg = CORPUS["jpeg"]
    rng = np.random.default_rng(0)
    for _ in range(200):
        pieces = [segment(int(rng.integers(0xC0, 0xFF)), rng.bytes(int(rng.integers(0, 40)))) for _ in range(5)]
        with bounded(0.5, 50):
            try:
                reading.decode(jpeg[:2] + b"".join(pieces) + jpeg[2:], max_pixels=2**20)
            except ImageFileError:
                continue
