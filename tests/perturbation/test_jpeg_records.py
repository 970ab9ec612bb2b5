"""Records of a JPEG's coefficients: bound to tables and sampling, hostile seals refused, each region for itself."""

import struct
import warnings
from dataclasses import replace

import numpy as np
import pytest
from jpeg_cases import FACE, KEY, SURROGATE, coefficients, jpeg, jpeg_440, picture, with_coefficients
from PIL import Image

import fastperturb as fp
from fastperturb.files import perturb_jpeg, restore_jpeg
from fastperturb.files.jpeg_open import open_jpeg
from fastperturb.perturbation import aes_gcm, coefficient_seals
from fastperturb.perturbation import format_v2_keys as keys
from fastperturb.perturbation.coefficients import find_mcu_owners
from fastperturb.perturbation.format_v2 import entry_of, signed
from fastperturb.perturbation.format_v2_open import Opened
from fastperturb.perturbation.jpeg_layout import JpegLayout
from fastperturb.perturbation.record_v2 import RecordV2
from fastperturb.perturbation.record_v2_reading import from_bytes

DATA = jpeg()
FACES = [FACE, fp.Region(140, 110, 44, 48)]


@pytest.fixture(scope="module")
def made():
    return perturb_jpeg(DATA, FACES, KEY, SURROGATE)


def test_bytes_and_json_there_and_back(made):
    _, record = made
    assert from_bytes(record.to_bytes()) == record
    assert from_bytes(record.to_bytes()).seals == record.seals
    assert fp.Record.from_json(record.to_json()) == record
    assert record.layout == JpegLayout.of(open_jpeg(DATA).coefficients.frame)
    assert (record.layout.factors, record.layout.mcu, record.layout.blocks) == (((2, 2), (1, 1), (1, 1)), (16, 16), 6)
    grey = perturb_jpeg(jpeg(grey=True), FACE, KEY, SURROGATE)[1]
    assert from_bytes(grey.to_bytes()) == grey
    assert grey.shape == (181, 203)


@pytest.mark.parametrize("cut", [1, 24, 40, 200, 420, 470])
def test_records_that_are_cut_are_refused(made, cut):
    data = made[1].to_bytes()
    for wrong in (data[:cut], data[:-cut], data + b"\0"):
        with pytest.raises(fp.errors.RecordError):
            from_bytes(wrong)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (12, 2, "carrier 2"),
        (13, 2, "must have 0 or 3 channels and samples 1"),
        (22, 4, "must have 0 or 3 channels"),
        (25, 0x55, "sampling factors of a JPEG must be 1 to 4"),
        (25, 0x44, "up to 10 blocks, got 18"),
        (26, 0, "must hold 1 to 65535"),
        (17, 1, "sides of up to 65535"),
    ],
)
def test_layouts_that_no_jpeg_has_are_refused(made, place, value, message):
    data = bytearray(made[1].to_bytes())
    data[place] = value
    if place == 26:
        data[27] = 0
    with pytest.raises(fp.errors.RecordError, match=message):
        from_bytes(bytes(data))


def test_factors_that_do_not_divide_each_other():
    tables = (tuple([1] * 64),) * 3
    with pytest.raises(fp.errors.RecordError, match="must divide each other"):
        JpegLayout(((3, 1), (2, 1), (1, 1)), tables)
    with pytest.raises(fp.errors.RecordError, match="one component must have factors of 1"):
        JpegLayout(((2, 2),), tables[:1])


def test_windows_are_no_method_of_a_jpeg(made):
    regions = (replace(made[1].regions[0], method=1, window=8), made[1].regions[1])
    with pytest.raises(fp.errors.RecordError, match="must not be windows"):
        replace(made[1], regions=regions)


def changed(record, index, **fields):
    """The record with a region's entry changed and all MACs right, as who has R can write it."""
    opened = Opened(record, KEY)
    secret = opened._secret
    entry = replace(record.entries[index], **fields)
    entry = entry_of(opened._bound, opened.face(index), index, entry)
    entries = (*record.entries[:index], entry, *record.entries[index + 1 :])
    return signed(replace(record, entries=entries, seals=()), secret)


def resealed(record, plain):
    """The record with another plaintext in the seal of region 0."""
    opened = Opened(record, KEY)
    salt = bytes(16)
    seal = aes_gcm.seal(keys.seal_key(opened.face(0), salt), plain)
    new = changed(record, 0, length=len(seal), salt=salt)
    return replace(new, seals=(seal, *record.seals[1:]))


def padded(body, step, codec=2, length=None, filler=b"\0"):
    plain = struct.pack("<BQ", codec, len(body) if length is None else length) + body
    return plain + filler * (-len(plain) % step)


