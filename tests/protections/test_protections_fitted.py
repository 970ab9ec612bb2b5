"""The autoencoder and k-same: against slow references, on files, and what is refused before they have learnt."""

import pickle
import sys

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.protections import Area, Autoencoder, FittedProtection, KSame, parse_protection
from fastperturb.protections.autoencoder_training import train_autoencoder, write_graph
from fastperturb.protections.crops import face_crop

FACE = fp.Face(fp.Region(8, 4, 64, 64))


def people(count=12, channels=(3,), dtype=np.uint8, seed=0):
    """Smooth pictures, each with one "face" of its own."""
    rng = np.random.default_rng(seed)
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    coarse = rng.random((count, 6, 5, *channels)) * top
    return [np.kron(image, np.ones((14, 16) + (1,) * len(channels))).astype(dtype) for image in coarse]


def random_weights(code, seed=1):
    rng = np.random.default_rng(seed)
    shapes = [(16, 3, 4, 4), (32, 16, 4, 4), (64, 32, 4, 4), (code, 4096), (4096, code)]
    shapes += [(64, 32, 4, 4), (32, 16, 4, 4), (16, 3, 4, 4)]
    biases = [16, 32, 64, code, 4096, 32, 16, 3]
    return [
        part.astype(np.float32)
        for shape, bias in zip(shapes, biases, strict=True)
        for part in (rng.normal(0, 2 / np.sqrt(np.prod(shape[1:])), shape), rng.normal(0, 0.3, bias))
    ]


def reference(weights, crop):
    """The network written out in NumPy: convolutions as sums over the kernel's 16 places."""
    relu = lambda x: np.maximum(x, 0)  # noqa: E731
    x, rest = crop.transpose(2, 0, 1).astype(np.float64), iter(weights)
    for _ in range(3):
        kernel, bias = next(rest), next(rest)
        padded, side = np.pad(x, ((0, 0), (1, 1), (1, 1))), x.shape[1] // 2
        x = np.zeros((len(bias), side, side)) + bias[:, None, None]
        for i in range(4):
            for j in range(4):
                part = padded[:, i : i + 2 * side : 2, j : j + 2 * side : 2]
                x += np.einsum("oc,chw->ohw", kernel[:, :, i, j], part)
        x = relu(x)
    x = next(rest) @ x.ravel() + next(rest)
    x = relu(next(rest) @ x + next(rest)).reshape(64, 8, 8)
    for layer in range(3):
        kernel, bias = next(rest), next(rest)
        side = x.shape[1]
        spread = np.zeros((len(bias), 2 * side + 2, 2 * side + 2))
        for i in range(4):
            for j in range(4):
                spread[:, i : i + 2 * side : 2, j : j + 2 * side : 2] += np.einsum("co,chw->ohw", kernel[:, :, i, j], x)
        x = spread[:, 1:-1, 1:-1] + bias[:, None, None]
        x = relu(x) if layer < 2 else 1 / (1 + np.exp(-x))
    return x.transpose(1, 2, 0)


@pytest.fixture
def model(tmp_path):
    pytest.importorskip("onnx")
    path = tmp_path / "small.onnx"
    path.write_bytes(write_graph(random_weights(7), 7))
    return path


def test_the_model_runs_as_written(model):
    protection = parse_protection(f"cae:{model}")
    image = people(1)[0]
    hidden = protection.protect(image, [FACE], seed=1)
    crop = image[4:68, 8:72].astype(np.float32) / 255
    expected = reference(random_weights(7), crop)
    assert np.abs(hidden[4:68, 8:72].astype(float) - 255 * expected).max() < 0.6  # rounding to whole samples
    assert expected.std() > 0.01
    outside = np.ones(image.shape[:2], bool)
    outside[4:68, 8:72] = False
    assert np.array_equal(hidden[outside], image[outside])
    assert protection.name == "autoencoder, 7 numbers, small.onnx"
    assert protection.order > Autoencoder(32).order


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
def test_both_take_every_image(model, dtype, channels):
    image = people(1, channels, dtype)[0]
    set_of_faces = people(12)
    ksame = KSame(3)
    ksame.fit(set_of_faces, [[FACE]] * 12)
    clipped = [fp.Face(fp.Region(-10, -10, 40, 50, "ellipse")), fp.Face(fp.Region(60, 60, 60, 60))]
    for protection in (parse_protection(f"cae:{model}"), ksame):
        before = image.copy()
        hidden = protection.protect(image, clipped, seed=1)
        assert np.array_equal(image, before)
        assert hidden.dtype == dtype
        assert hidden.shape == image.shape
        changed = (hidden != image).reshape(*image.shape[:2], -1).any(axis=2)
        assert changed[:30, :20].any()
        assert changed[61:, 61:].any()
        assert not changed[45:60].any()
        assert not changed[:40, 31:].any()
        if channels == (4,):
            assert np.array_equal(hidden[..., 3], image[..., 3])
        assert np.array_equal(protection.view(hidden, clipped), hidden)
        again = pickle.loads(pickle.dumps(protection))  # noqa: S301
        assert np.array_equal(again.protect(image, clipped, seed=2), hidden)
        tiny = np.full((1, 1, *channels), 1, dtype)
        assert protection.protect(tiny, [fp.Face(fp.Region(0, 0, 1, 1))], seed=1).shape == tiny.shape


