"""JPEGs protected in their coefficients: outside the regions nothing changes, and a key brings back what was inside."""

import io

import numpy as np
import pytest
from file_cases import SRGB, segment
from jpeg_cases import (
    EVERY,
    FACE,
    KEY,
    MODES,
    SURROGATE,
    coefficients,
    decoded,
    exif,
    jpeg,
    picture,
    turned,
    with_coefficients,
)
from PIL import Image, ImageOps

import fastperturb as fp
from fastperturb import _core
from fastperturb.files import perturb_jpeg, read_record, restore_jpeg
from fastperturb.files.reading import decode
from fastperturb.orientation import stored_region

DRAWINGS = {
    "surrogate": fp.Surrogate(),
    "surrogate, around": SURROGATE,
    "surrogate, coarse": fp.Surrogate(tone="coarse"),
    "camouflage": fp.Camouflage(),
    "mosaic": fp.Mosaic(cells=4),
    "blur": fp.protections.Blur(cells=3),
    "black": fp.protections.Black(),
    "black, ellipse": fp.protections.Black(area=fp.protections.Area(shape="ellipse")),
    "noise": fp.protections.Noise(0.3),
}


def covered(data, record):
    """(rows, columns) of MCUs: those that a region of the record touches; by counting pixels one after the other."""
    frame = _core.JpegFrame(data)
    width, height = frame.mcu
    touched = np.zeros(coefficients(data).shape[:2], bool)
    for item in record.regions:
        r = item.region
        for y in range(max(r.y, 0), min(r.y + r.height, frame.height)):
            for x in range(max(r.x, 0), min(r.x + r.width, frame.width)):
                u, v = 2 * (x - r.x) + 1 - r.width, 2 * (y - r.y) + 1 - r.height
                if r.shape == "box" or (u * r.height) ** 2 + (v * r.width) ** 2 <= (r.width * r.height) ** 2:
                    touched[y // height, x // width] = True
    return touched


@pytest.mark.parametrize("name", EVERY)
def test_only_blocks_under_the_face_change_and_all_come_back(name):
    data = EVERY[name]
    hidden, record = perturb_jpeg(data, FACE, KEY, SURROGATE)
    before, after = coefficients(data), coefficients(hidden)
    inside = covered(data, record)
    differ = (before != after).any(axis=(2, 3))
    assert not differ[~inside].any()
    assert differ[inside].mean() > 0.9
    back = restore_jpeg(hidden, KEY)
    assert np.array_equal(coefficients(back), before)
    assert np.array_equal(decoded(back), decoded(data))
    assert _core.JpegFrame(back).progressive == _core.JpegFrame(data).progressive


@pytest.mark.parametrize(
    "name", ["4:4:4, baseline", "4:2:2, baseline", "4:2:0, progressive", "4:4:0", "grey, baseline"]
)
def test_pixels_outside_differ_at_the_rim_alone(name):
    """Chroma is spread over two pixels when it is shown: one pixel beyond the blocks, where it has fewer samples."""
    data = EVERY[name]
    hidden, record = perturb_jpeg(data, FACE, KEY, SURROGATE)
    width, height = _core.JpegFrame(data).mcu
    inside = np.repeat(np.repeat(covered(data, record), height, 0), width, 1)
    shown, was = decoded(hidden), decoded(data)
    inside = inside[: shown.shape[0], : shown.shape[1]]
    differ = (shown != was).reshape(*inside.shape, -1).any(axis=2)
    across, down = (width > 8), (height > 8)
    rim = np.zeros_like(inside)
    for dy in range(-down, down + 1):
        for dx in range(-across, across + 1):
            rim |= np.roll(inside, (dy, dx), (0, 1))
    assert not (differ & ~rim).any()
    assert (differ & ~inside).any() == (across or down)


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("kind", ["4:2:0, baseline", "grey, progressive"])
def test_any_drawing(name, kind):
    data = EVERY[kind]
    hidden, record = perturb_jpeg(data, [FACE, fp.Region(140, 120, 40, 44)], KEY, DRAWINGS[name])
    assert {item.method_name for item in record.regions} == {name.partition(",")[0]}
    differ = (coefficients(data) != coefficients(hidden)).any(axis=(2, 3))
    assert not differ[~covered(data, record)].any()
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(data))


