"""The scikit-learn transformer: stacks and flat rows, clones, pipelines, and the way back."""

import pickle
import warnings

import numpy as np
import pytest

import fastperturb as fp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    sklearn = pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.decomposition import PCA
    from sklearn.model_selection import GridSearchCV
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    from fastperturb.integrations.protector import KeyPlace
    from fastperturb.integrations.sklearn import FaceOptions, FacePerturber

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def stack():
    return np.random.default_rng(0).integers(0, 256, (12, 28, 23), np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(28, 23), (28, 23, 3)])
def test_stacks_and_flat_rows_are_the_same_and_come_back(dtype, shape, key):
    stack = (np.random.default_rng(1).random((5, *shape)) * 250).astype(dtype)
    options = FaceOptions(reproducible=True)
    whole = FacePerturber(key, options, "whole")
    rows = FacePerturber(key, options, "whole", image_shape=shape)
    hidden, flat = whole.fit_transform(stack), rows.fit_transform(stack.reshape(5, -1))
    assert hidden.shape == stack.shape
    assert hidden.dtype == flat.dtype == dtype
    assert np.array_equal(hidden.reshape(5, -1), flat)
    assert not np.array_equal(hidden, stack)
    assert np.array_equal(whole.inverse_transform(hidden), stack)
    assert np.array_equal(rows.inverse_transform(flat), stack.reshape(5, -1))
    alone, record = fp.perturb(stack[3], (0, 0, 23, 28), key, reproducible=True)
    assert np.array_equal(hidden[3], alone)
    assert whole.records_[3] == record


def test_faces_are_located(astronaut, key):
    stack = np.stack([astronaut, astronaut[:, ::-1]])
    hidden, records = FacePerturber(key).perturb(stack)
    assert records[0].regions[0].region == fp.locate(astronaut)[0].region
    assert np.array_equal(fp.restore(hidden[1], records[1], key), stack[1])


def test_regions_of_every_image(stack, key):
    for regions in ((1, 2, 10, 12), fp.Region(1, 2, 10, 12), fp.Face(fp.Region(1, 2, 10, 12)), [(1, 2, 10, 12)]):
        _, records = FacePerturber(key, regions=regions).perturb(stack)
        assert {item.region for record in records for item in record.regions} == {fp.Region(1, 2, 10, 12)}


def test_clones_and_parameters(stack, key):
    one = FacePerturber(key, FaceOptions(reproducible=True), "whole")
    two = clone(one)
    assert two.get_params() == one.get_params()
    assert np.array_equal(two.fit_transform(stack), one.fit_transform(stack))
    two.set_params(options=FaceOptions(reproducible=True, strength=fp.Strength(window=2)))
    assert not np.array_equal(two.transform(stack), one.transform(stack))
    assert "fpkey1_" not in repr(one)
    assert key.id in repr(one)


def test_a_pickle_holds_the_place_of_the_key(stack, here):
    model = FacePerturber(str(here / "my.key"), regions="whole").fit(stack)
    secret = fp.Key.from_file(here / "my.key")._secret
    hidden = model.transform(stack)
    assert secret not in pickle.dumps(model)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).inverse_transform(hidden), stack)  # noqa: S301


@pytest.mark.parametrize("used", ["never", "fitted", "used"])
@pytest.mark.parametrize("given", ["path", "place", "environment"])
def test_another_key_in_the_place_of_the_first_is_refused(stack, here, monkeypatch, given, used):
    first, other = fp.Key.from_file(here / "my.key"), fp.Key.generate()
    monkeypatch.setenv("FASTPERTURB_KEY", first.to_text())
    place = {"path": here / "my.key", "place": KeyPlace(str(here / "my.key")), "environment": None}[given]
    model = FacePerturber(place, regions="whole")
    if used != "never":
        model.fit(stack)
    if used == "used":
        model.transform(stack)
    frozen = pickle.dumps(model)
    assert first._secret not in frozen
    assert pickle.loads(frozen).get_params() == model.get_params()  # noqa: S301
    (here / "my.key").unlink()
    other.to_file(here / "my.key")
    monkeypatch.setenv("FASTPERTURB_KEY", other.to_text())
    for one in (model, pickle.loads(frozen)):  # noqa: S301
        for call in (one.fit, one.transform, one.perturb, lambda x, one=one: one.inverse_transform(x, [None] * 12)):
            with pytest.raises(ValueError, match=f"must hold the key {first.id}, got the key {other.id}"):
                call(stack)
    anew = clone(model).fit(stack)  # a clone knows only what it was given
    assert anew.perturb(stack)[1][0].key_id == other.id
    assert model.set_params(key=other).perturb(stack)[1][0].key_id == other.id


def test_a_pickle_without_the_key_is_possible(stack, monkeypatch):
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    with pytest.raises(KeyError, match="FASTPERTURB_KEY"):
        pickle.loads(pickle.dumps(FacePerturber())).fit(stack)  # noqa: S301


