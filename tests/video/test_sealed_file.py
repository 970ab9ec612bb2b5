"""Sealed files: what age programs make of them, their lengths, and damage of every kind."""

import io
import os

import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

import av
import pyrage
from tiny_videos import read_frames, write_clip

import fastperturb as fp
from fastperturb.errors import Tampered, VideoFileError, WrongKey
from fastperturb.video import age_identity, age_recipient
from fastperturb.video.age_keys import _bech32
from fastperturb.video.matroska import attach, find_attached
from fastperturb.video.sealed_file import ORIGINAL, Nowhere, Unsealed, padded_length, seal, unseal

KEY = fp.Key(bytes(range(32)))
CHUNK = 65_536 + 16  # of the age format's stream


def sealed(data, recipients=KEY, suffix=".mp4"):
    out = io.BytesIO()
    seal(io.BytesIO(data), out, recipients, Unsealed(ORIGINAL, suffix, len(data)))
    return out.getvalue()


def opened(data, key=KEY):
    out = io.BytesIO()
    found = unseal(io.BytesIO(data), out, key)
    return out.getvalue()[: found.length], found


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65_535, 65_536, 200_001])
def test_what_is_sealed_comes_back(size):
    data = os.urandom(size)
    assert opened(sealed(data)) == (data, Unsealed(ORIGINAL, ".mp4", size))


def test_a_key_and_its_public_key_are_one_identity_to_age():
    identity = pyrage.x25519.Identity.from_str(age_identity(KEY))
    assert str(identity.to_public()) == age_recipient(KEY) == age_recipient(KEY.public())
    assert opened(sealed(b"film", KEY.public()))[0] == b"film"
    plain = pyrage.decrypt(sealed(b"film"), [identity])  # any program that knows the format
    assert plain.startswith(b"film")
    assert len(plain) == padded_length(4)


def test_keys_are_written_as_bech32_has_it():
    """Vectors: the identity of 32 known bytes, by age's own reader; another key is another."""
    for seed in (bytes(32), bytes(range(32)), b"\xff" * 32):
        text = _bech32("age-secret-key-", seed).upper()
        assert str(pyrage.x25519.Identity.from_str(text)) == text
    assert age_identity(KEY) != age_identity(fp.Key(bytes(range(1, 33))))
    with pytest.raises(TypeError, match="must be a Key"):
        age_identity(KEY.public())


def test_several_recipients_open_it_and_others_do_not():
    other = fp.Key.generate()
    data = sealed(b"film", [KEY, other.public()])
    assert opened(data)[0] == opened(data, other)[0] == b"film"
    with pytest.raises(WrongKey):
        opened(data, fp.Key.generate())


def test_lengths_are_padded():
    sizes = {padded_length(size) for size in range(1_000_000, 1_100_000, 37)}
    assert len(sizes) == 5  # of 2,703
    for size in (0, 1, 100, 10_000, 123_456_789):
        assert size + 64 <= padded_length(size) <= (size + 64) * 1.12 + 1
    assert len(sealed(bytes(1_000_000), suffix="")) - len(sealed(bytes(1_010_000))) in range(-400, 400)


def damaged():
    data = os.urandom(400_000)
    whole = sealed(data)
    start = len(whole) - (padded_length(400_000) + 16 * -(-padded_length(400_000) // 65_536))
    yield "empty", b""
    yield "another kind", b"hello" * 100
    for number, at in enumerate((0, 40, start - 3, start + 5, start + 3 * CHUNK, len(whole) - 1)):
        changed = bytearray(whole)
        changed[at] ^= 1
        yield f"byte {number}", bytes(changed)  # where it lies depends on a random length of the header
    for number, cut in enumerate((30, start, start + CHUNK, start + 3 * CHUNK, len(whole) - 17, len(whole) - 1)):
        yield f"cut {number}", whole[:cut]
    first, second = whole[start : start + CHUNK], whole[start + CHUNK : start + 2 * CHUNK]
    yield "swapped", whole[:start] + second + first + whole[start + 2 * CHUNK :]
    yield "repeated", whole[: start + CHUNK] + whole[start:]
    yield "left out", whole[:start] + whole[start + CHUNK :]
    yield "longer", whole + b"x"
    yield "another's end", whole[: start + 2 * CHUNK] + sealed(data)[start + 2 * CHUNK :]


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in damaged()])
def test_damage_is_found(data):
    with pytest.raises((Tampered, WrongKey)):
        unseal(io.BytesIO(data), Nowhere(), KEY)


def test_what_somebody_else_encrypted_is_no_seal():
    out = io.BytesIO()
    person = pyrage.x25519.Recipient.from_str(age_recipient(KEY))
    for content in (b"", b"x" * 10_000, b"fastperturb video seal 1\n" + bytes(39)):
        pyrage.encrypt_io(io.BytesIO(content), out := io.BytesIO(), [person])
        with pytest.raises(VideoFileError, match="not one of a video"):
            opened(out.getvalue())


@pytest.mark.parametrize("suffix", ["/../../x", ".a/b", "..", ".mp4\0", ".tar.gz.gz"])
def test_a_suffix_is_never_a_path(suffix):
    found = opened(sealed(b"film", suffix=suffix))[1].suffix
    assert found in ("", ".mp4")


def test_errors_of_files_are_those_of_the_files():
    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        seal(io.BytesIO(b"film"), Full(), KEY, Unsealed(ORIGINAL, "", 4))
    with pytest.raises(OSError, match="No space left"):
        unseal(io.BytesIO(sealed(b"film")), Full(), KEY)
    with pytest.raises(VideoFileError, match="became shorter"):
        seal(io.BytesIO(b"fil"), io.BytesIO(), KEY, Unsealed(ORIGINAL, "", 4))


def test_attached_files_are_found_by_us_and_by_ffmpeg(tmp_path):
    clip = write_clip(tmp_path / "a.mkv")
    frames, content = read_frames(clip), os.urandom(300_000)
    attach(clip, "one.bin", "application/octet-stream", lambda file: file.write(content))
    with clip.open("rb") as file:
        assert find_attached(file, "one.bin").read() == content
        assert find_attached(file, "two.bin") is None
    with av.open(str(clip)) as container:
        ((name, data),) = [(item.name, bytes(item.data)) for item in container.streams if item.type == "attachment"]
    assert (name, data) == ("one.bin", content)
    assert [item[0] for item in read_frames(clip)] == [item[0] for item in frames]
    other = write_clip(tmp_path / "a.mp4")
    with pytest.raises(VideoFileError, match="no Matroska"):
        attach(other, "one.bin", "application/octet-stream", lambda file: file.write(content))
    for cut in (10, 100, 5_000, clip.stat().st_size - 1):
        (tmp_path / "cut.mkv").write_bytes(clip.read_bytes()[:cut])
        with (tmp_path / "cut.mkv").open("rb") as file:
            found = find_attached(file, "one.bin")
            assert found is None or len(found.read()) < len(content)
