"""The folder of pictures that are protected once: over calls, processes, epochs and runs, with any key."""

import multiprocessing
import os
import pickle

import numpy as np
import pytest
from children import alone, in_children
from cli_cases import tree
from torchvision_here import import_torchvision

import fastperturb as fp
from fastperturb.integrations.marks import FOLDER_FILE
from fastperturb.integrations.once import FaceOptions, ProtectOnce

pytest.importorskip("cryptography.hazmat.primitives.hpke")  # public keys

pytestmark = pytest.mark.filterwarnings("ignore")
BOX = [fp.Region(20, 24, 30, 36)]
KEY = fp.Key(bytes(range(32)))
WINDOWS = FaceOptions(protection="windows", reproducible=False)


def picture(number=0):
    return np.random.default_rng(number).integers(0, 256, (96, 96, 3), np.uint8)


class Loads:
    """Gives a picture and counts how often."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return picture()


@pytest.mark.parametrize("key", [KEY, KEY.public(), [KEY.public(), fp.Key.generate()]], ids=["secret", "public", "two"])
@pytest.mark.parametrize("options", [FaceOptions(), WINDOWS], ids=["default", "windows"])
def test_a_picture_is_protected_once(tmp_path, key, options):
    load, results = Loads(), []
    for _ in range(3):
        once = ProtectOnce(tmp_path / "data", key, options)  # as three runs
        results += [once("cats/0007", load, BOX) for _ in range(2)]
    assert load.count == 1
    assert len({(hidden.tobytes(), record.to_json()) for hidden, record in results}) == 1
    assert np.array_equal(fp.restore(*results[0], KEY), picture())
    assert tree(tmp_path / "data")[-1] == "cats/0007.png"


@pytest.mark.parametrize("seals", ["inside", "beside"])
def test_seals(tmp_path, seals):
    once = ProtectOnce(tmp_path, KEY.public(), seals=seals)
    once("a", picture, BOX)
    assert (tmp_path / "a.png.seal").exists() == (seals == "beside")
    hidden, record = once("a", picture, BOX)
    assert np.array_equal(fp.restore(hidden, record, KEY), picture())
    assert np.array_equal(fp.restore(hidden, fp.files.read_record(tmp_path / "a.png"), KEY), picture())
    if seals == "beside":
        (tmp_path / "a.png.seal").unlink()
        with pytest.raises(FileExistsError, match="its seals are missing"):
            once("a", picture, BOX)


def test_what_is_of_other_options_or_keys_is_not_taken(tmp_path):
    ProtectOnce(tmp_path, KEY)("a", picture, BOX)
    for other in (
        ProtectOnce(tmp_path, fp.Key.generate()),
        ProtectOnce(tmp_path, KEY, WINDOWS),
        ProtectOnce(tmp_path, [KEY, fp.Key.generate().public()]),
        ProtectOnce(tmp_path, KEY.public()),
    ):
        with pytest.raises(FileExistsError, match="it is not the result of this name, options and keys"):
            other("a", picture, BOX)
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    with pytest.raises(FileExistsError, match="it is not the result of this name"):
        ProtectOnce(tmp_path, KEY)("b", picture, BOX)


@pytest.mark.parametrize("name", ["", "/etc/a", "../a", "a/../../b", ".", "..", ".hidden", "a/.."])
def test_names_stay_in_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="a name must be that of a file below the folder, got"):
        ProtectOnce(tmp_path, KEY)(name, picture, BOX)
    assert tree(tmp_path) == []


def test_no_face(tmp_path):
    plain = np.full((80, 90, 3), 7, np.uint8)
    with pytest.raises(fp.NoFaceFound):
        ProtectOnce(tmp_path, KEY)("a", lambda: plain)
    assert tree(tmp_path) == []
    once = ProtectOnce(tmp_path, KEY, FaceOptions(no_face="pass"))
    for _ in range(2):
        hidden, record = once("a", lambda: plain)
        assert np.array_equal(hidden, plain)
        assert record is None
    with pytest.raises(ValueError, match="seals must be 'inside' or 'beside', got 'here'"):
        ProtectOnce(tmp_path, KEY, seals="here")


def ask(once):
    """What one of several processes gets that ask at the same time for pictures which nobody has protected yet."""
    pairs = (once(f"{number}", lambda n=number: picture(n), BOX) for number in range(12))
    return [(hidden.tobytes(), record.to_json()) for hidden, record in pairs]


def ask_in_forks(folder):
    once = ProtectOnce(folder, KEY.public(), WINDOWS)
    answers = in_children(ask, [once] * 4)
    for number, each in enumerate(zip(*answers, strict=True)):
        assert len(set(each)) == 1
        hidden, record = once(f"{number}", picture, BOX)
        assert np.array_equal(fp.restore(hidden, record, KEY), picture(number))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there are no forks here")
def test_processes_that_ask_at_once_get_the_same(tmp_path):
    alone(ask_in_forks, str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted([FOLDER_FILE, *(f"{n}.png" for n in range(12))])  # noqa: PTH208


def test_workers_and_epochs_of_a_loader_train_from_one_protection(tmp_path):
    import_torchvision()
    import torch

    once = ProtectOnce(tmp_path, KEY.public(), WINDOWS)

    class Pictures(torch.utils.data.Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            hidden, record = once(f"{index}", lambda: picture(index), BOX)
            return {"image": torch.from_numpy(hidden), "record": record.to_json()}

    loader = torch.utils.data.DataLoader(Pictures(), batch_size=2, num_workers=2)
    first, second = ([(row["image"].numpy().tobytes(), *row["record"]) for row in loader] for _ in range(2))
    assert first == second
    assert len(set(first)) == 3


def test_a_pickle_holds_no_secret(tmp_path):
    KEY.to_file(tmp_path / "my.key")
    once = ProtectOnce(tmp_path / "data", tmp_path / "my.key")
    assert KEY._secret not in pickle.dumps(once)
    first = once("a", picture, BOX)
    again = pickle.loads(pickle.dumps(once))("a", picture, BOX)  # noqa: S301
    assert np.array_equal(first[0], again[0])
    assert first[1] == again[1]