@pytest.mark.parametrize("name", ["surrogate", "surrogate, around", "black", "black, ellipse"])
def test_what_is_shown_is_no_function_of_the_hidden_pixels(name):
    """Two pictures that differ under the face alone, in whole blocks, show the same: at the rim, too."""
    one = jpeg()
    _, record = perturb_jpeg(one, FACE, KEY, DRAWINGS[name])
    inside = covered(one, record)
    mcus = coefficients(one)
    mcus[inside] = np.random.default_rng(1).integers(-40, 40, mcus[inside].shape)
    other = with_coefficients(one, mcus)
    shown = [coefficients(perturb_jpeg(data, FACE, KEY, DRAWINGS[name])[0]) for data in (one, other)]
    assert np.array_equal(*shown)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("grey", [False, True])
def test_a_turned_picture_keeps_its_tag_and_its_coefficients(orientation, grey):
    """What stands upright is drawn upright: the same picture, laid down in eight ways, shows the same."""
    upright = picture(176, 208)  # whole MCUs, however it lies
    upright = upright[..., 0] if grey else upright
    stored = fp.orientation.turned_back(upright, orientation)
    plain = jpeg(np.ascontiguousarray(stored), grey=grey, sampling="4:4:4", quality=100)
    data = turned(plain, orientation)
    hidden, record = perturb_jpeg(data, FACE, KEY, fp.Surrogate())
    assert read_image_of(hidden).shape[:2] == (176, 208)
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(data))
    differ = (coefficients(data) != coefficients(hidden)).any(axis=(2, 3))
    assert not differ[~covered(data, record)].any()
    straight, flat = perturb_jpeg(jpeg(upright, grey=grey, sampling="4:4:4", quality=100), FACE, KEY, fp.Surrogate())
    assert record.regions[0].region == stored_region(flat.regions[0].region, stored.shape, orientation)
    shown, expected = read_image_of(hidden).astype(int), read_image_of(straight).astype(int)
    box = (slice(60, 96), slice(64, 104))
    assert np.abs(shown[box] - expected[box]).mean() < 2


def read_image_of(data):
    return decode(data).pixels


def test_exact_bytes_come_back_whatever_the_file_holds():
    thumbnail = jpeg(picture(32, 32))
    for data in (
        jpeg(),
        jpeg(mode="progressive with restarts"),
        turned(jpeg(icc_profile=SRGB, comment=b"a comment"), 6),
        jpeg()[:2] + exif(1, thumbnail=thumbnail) + jpeg()[2:],
        jpeg() + b"trailing data, such as a film",
        jpeg()[:2] + segment(0xEB, b"JP" + bytes(60)) + jpeg()[2:],
    ):
        hidden, _ = perturb_jpeg(data, FACE, KEY, SURROGATE, exact_file=True)
        assert restore_jpeg(hidden, KEY) == data
        assert thumbnail not in hidden
        without, _ = perturb_jpeg(data, FACE, KEY, SURROGATE)
        assert restore_jpeg(without, KEY) != data


def test_a_file_that_no_encoder_writes_comes_back_too():
    """Its data end in zeros where all others have ones: they cannot be made anew, so all of it is sealed."""
    data = jpeg()
    odd = data[:-3] + bytes((data[-3] & 0xFE,)) + data[-2:]
    if np.array_equal(coefficients(odd), coefficients(data)) and odd != data:
        hidden, _ = perturb_jpeg(odd, FACE, KEY, SURROGATE, exact_file=True)
        assert restore_jpeg(hidden, KEY) == odd
        assert len(hidden) > 1.8 * len(data)
    else:
        pytest.fail("the last byte of the test's picture must have padding")


def test_one_face_of_several_with_a_key_of_its_own():
    data = jpeg()
    faces = [FACE, fp.Region(140, 110, 44, 48), fp.Region(100, 60, 40, 40)]
    keys = []
    hidden, record = perturb_jpeg(data, faces, KEY, SURROGATE, face_keys=keys)
    before = coefficients(data)
    one = coefficients(restore_jpeg(hidden, KEY, only=[1]))
    assert np.array_equal(coefficients(restore_jpeg(hidden, keys[1])), one)
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY.face_key(record, 1))), one)
    assert (one != before).any()
    assert (one != coefficients(hidden)).any()
    work = hidden
    for index in (2, 0, 1):  # in any order: what each owns is its own
        file_record = read_record_of(hidden)
        work = restore_jpeg(work, KEY, file_record, only=[index])
    assert np.array_equal(coefficients(work), before)
    with pytest.raises(fp.WrongKey):
        restore_jpeg(hidden, keys[1], only=[0])


def read_record_of(data):
    header = fp.files.reading.read_header(data)
    return fp.Record.from_json(header.texts["fastperturb-record"])


