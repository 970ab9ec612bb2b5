"""NAME.age beside a video may be all that is left of an original: none goes, and none is taken for another video's."""

import shutil

import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

from tiny_videos import BOX, KEY, picture, write_clip

from fastperturb.protections import Black
from fastperturb.video import VideoOptions, perturb_video, restore_video

BESIDE = VideoOptions(seal="beside")


def never(*_told):
    raise AssertionError("it is refused before any work")


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def clips(tmp_path):
    """Two films, and a folder in which the first one was protected."""
    (tmp_path / "out").mkdir()
    films = [
        write_clip(tmp_path / f"{name}.mp4", pictures=lambda index, seed=seed: picture(index + seed, 96, 64))
        for seed, name in enumerate(("first", "second"))
    ]
    perturb_video(films[0], tmp_path / "out/pub.mp4", KEY, tracks=BOX)
    return *films, tmp_path / "out"


def first_comes_back(first, out, name="pub.mp4"):
    """Whether the film that was protected first still does."""
    found = restore_video(out / f"{name}.age", out / "again.mp4", KEY, overwrite=True)
    same = found.path.read_bytes() == first.read_bytes()
    found.path.unlink()
    return same


def test_a_sealed_original_is_not_replaced_unasked(clips, tmp_path):
    first, second, out = clips
    shutil.move(out / "pub.mp4", tmp_path / "pub.mp4")
    with pytest.raises(FileExistsError, match=r"--force replaces it: '.*pub\.mp4\.age'"):
        perturb_video(second, out / "pub.mp4", KEY, tracks=BOX, progress=never)
    assert [path.name for path in out.iterdir()] == ["pub.mp4.age"]
    assert first_comes_back(first, out)
    shutil.copy(out / "pub.mp4.age", tmp_path / "pub.mp4.age")
    perturb_video(second, out / "pub.mp4", KEY, tracks=BOX, overwrite=True)
    assert not first_comes_back(first, out)
    assert restore_video(out / "pub.mp4", out / "b.mp4", KEY).path.read_bytes() == second.read_bytes()
    assert restore_video(tmp_path / "pub.mp4", out / "c.mp4", KEY).path.read_bytes() == first.read_bytes()


def test_a_file_of_that_name_of_somebodys_own_stays(clips):
    _, second, out = clips
    (out / "own.mp4.age").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"own\.mp4\.age"):
        perturb_video(second, out / "own.mp4", KEY, tracks=BOX, progress=never)
    (out / "hole.mp4.age").symlink_to(out / "nowhere")
    with pytest.raises(FileExistsError, match=r"hole\.mp4\.age"):
        perturb_video(second, out / "hole.mp4", KEY, tracks=BOX, progress=never)
    assert (out / "own.mp4.age").read_bytes() == b"mine"
    assert not (out / "nowhere").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_forced_result_that_cannot_get_its_name_leaves_the_sealed_file_as_it_was(clips, there):
    """Its place is a folder, which nothing replaces; that turns out when the sealed file has its name."""
    _, second, out = clips
    (out / "pub.mp4").unlink()
    (out / "pub.mp4").mkdir()
    if not there:
        (out / "pub.mp4.age").unlink()
    before = content(out)
    with pytest.raises(OSError, match="directory"):
        perturb_video(second, out / "pub.mp4", KEY, tracks=BOX, overwrite=True)
    assert content(out) == before


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("key", [KEY, None])
def test_what_others_put_there_during_the_work_stays(clips, force, key):
    _, second, out = clips

    def others(what, done, _of):
        if what == "writing" and done == 3:
            (out / "new.mp4.age").write_bytes(b"theirs")

    if force and key is not None:
        perturb_video(second, out / "new.mp4", key, tracks=BOX, progress=others, overwrite=True)
        assert restore_video(out / "new.mp4", out / "b.mp4", KEY).path.read_bytes() == second.read_bytes()
        return
    with pytest.raises(FileExistsError, match=r"new\.mp4\.age"):
        perturb_video(second, out / "new.mp4", key, tracks=BOX, progress=others, overwrite=force)
    assert {name: data for name, data in content(out).items() if "new" in name} == {"new.mp4.age": b"theirs"}


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("gone", [True, False])
def test_what_nobody_can_restore_does_not_get_a_way_back_of_before(clips, force, gone):
    """That would give back the old film, or another one, and `inspect` would call the new video sealed."""
    first, second, out = clips
    if gone:
        (out / "pub.mp4").unlink()
    before = content(out)
    words = r"not the sealed original of the new pub\.mp4.*move it away: '.*pub\.mp4\.age'"
    for how in ({"tracks": BOX}, {"tracks": [], "allow_no_face": True}):  # as `--on-no-face copy` writes it, too
        with pytest.raises(FileExistsError, match=words if force or gone else "pub.mp4"):
            perturb_video(second, out / "pub.mp4", None, Black(), overwrite=force, progress=never, **how)
    assert content(out) == before
    (out / "pub.mp4.age").rename(out / "kept.age")
    perturb_video(second, out / "pub.mp4", None, Black(), tracks=BOX, overwrite=force or not gone)
    assert sorted(content(out)) == ["kept.age", "pub.mp4"]
    (out / "kept.age").rename(out / "kept.mp4.age")
    assert first_comes_back(first, out, "kept.mp4")


def test_a_seal_inside_does_not_leave_an_old_one_beside(clips):
    first, second, out = clips
    perturb_video(first, out / "pub.mkv", KEY, tracks=BOX, options=BESIDE)
    with pytest.raises(FileExistsError, match=r"pub\.mkv\.age"):
        perturb_video(second, out / "pub.mkv", KEY, tracks=BOX, overwrite=True, progress=never)
    assert first_comes_back(first, out, "pub.mkv")
    (out / "pub.mkv.age").unlink()
    assert perturb_video(second, out / "pub.mkv", KEY, tracks=BOX, overwrite=True).sealed == out / "pub.mkv"
