"""The attackers that are networks: what they learn of made-up people, on whom they are fitted, life without torch."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
from people import FACE, draw_image, make_people, make_split

import fastperturb as fp
from fastperturb.errors import MissingExtra
from fastperturb.evaluation.recognition import (
    AttackBench,
    Convolutional,
    Eigenfaces,
    GallerySplit,
    LocalHistograms,
    Restorer,
    convolutional,
    list_recognisers,
    make_recogniser,
    restoration,
)
from fastperturb.evaluation.recognition.restoration import SIDE, Square
from fastperturb.evaluation.recognition.restorer import REASSEMBLED, reassemble
from fastperturb.evaluation.study import StudyConfig, build_study
from fastperturb.protections import parse_protection


def without_torch(monkeypatch):
    """As where the extra ``train`` is not installed."""

    def import_module(name, *given):
        if name == "torch":
            raise ImportError("no torch here")
        return real(name, *given)

    real = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", import_module)


def with_torch():
    return pytest.importorskip("torch", reason="the extra train is not installed")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Networks of these tests learn for a moment only."""
    monkeypatch.setattr(restoration, "_STEPS", 10)
    monkeypatch.setattr(convolutional, "_STEPS", 60)


@pytest.fixture(scope="module")
def noisy():
    """A restorer of noise over eight people, and whom it was given."""
    with_torch()
    split = make_split(make_people(8, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restoration, "_STEPS", 40)
        return Restorer(split, parse_protection("noise:0.1"), 0), split


def test_a_network_learns_protected_faces_and_repeats_itself():
    with_torch()
    bench = AttackBench(make_recogniser("convolutional"), make_split())
    mosaic = parse_protection("mosaic:cells=5")
    (parrot,) = bench.run(mosaic, ("parrot",))
    assert parrot.recogniser == "convolutional"
    assert parrot.identification.rank1.value > 0.8
    assert parrot.tried == {}  # one reading, one way to compare: nothing to choose
    (again,) = AttackBench(make_recogniser("convolutional"), make_split()).run(mosaic, ("parrot",))
    assert again == parrot


def test_a_network_sees_nothing_in_a_black_box():
    with_torch()
    bench = AttackBench(Convolutional(), make_split())
    for result in bench.run(parse_protection("black"), ("naive", "parrot", "linker")):
        assert result.identification.rank1.value == pytest.approx(result.identification.chance1, abs=0.01)


def test_a_network_chooses_its_reading_on_images_it_was_not_trained_on():
    with_torch()
    (parrot,) = AttackBench(Convolutional(), make_split()).run(parse_protection("permutation:window=12"), ("parrot",))
    assert set(parrot.tried) == {"direct, nearest", "view, nearest"}
    assert parrot.tried[parrot.reading] == max(parrot.tried.values())
    assert max(parrot.tried.values()) < 1 or min(parrot.tried.values()) > 0.5


def test_a_network_wants_two_people_and_to_be_fitted():
    with_torch()
    alone = [one for one in make_split().gallery if one.person == "p0"]
    with pytest.raises(ValueError, match="convolutional must be fitted on at least 2 people, got 1"):
        Convolutional().fit(alone)
    with pytest.raises(ValueError, match="convolutional must be fitted before it embeds"):
        Convolutional().embed(alone)
    with pytest.raises(ValueError, match="margin must be 0 or more, got -1"):
        Convolutional(margin=-1)


def test_torch_is_left_as_it_was():
    torch = with_torch()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    Convolutional(seed=1).fit(make_split().gallery)
    assert torch.get_num_threads() == threads
    assert torch.rand(1) == expected


def test_a_restorer_gains_over_what_anybody_can_read(noisy):
    restorer, split = noisy
    gains = list(restorer.gains(split.probes, "restored probes"))
    assert len(gains) == len(split.probes)
    assert np.mean([gain.restored - gain.read for gain in gains]) > 0.5
    ((one,), image) = list(restorer.restored(split.probes[:1], "restored probes")), split.probes[0].clear()
    shown = one.shown()
    assert shown.dtype == image.dtype
    outside = np.ones(image.shape, bool)
    outside[FACE.region.clipped(*image.shape)] = False
    assert (shown[outside] == image[outside]).all()
    assert (shown[~outside] != image[~outside]).any()


def test_nobody_is_restored_by_a_network_that_saw_them(noisy, monkeypatch):
    """Each half's network is marked by whom it was fitted on; every subject must be restored by the other one."""
    restorer, split = noisy
    people = {one.person for one in split.gallery}
    assert restorer._first < people
    assert len(restorer._first) == 4
    used = []
    for half, network in enumerate(restorer._networks):
        grey = np.zeros((SIDE, SIDE, 3), np.uint8)
        monkeypatch.setattr(network, "guess", lambda seen, half=half, grey=grey: used.append(half) or grey)
    for subject in split.probes:
        used.clear()
        restorer._guessed.clear()
        next(restorer.restored([subject], "marked")).shown()
        assert used == [int(subject.person not in restorer._first)]  # network 0 knows those who are not in it


def test_the_halves_are_fitted_on_their_own_people(monkeypatch):
    from fastperturb.evaluation.recognition import restorer as module

    fitted = []
    monkeypatch.setattr(module, "Restoration", lambda seen, clear, seed: fitted.append(np.stack(clear)))
    split = make_split(make_people(6, 4))
    made = Restorer(split, parse_protection("mosaic:6"), 0)
    for half, clear in zip((False, True), fitted, strict=True):
        own = [one for one in split.gallery if (one.person in made._first) == half]
        square = Square.around(FACE)
        expected = [square.cut(one.clear()).astype(np.float32) / 255 for one in own for _ in range(4)]
        assert np.array_equal(clear[:, 0], np.stack(expected))


def test_the_restorer_as_an_attacker(noisy):
    restorer, split = noisy
    bench = AttackBench(Eigenfaces(), split)
    (own,) = bench.run(restorer.protection, ("restorer",), networks=restorer)
    assert own.attacker == "restorer"
    assert set(own.tried) == {"network", "network, gallery too"}
    assert own.identification.rank1.value > 0.5


def test_the_restorer_repeats_itself():
    with_torch()
    split, protection = make_split(make_people(4, 4)), parse_protection("mosaic:6")
    bench = AttackBench(Eigenfaces(), split)
    first = bench.run(protection, ("restorer",))
    assert bench.run(protection, ("restorer",), networks=Restorer(split, protection, 0)) == first


def test_what_cannot_be_restored_is_said():
    with_torch()
    split = make_split(make_people(3, 4))
    with pytest.raises(ValueError, match="restorers must be fitted on at least 4 people, got 3"):
        Restorer(split, parse_protection("mosaic:6"), 0)
    with pytest.raises(ValueError, match="clear must change the images that a restorer is fitted on"):
        Restorer(make_split(), parse_protection("clear"), 0)


def test_reassembly_keeps_the_values_of_every_window_and_takes_the_order_of_the_guess():
    rng = np.random.default_rng(4)
    clear = draw_image(0, 0)
    windows = np.full(clear.shape, -1, np.int64)
    windows[10:34, 8:40] = np.arange(24)[:, None] // 8 * 4 + np.arange(32) // 8
    shuffled = clear.copy()
    for number in range(12):
        shuffled[windows == number] = rng.permutation(clear[windows == number])
    made = reassemble(shuffled, clear, windows)
    assert np.array_equal(made, clear)  # the clear image's own order brings it back, but for ties of equal values
    guess = rng.integers(0, 256, clear.shape, dtype=np.uint8)
    other = reassemble(shuffled, guess, windows)
    for number in range(12):
        inside = windows == number
        assert np.array_equal(np.sort(other[inside]), np.sort(clear[inside]))
        order = np.argsort(guess[inside], kind="stable")
        assert (np.diff(other[inside][order].astype(int)) >= 0).all()
    assert np.array_equal(other[windows < 0], clear[windows < 0])
    colours = np.stack([shuffled] * 3, axis=-1)
    assert np.array_equal(reassemble(colours, np.stack([clear] * 3, axis=-1), windows), np.stack([clear] * 3, axis=-1))


def test_windows_are_found_from_the_protection_alone():
    with_torch()
    split = make_split(make_people(4, 4))
    made = Restorer(split, parse_protection("permutation:window=12"), 0)
    image = split.gallery[0].clear()
    places = made._places(image, split.gallery[0])
    outside = np.ones(image.shape, bool)
    outside[FACE.region.clipped(*image.shape)] = False
    assert ((places == -1) == outside).all()
    hidden = made._hide("x", image, split.gallery[0])
    for number in range(places.max() + 1):
        assert np.array_equal(np.sort(hidden[places == number]), np.sort(image[places == number]))
    assert len(np.unique(places)) == 1 + 4 * 4  # 40 x 48 in windows of 12: a rim of 4 joins its neighbours
    assert made.way in ("network", REASSEMBLED)


def test_without_torch_all_is_named_and_the_rest_goes_on(monkeypatch):
    without_torch(monkeypatch)
    with pytest.raises(MissingExtra, match=r"torch cannot be imported .*fastperturb\[train\]"):
        make_recogniser("convolutional")
    (info,) = (item for item in list_recognisers() if item.name == "convolutional")
    assert "fastperturb[train]" in info.missing
    bench = AttackBench(LocalHistograms(), make_split())
    with pytest.raises(MissingExtra, match="torch"):
        bench.run(parse_protection("mosaic:6"), ("restorer",))


def test_a_study_without_torch_says_what_it_leaves_out(monkeypatch, tmp_path):
    without_torch(monkeypatch)
    for person in range(2):
        folder = tmp_path / f"p{person}"
        folder.mkdir()
        fp.files.write_image(folder / "0.png", draw_image(person, 0))
    given = {"data": f"folder:{tmp_path}", "protections": ("mosaic:6",), "detectors": ("yunet",)}
    study = build_study(StudyConfig(**given))
    assert "fastperturb[train]" in study.absent["restorer"]
    assert "fastperturb[train]" in study.absent["convolutional"]
    assert study.config.attackers == ("naive", "cleaner", "parrot", "linker", "file")
    with pytest.raises(MissingExtra, match="torch"):
        build_study(StudyConfig(**given, attackers=("naive", "restorer")))
    assert "restorer" not in build_study(StudyConfig(**given, profile="quick")).absent


def test_training_is_the_gallery_of_the_split_only(noisy):
    """Probes are never protected while a restorer is fitted."""
    with_torch()
    _, split = noisy
    seen = []

    class Spy:
        name = "spy"

        def protect(self, image, faces, *, seed):
            seen.append(image.tobytes())
            return image ^ 255

        def view(self, protected, faces):
            return protected

        def regions(self, faces, shape):
            return [face.region for face in faces]

    Restorer(GallerySplit(split.gallery, split.probes), Spy(), 0)
    probes = {one.clear().tobytes() for one in split.probes}
    assert seen
    assert not probes & set(seen)


def test_an_image_of_the_same_name_is_guessed_anew(monkeypatch):
    class Echo:
        def __init__(self, seen, clear, seed):
            pass

        def guess(self, seen):
            return np.rint(seen[:3].transpose(1, 2, 0) * 255).astype(np.uint8)

    monkeypatch.setattr("fastperturb.evaluation.recognition.restorer.Restoration", Echo)
    split = make_split(make_people(4, 4))
    made = Restorer(split, parse_protection("black"), 0)
    subject = split.probes[0]
    (first,) = (one.shown() for one in made.restored([subject], "probes"))
    large = np.repeat(np.repeat(subject.clear(), 2, axis=0), 2, axis=1)
    face = fp.Face(fp.Region(*(2 * side for side in (FACE.region.x, FACE.region.y, 20, 20))))
    other = replace(subject, face=face, clear=lambda: large, shown=lambda: large)
    (anew,) = (one.shown() for one in Restorer(split, parse_protection("black"), 0).restored([other], "probes"))
    (again,) = (one.shown() for one in made.restored([other], "probes"))
    assert again.shape != first.shape
    assert np.array_equal(again, anew)
