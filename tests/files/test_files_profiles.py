"""ICC profiles: what is kept means the same colours and nothing else, whatever was hidden in the profile that came."""

import io
import struct

import numpy as np
import pytest
from file_cases import COLOURS, RGB, SRGB, profile_of, saved, table_profile
from PIL import Image, ImageCms

from fastperturb.files import read_image, write_image
from fastperturb.files.icc import colours_alone

SECRET = b"a thumbnail that nobody must see"


def tags_of(profile):
    (count,) = struct.unpack_from(">I", profile, 128)
    found = {}
    for i in range(count):
        name, start, length = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        found[name] = profile[start : start + length]
    return found


def converted(profile, image=RGB):
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return np.array(ImageCms.profileToProfile(Image.fromarray(image), source, ImageCms.createProfile("sRGB")))


def gamma(value):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, int(value * 256)) + bytes(2)


def wide(**more):
    """A profile of wide primaries and a gamma of 1.8, with a matrix."""
    numbers = {b"rXYZ": (0.61, 0.31, 0.02), b"gXYZ": (0.2, 0.63, 0.07), b"bXYZ": (0.15, 0.06, 0.73)}
    xyz = {k: b"XYZ " + bytes(4) + np.array([v * 65_536 for v in n], ">i4").tobytes() for k, n in numbers.items()}
    rest = {name: gamma(1.8) for name in (b"rTRC", b"gTRC", b"bTRC")}
    return {**tags_of(SRGB), **xyz, **rest, **{name.encode(): body for name, body in more.items()}}


@pytest.mark.parametrize(
    "profile",
    [SRGB, profile_of(wide()), profile_of(wide(), version=2), table_profile(9)],
    ids=["sRGB", "matrix", "matrix of version 2", "table"],
)
def test_colours_are_the_same(profile):
    kept = colours_alone(profile, "RGB ")
    assert np.array_equal(converted(kept), converted(profile))
    assert colours_alone(kept, "RGB ") == kept


def test_a_grey_profile_is_kept_for_grey_pictures_alone():
    profile = profile_of({b"kTRC": gamma(2.2), b"wtpt": tags_of(SRGB)[b"wtpt"]}, space=b"GRAY")
    kept = colours_alone(profile, "GRAY")
    assert set(tags_of(kept)) == {b"kTRC", b"wtpt", b"desc", b"cprt"}
    assert colours_alone(profile, "RGB ") is None
    assert colours_alone(SRGB, "GRAY") is None


def hiding_places():
    yield "behind its end", profile_of(wide(), tail=SECRET)
    yield "a private tag", profile_of(wide(SECR=b"data" + bytes(4) + SECRET))
    yield "a name", profile_of(wide(desc=b"desc" + bytes(4) + struct.pack(">I", 33) + SECRET + bytes(90)))
    yield "a copyright", profile_of(wide(cprt=b"text" + bytes(4) + SECRET))
    yield "behind a curve", profile_of(wide(rTRC=gamma(1.8) + SECRET))
    yield "behind a primary", profile_of(wide(rXYZ=wide()[b"rXYZ"] + SECRET))
    yield "reserved bytes", profile_of(wide(rTRC=b"curv" + SECRET[:4] + gamma(1.8)[8:]))
    yield "between the tags", profile_of(wide())[:-4] + SECRET
    body = tags_of(table_profile(2))[b"A2B0"]
    yield "behind a table", profile_of({b"A2B0": body + SECRET}, version=2)
    yield "another table", profile_of(wide(B2A0=body + SECRET, gamt=body + SECRET))
    yield "a table of another kind", profile_of(wide(A2B0=b"mAB " + bytes(28) + SECRET))


HIDDEN = dict(hiding_places())


@pytest.mark.parametrize("place", HIDDEN)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff"])
def test_nothing_hidden_in_a_profile_goes_along(tmp_path, place, suffix):
    profile = HIDDEN[place]
    kept = colours_alone(profile, "RGB ")
    if kept is not None:
        for secret in (SECRET, SECRET[:8], b"SECR", b"MINE", b"APPL", b"modl", struct.pack(">6H", 2024, 5, 6, 7, 8, 9)):
            assert secret not in kept
    kind = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".tiff": "TIFF"}[suffix]
    (tmp_path / f"in{suffix}").write_bytes(saved(Image.fromarray(RGB), kind, icc_profile=profile))
    picture = read_image(tmp_path / f"in{suffix}")
    assert picture.icc == kept
    for icc in (picture.icc, profile):  # whoever writes it
        write_image(tmp_path / f"out{suffix}", picture.pixels, icc=icc, allow_lossy=True)
        assert SECRET not in (tmp_path / f"out{suffix}").read_bytes()
        assert read_image(tmp_path / f"out{suffix}").icc == kept


def test_profiles_that_are_none():
    tags = wide()
    lacking = {name: body for name, body in tags.items() if name != b"gTRC"}
    broken = [b"", SRGB[:131], SRGB[:-300], profile_of(lacking), profile_of({**tags, b"rTRC": b"curv"})]
    broken += [profile_of({**tags, b"rXYZ": b"text" + bytes(20)}), profile_of({**tags, b"rTRC": gamma(1.8)[:13]})]
    broken += [SRGB[:128] + struct.pack(">I", 2**32 - 1) + SRGB[132:], SRGB[:20] + b"ABCD" + SRGB[24:]]
    for profile in broken:
        assert colours_alone(profile, "RGB ") is None
    assert colours_alone(memoryview(SRGB), "RGB ") == COLOURS