def test_seals_beside(tmp_path):
    data = jpeg()
    hidden, record = perturb_jpeg(data, FACE, KEY, SURROGATE, beside=True)
    path = tmp_path / "a.jpg"
    path.write_bytes(hidden)
    assert read_record(path).missing == (0, 1)  # the second are the metadata
    with pytest.raises(fp.errors.RecordError, match="the seal of region 0 is missing"):
        restore_jpeg(path, KEY)
    (tmp_path / "a.jpg.seal").write_bytes(record.beside_bytes())
    assert np.array_equal(coefficients(restore_jpeg(path, KEY)), coefficients(data))
    inside, _ = perturb_jpeg(data, FACE, KEY, SURROGATE)
    assert len(hidden) + len(record.beside_bytes()) <= len(inside) + 100
    (tmp_path / "a.jpg.seal").write_bytes(record.beside_bytes()[:-1])
    with pytest.raises(fp.errors.RecordError, match=r"a\.jpg\.seal: the file of seals must have"):
        restore_jpeg(path, KEY)


def test_seals_have_lengths_of_few_kinds():
    """Steps of half a bit a pixel: twenty pictures of one region and other noise give a handful of lengths."""
    lengths = set()
    for seed in range(20):
        _, record = perturb_jpeg(jpeg(picture(seed=seed)), FACE, KEY, SURROGATE)
        lengths.add(record.entries[0].length)
        raw, step, most = record.seal_size(int(covered(jpeg(), record).sum()))
        assert (record.entries[0].length - 16) % step == 0
        assert record.entries[0].length < most < raw + 16 + step
    assert len(lengths) <= 3


def test_reproducible_files_are_equal_and_others_are_not():
    how = {"reproducible": True}
    one, two = (perturb_jpeg(jpeg(), FACE, KEY, fp.Camouflage(), **how)[0] for _ in range(2))
    assert one == two
    assert perturb_jpeg(jpeg(), FACE, KEY, fp.Camouflage())[0] != one
    changed = jpeg(quality=84)
    records = [perturb_jpeg(data, FACE, KEY, SURROGATE, **how)[1] for data in (jpeg(), changed, turned(jpeg(), 3))]
    assert len({record.nonce for record in records}) == 3
    assert len({record.entries[0].salt for record in records}) == 3


def test_public_keys():
    public = KEY.public()
    hidden, _ = perturb_jpeg(jpeg(), FACE, public, SURROGATE)
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(jpeg()))
    with pytest.raises(fp.errors.UnknownOrigin):
        restore_jpeg(hidden, KEY, origin="key")


@pytest.mark.parametrize("mode", MODES)
def test_regions_at_the_edges(mode):
    data = jpeg(mode=mode)
    for face in (fp.Region(-10, -12, 40, 44), fp.Region(180, 160, 60, 60), fp.Region(0, 0, 203, 181)):
        hidden, _ = perturb_jpeg(data, face, KEY, fp.Mosaic(cells=4))
        assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(data))
        assert read_image_of(hidden).shape == (181, 203, 3)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 65_500), (65_500, 1), (7, 9)])
def test_odd_sizes(height, width):
    data = jpeg(np.full((height, width, 3), 99, np.uint8))
    hidden, _ = perturb_jpeg(data, fp.Region(0, 0, 1, 1), KEY, fp.protections.Black())
    assert (read_image_of(hidden)[0, 0] < 10).all()
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(data))


def test_rgb_components():
    buffer = io.BytesIO()
    Image.fromarray(picture()).save(buffer, "JPEG", quality=90, keep_rgb=True)
    data = buffer.getvalue()
    hidden, record = perturb_jpeg(data, FACE, KEY, SURROGATE)
    plain, _ = perturb_jpeg(jpeg(sampling="4:4:4", quality=90), FACE, KEY, SURROGATE)
    r = record.regions[0].region
    box = (slice(r.y + 10, r.y + r.height - 10), slice(r.x + 10, r.x + r.width - 10))
    assert np.abs(read_image_of(hidden)[box].astype(int) - read_image_of(plain)[box]).mean() < 4
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(data))


def test_other_decoders_show_it_as_we_do():
    hidden, _ = perturb_jpeg(turned(jpeg(), 6), FACE, KEY, SURROGATE)
    ours = read_image_of(hidden).astype(int)
    with Image.open(io.BytesIO(hidden)) as image:
        theirs = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    assert np.abs(ours - theirs).max() <= 6