def test_data_frames_keep_their_columns(stack, key):
    pd = pytest.importorskip("pandas")
    rows = pd.DataFrame(stack.reshape(12, -1), columns=[f"p{i}" for i in range(644)], index=range(5, 17))
    model = FacePerturber(key, FaceOptions(reproducible=True), "whole", image_shape=(28, 23))
    plain = model.fit_transform(rows)
    assert isinstance(plain, np.ndarray)
    assert model.n_features_in_ == 644
    assert model.feature_names_in_.tolist() == model.get_feature_names_out().tolist() == rows.columns.tolist()
    framed = model.set_output(transform="pandas").transform(rows)
    assert framed.columns.tolist() == rows.columns.tolist()
    assert framed.index.tolist() == rows.index.tolist()
    assert set(framed.dtypes) == {np.dtype(np.uint8)}
    assert np.array_equal(framed.to_numpy(), plain)
    assert np.array_equal(model.inverse_transform(framed), rows.to_numpy())
    with pytest.raises(ValueError, match="X must have the columns that it had in fit, in their order"):
        model.transform(rows[rows.columns[::-1]])
    model.fit(rows.to_numpy())
    assert not hasattr(model, "feature_names_in_")
    assert model.get_feature_names_out().tolist() == [f"x{i}" for i in range(644)]
    assert model.transform(rows.to_numpy()).columns.tolist() == [f"x{i}" for i in range(644)]


def test_names_that_do_not_fit(stack, key):
    pd = pytest.importorskip("pandas")
    rows = pd.DataFrame(stack.reshape(12, -1)).rename(columns="p{}".format)
    model = FacePerturber(key, regions="whole", image_shape=(28, 23))
    assert model.get_feature_names_out(rows.columns).tolist() == rows.columns.tolist()
    with pytest.raises(ValueError, match="input_features must be 644 names, got"):
        model.get_feature_names_out(["a"])
    with pytest.raises(ValueError, match="input_features must be feature_names_in_"):
        model.fit(rows).get_feature_names_out(["a"] * 644)
    stacks = FacePerturber(key, regions="whole").set_output(transform="pandas")
    with pytest.raises(ValueError, match="stacks of images have no columns"):
        stacks.transform(stack)


def test_scores_are_the_same_from_fit_to_fit_if_they_are_to_be(stack, key):
    people, rows = np.arange(12) % 3, stack.reshape(12, -1)
    scores = [
        make_pipeline(
            FacePerturber(key, FaceOptions(reproducible=True), "whole", image_shape=(28, 23)), KNeighborsClassifier(1)
        )
        .fit(rows, people)
        .predict(stack[::-1].reshape(12, -1))
        .tolist()
        for _ in range(2)
    ]
    assert scores[0] == scores[1]


def test_in_a_pipeline_and_a_search(stack, here):
    people = np.arange(12) % 3
    centres = np.random.default_rng(2).integers(40, 200, (3, 1, 23))
    rows = np.clip(centres[people] + stack // 16, 0, 255).astype(np.uint8).reshape(12, -1)
    pipeline = make_pipeline(
        FacePerturber(str(here / "my.key"), regions="whole", image_shape=(28, 23)), PCA(4), KNeighborsClassifier(1)
    )
    assert pipeline.fit(rows, people).score(rows, people) == 1
    settings = {"faceperturber__options": [FaceOptions(), FaceOptions(strength=fp.Strength(window=2))]}
    search = GridSearchCV(pipeline, settings, cv=2, error_score="raise").fit(rows, people)
    assert set(search.best_params_) == set(settings)


def test_what_cannot_be_done_is_refused(stack, key):
    with pytest.raises(TypeError, match="uint8, uint16 or float32"):
        FacePerturber(key, regions="whole").fit_transform(stack.astype(float))
    with pytest.raises(ValueError, match=r"X must be \(count, 644\) for image_shape=\(28, 23\), got \(12, 28, 23\)"):
        FacePerturber(key, image_shape=(28, 23)).fit(stack)
    with pytest.raises(ValueError, match=r"or flat rows with image_shape, got shape \(12, 644\)"):
        FacePerturber(key).fit(stack.reshape(12, -1))
    with pytest.raises(ValueError, match="regions must be regions, 'whole' or None, got 'all'"):
        FacePerturber(key, regions="all").transform(stack)
    with pytest.raises(fp.NoFaceFound):
        FacePerturber(key).transform(np.zeros((1, 64, 64), np.uint8))
    model = FacePerturber(key, regions="whole")
    hidden = model.fit_transform(stack)
    with pytest.raises(ValueError, match="one for each of the 3 images, got 12"):
        model.inverse_transform(hidden[:3])
    with pytest.raises(fp.WrongKey):
        FacePerturber(fp.Key.generate()).inverse_transform(hidden, model.records_)