def test_training_learns_and_repeats(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        faces = [np.full_like(image, image[:1, :1]) for image in people(24)]  # each of one colour
        crops = np.stack([face_crop(image, (slice(0, 84), slice(0, 80)), 64) for image in faces])
        short, long = (train_autoencoder(crops, 4, epochs=epochs) for epochs in (1, 60))
        assert train_autoencoder(crops, 4, epochs=1) == short
        assert train_autoencoder(crops, 4, epochs=1, seed=1) != short
    finally:
        torch.set_num_threads(threads)
    errors = []
    for number, content in enumerate((short, long)):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(content)
        protection = Autoencoder.load(path)
        errors.append(
            np.mean([fp.mse(image, protection.protect(image, [FACE], seed=1), region=FACE) for image in faces])
        )
    assert errors[1] < 0.9 * errors[0]


def test_fit_save_and_load_give_the_same(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    image, protection = people(1)[0], Autoencoder(5, Area("ellipse"), epochs=12)
    assert isinstance(protection, FittedProtection)
    assert not protection.fitted
    protection.fit(people(4), [[FACE]] * 4)
    assert protection.fitted
    (tmp_path / "own.onnx").write_bytes(protection.to_bytes())
    loaded = parse_protection(f"cae:{tmp_path / 'own.onnx'},shape=ellipse")
    hidden = protection.protect(image, [FACE], seed=1)
    assert np.array_equal(loaded.protect(image, [FACE], seed=1), hidden)
    protection.fit(people(4, seed=9), [[FACE]] * 4)
    assert not np.array_equal(protection.protect(image, [FACE], seed=1), hidden)


def test_training_without_torch_names_the_extra(monkeypatch):
    pytest.importorskip("onnx")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(fp.errors.MissingExtra, match=r"torch cannot be imported .*fastperturb\[train\]"):
        Autoencoder().fit(people(2), [[FACE]] * 2)


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("k", [1, 3, 12])
def test_ksame_is_the_average_of_the_nearest(channels, k):
    known, image = people(12, channels), people(1, channels, seed=5)[0]
    protection = KSame(k)
    protection.fit(known, [[FACE]] * 12)
    hidden = protection.protect(image, [FACE], seed=1)
    own = image[4:68, 8:72].astype(float)
    others = np.array([other[4:68, 8:72] for other in known], float)
    order = np.argsort(((others - own) ** 2).reshape(12, -1).mean(axis=1))
    expected = others[order[:k]].mean(axis=0)
    assert np.abs(hidden[4:68, 8:72] - expected).max() <= 0.51
    assert (protection.name, protection.label) == (f"k-same, k {k}", f"k {k}")


def test_ksame_on_file(tmp_path):
    protection, image = KSame(2), people(1, seed=5)[0]
    assert isinstance(protection, FittedProtection)
    protection.fit(people(12), [[FACE]] * 12)
    path = tmp_path / "faces.npz"
    path.write_bytes(protection.to_bytes())
    loaded = parse_protection(f"ksame:2,faces={path}")
    assert loaded.fitted
    assert np.array_equal(loaded.protect(image, [FACE], seed=1), protection.protect(image, [FACE], seed=1))
    with pytest.raises(ValueError, match="k must be at most the 12 faces that there are, got 13"):
        parse_protection(f"ksame:13,faces={path}")


@pytest.mark.parametrize("content", [None, b"", b"not a model", b"PK\x03\x04 broken"])
@pytest.mark.parametrize("text", ["cae:{}", "ksame:faces={}"])
def test_bad_files(tmp_path, text, content):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(fp.errors.ModelError, match=str(path)):
        parse_protection(text.format(path))


def test_a_broken_network_is_a_model_error(model):
    content = bytearray(model.read_bytes())
    content[20:3000] = bytes(2980)
    model.write_bytes(content)
    with pytest.raises(fp.errors.ModelError, match=r"small\.onnx"):
        parse_protection(f"cae:{model}")


@pytest.mark.parametrize("text", ["cae", "cae:code=8", "ksame", "ksame:4"])
def test_nothing_works_unfitted(text, tmp_path):
    protection = parse_protection(text)
    assert not protection.fitted
    with pytest.raises(ValueError, match="fit it, or name"):
        protection.protect(people(1)[0], [FACE], seed=1)
    with pytest.raises(ValueError, match="fit it, or name"):
        (tmp_path / "nothing").write_bytes(protection.to_bytes())


@pytest.mark.parametrize("text", ["cae", "ksame:1"])
def test_wrong_training_sets(text):
    protection = parse_protection(text)
    with pytest.raises(ValueError, match="at least one face to learn from"):
        protection.fit(people(2), [[], []])
    with pytest.raises(ValueError, match="a list for each image"):
        protection.fit(people(2), [[FACE]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cae:code=0", "code must be 1 to 4096, got 0"),
        ("cae:epochs=0", "epochs must be at least 1, got 0"),
        ("cae:model.onnx,code=3", "give model or code, not both"),
        ("ksame:0", "k must be at least 1, got 0"),
        ("ksame:x", "k must be a whole number, got 'x'"),
    ],
)
def test_wrong_texts(text, message):
    with pytest.raises(ValueError, match=message):
        parse_protection(text)