def test_hostile_seals_are_refused_and_nothing_is_written(made):
    hidden, record = made
    file = open_jpeg(hidden)
    part = find_mcu_owners(record.layout, record.shape, [item.region for item in record.regions])[0]
    raw, step, most = record.seal_size(part.count)
    good = coefficient_seals.encode(file.coefficients, part.take(coefficients(DATA)))
    length = struct.unpack_from("<Q", good, 1)[0]
    body = good[9 : 9 + length]
    for plain, message in (
        (padded(body[:-1], step), "damaged"),
        (padded(body + b"\0", step), "damaged"),
        (padded(body, step, codec=1), "coded as 1"),
        (padded(body, step, codec=3), "coded as 3"),
        (padded(body, step, codec=0), "coded as 0"),
        (padded(b"", step), "damaged"),
        (padded(bytes(68) + b"\xff" * 100, step), "damaged"),
        (padded(b"\xff" * 300, step), "damaged"),
        (padded(body, step, length=2**63), "and zeros, but does not"),
        (padded(body, step, filler=b"\1"), "and zeros, but does not"),
    ):
        with pytest.raises(fp.errors.RecordError, match=message):
            restore_jpeg(hidden, KEY, resealed(record, plain))
    before = file.coefficients.mcus.copy()
    with pytest.raises(fp.errors.RecordError):
        file.restore(resealed(record, padded(b"", step)), KEY)
    assert np.array_equal(file.coefficients.mcus, before)
    with pytest.raises(fp.errors.RecordError, match="cannot have"):
        restore_jpeg(hidden, KEY, resealed(record, bytes(most + step)))
    stored = np.random.default_rng(0).integers(-32767, 32767, raw // 2).astype("<i2").tobytes()
    restored = restore_jpeg(hidden, KEY, resealed(record, padded(good[9 : 9 + length], step)))
    assert np.array_equal(coefficients(restored), coefficients(DATA))
    owned = part.take(coefficients(DATA)).astype("<i2").tobytes()
    restored = restore_jpeg(hidden, KEY, resealed(record, padded(owned, step, codec=0)))
    assert np.array_equal(coefficients(restored), coefficients(DATA))
    with pytest.raises(fp.errors.ImageFileError, match="larger than any can be"):
        restore_jpeg(hidden, KEY, resealed(record, padded(stored, step, codec=0)))


def test_a_face_key_binds_the_layout_and_the_region(made):
    """Without Z: the entry alone refuses another box, another size, other tables."""
    hidden, record = made
    face = KEY.face_key(record, 0)
    assert restore_jpeg(hidden, face, record)
    moved = replace(record.regions[0], region=replace(record.regions[0].region, x=record.regions[0].region.x + 1))
    tables = (tuple([1] * 64), *record.layout.quantisers[1:])
    for other in (
        replace(record, regions=(moved, record.regions[1])),
        replace(record, layout=replace(record.layout, quantisers=tables)),
        replace(record, regions=(replace(record.regions[0], method=4), record.regions[1])),
        replace(record, entries=record.entries[::-1], seals=(record.seals[1], record.seals[0], None)),
    ):
        with pytest.raises(fp.Tampered):
            restore_jpeg(hidden, face, other)
        with pytest.raises(fp.Tampered):
            restore_jpeg(hidden, KEY, other)


def test_every_changed_byte_of_a_record_is_refused(made):
    hidden, record = made
    data = record.to_bytes()
    rng = np.random.default_rng(3)
    for place in {*range(60), *rng.integers(0, len(data), 200).tolist()}:
        wrong = bytearray(data)
        wrong[place] ^= 1 << int(rng.integers(0, 8))
        with pytest.raises((fp.errors.RecordError, fp.Tampered, fp.WrongKey)):
            restore_jpeg(hidden, KEY, from_bytes(bytes(wrong)))


def recoded(data, **options):
    from io import BytesIO

    buffer = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_a_recompressed_or_turned_picture_is_refused_by_name(made):
    hidden, record = made
    with pytest.raises(fp.Tampered, match="encoded anew since, with other tables"):
        restore_jpeg(recoded(hidden, quality=60), KEY, record)
    with pytest.raises(fp.Tampered, match="turned, cropped or scaled since"):
        restore_jpeg(jpeg(picture(203, 181)), KEY, record)
    with pytest.raises(fp.Tampered, match="of regions 0, 1 were changed since"):
        restore_jpeg(jpeg(picture(seed=9)), KEY, record)  # as turned by 180 degrees: of the same size and tables


def test_what_was_losslessly_coded_anew_comes_back(made):
    """As other programs do without a change of coefficients: progressive, optimised, its record beside."""
    hidden, record = made
    file = open_jpeg(hidden)
    other = open_jpeg(jpeg(mode="progressive"))
    data = with_coefficients(other.data, file.coefficients.mcus)
    assert np.array_equal(coefficients(restore_jpeg(data, KEY, record)), coefficients(DATA))


def test_verdicts(made):
    hidden, record = made
    file = open_jpeg(hidden)
    verdicts = file.examine(record, KEY)
    assert (verdicts.record, verdicts.regions, verdicts.surroundings) == (True, (True, True), True)
    assert verdicts.origin == "key"
    one = file.examine(record, KEY.face_key(record, 1))
    assert (one.record, one.regions, one.surroundings) == (None, (None, True), None)
    parts = find_mcu_owners(record.layout, record.shape, [item.region for item in record.regions])
    inside = tuple(np.argwhere(parts[1].mask)[0] + (parts[1].rows.start, parts[1].columns.start))
    file.coefficients.mcus[inside][0, 5] += 1
    assert file.examine(record, KEY).regions == (True, False)
    file.coefficients.mcus[0, 0, 0, 0] += 1
    assert file.examine(record, KEY).surroundings is False
    with pytest.raises(fp.Tampered, match="of region 1 were changed"):
        file.restore(record, KEY)
    file.restore(record, KEY, only=[0])
    with pytest.warns(fp.errors.UnverifiedWarning, match="of region 1 were changed"):
        file.restore(record, KEY, verify=False)
    file.coefficients.mcus[0, 0, 0, 0] -= 1
    assert np.array_equal(file.coefficients.mcus, coefficients(DATA))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file.restore(record, KEY)  # it is in the clear already


def test_arrays_do_not_take_records_of_files(made):
    _, record = made
    pixels = np.zeros((181, 203, 3), np.uint8)
    with pytest.raises(fp.errors.RecordError, match="of the coefficients of a JPEG"):
        fp.restore(pixels, record, KEY)
    for key in (KEY, KEY.face_key(record, 0), fp.Key.generate()):
        with pytest.raises(fp.errors.RecordError, match="of the coefficients of a JPEG"):
            fp.examine(pixels, record, key)
    other = fp.perturb(picture(), FACE, KEY, SURROGATE)[1]
    with pytest.raises(fp.errors.RecordError, match="of an image's pixels"):
        restore_jpeg(DATA, KEY, other)
    with pytest.raises(TypeError, match="windows do not survive a JPEG"):
        perturb_jpeg(DATA, FACE, KEY, fp.Strength())
    with pytest.raises(fp.NoFaceFound):
        perturb_jpeg(DATA, [], KEY, SURROGATE)
    with pytest.raises(fp.errors.ImageFileError, match="perturbed already"):
        perturb_jpeg(made[0], FACE, KEY, SURROGATE)


def slow_owners(layout, shape, regions):
    """MCUs by counting pixels, one after the other; ownership of pixels by the page's own words."""
    width, height = layout.mcu
    rows, columns = layout.grid(shape)
    counts = np.zeros((rows, columns, len(regions)), int)
    for y in range(shape[0]):
        for x in range(shape[1]):
            best, owner = None, None
            for index, r in enumerate(regions):
                if not (r.x <= x < r.x + r.width and r.y <= y < r.y + r.height):
                    continue
                u, v = 2 * (x - r.x) + 1 - r.width, 2 * (y - r.y) + 1 - r.height
                if r.shape == "ellipse" and (u * r.height) ** 2 + (v * r.width) ** 2 > (r.width * r.height) ** 2:
                    continue
                depth = (u * u * 2**30) // r.width**2 + (v * v * 2**30) // r.height**2
                if best is None or depth < best:
                    best, owner = depth, index
            if owner is not None:
                counts[y // height, x // width, owner] += 1
    return np.where(counts.max(axis=2) > 0, counts.argmax(axis=2), -1)


KINDS = {"420": jpeg(), "422": jpeg(sampling="4:2:2"), "grey": jpeg(grey=True), "440": jpeg_440()}


@pytest.mark.parametrize("name", KINDS)
def test_mcus_belong_to_the_region_that_owns_most_of_them(name):
    coded = open_jpeg(KINDS[name]).coefficients
    rng = np.random.default_rng(4)
    for trial in range(4):
        regions = [
            fp.Region(*map(int, rng.integers(-30, 150, 2)), *map(int, rng.integers(40, 90, 2)), shape)
            for shape in ("ellipse", "box", "ellipse", "ellipse")[: 1 + trial]
        ]
        owner = slow_owners(coded.layout, coded.shape, regions)
        for index, part in enumerate(find_mcu_owners(coded.layout, coded.shape, regions)):
            mine = np.zeros(owner.shape, bool)
            mine[part.rows, part.columns] = part.mask
            assert np.array_equal(mine, owner == index)


def test_a_region_that_owns_nothing(made):
    assert isinstance(made[1], RecordV2)
    twins = [fp.Region(64, 64, 32, 32), fp.Region(66, 66, 28, 28)]
    hidden, record = perturb_jpeg(DATA, twins, KEY, fp.protections.Black())
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(DATA))
    assert len(record.regions) == 2
