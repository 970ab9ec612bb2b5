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
    hidden, records = FacePerturber(key, FaceOptions(protection="windows")).perturb(stack)
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
    two.set_params(options=FaceOptions(reproducible=True, protection=fp.Strength(window=7)))
    assert not np.array_equal(two.transform(stack), one.transform(stack))
    assert "fpkey1_" not in repr(one)
    assert key.id in repr(one)


def test_a_pickle_holds_the_place_of_the_key(stack, here):
    model = FacePerturber(str(here / "my.key"), regions="whole").fit(stack)
    secret = fp.Key.from_file(here / "my.key")._secret
    hidden = model.transform(stack)
    assert secret not in pickle.dumps(model)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).inverse_transform(hidden), stack)  # noqa: S301


def change_key(here):
    (here / "my.key").unlink()
    fp.Key.generate().to_file(here / "my.key")


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("place", ["file", "environment"])
def test_a_pickle_refuses_another_key(stack, here, monkeypatch, fitted, place):
    known = fp.Key.from_file(here / "my.key")
    monkeypatch.setenv("FASTPERTURB_KEY", known.to_text())
    model = FacePerturber(str(here / "my.key") if place == "file" else None, regions="whole")
    data = pickle.dumps(model.fit(stack) if fitted else model)
    hidden, records = model.perturb(stack)
    change_key(here)
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.generate().to_text())
    again = pickle.loads(data)  # noqa: S301
    for use in (again.transform, lambda x: again.inverse_transform(x, records), model.transform):
        with pytest.raises(ValueError, match=f"must hold the key {known.id}, got the key"):
            use(hidden)
    assert not np.array_equal(again.fit(stack).transform(stack), stack)  # fitting again takes the key that is there
    model.set_params(key=fp.Key.generate())
    assert not np.array_equal(model.transform(stack), stack)


def test_a_pickle_can_be_made_without_the_key(here):
    model = FacePerturber(str(here / "nowhere.key"))
    assert pickle.loads(pickle.dumps(model)).key == model.key  # noqa: S301


def test_data_frames_keep_their_columns(stack, key):
    pd = pytest.importorskip("pandas")
    names = [f"p{number}" for number in range(28 * 23)]
    frame = pd.DataFrame(stack.reshape(12, -1), columns=names, index=range(5, 17))
    model = FacePerturber(key, FaceOptions(reproducible=True), "whole", image_shape=(28, 23))
    plain = model.fit_transform(frame)
    assert model.feature_names_in_.tolist() == names
    assert model.n_features_in_ == len(names)
    hidden = model.set_output(transform="pandas").transform(frame)
    assert (list(hidden.columns), list(hidden.index)) == (names, list(frame.index))
    assert set(hidden.dtypes) == {np.dtype(np.uint8)}
    assert np.array_equal(hidden.to_numpy(), plain)
    assert np.array_equal(model.inverse_transform(hidden), frame.to_numpy())
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(frame[names[::-1]])
    assert model.fit(frame.to_numpy()).get_feature_names_out().tolist() == [f"x{n}" for n in range(len(names))]
    pipeline = make_pipeline(model, PCA(2)).set_output(transform="pandas")
    assert pipeline.fit_transform(frame.to_numpy()).shape == (12, 2)


def test_stacks_have_no_columns(stack, key):
    model = FacePerturber(key, regions="whole").fit(stack)
    assert not hasattr(model, "get_feature_names_out")
    with sklearn.config_context(transform_output="pandas"):
        assert model.transform(stack).shape == stack.shape


def test_in_a_pipeline_and_a_search(stack, here):
    people = np.arange(12) % 3
    centres = np.random.default_rng(2).integers(40, 200, (3, 1, 23))
    rows = np.clip(centres[people] + stack // 16, 0, 255).astype(np.uint8).reshape(12, -1)
    same = FaceOptions(reproducible=True)  # the same pixels at every fit and score
    model = FacePerturber(str(here / "my.key"), same, regions="whole", image_shape=(28, 23))
    pipeline = make_pipeline(model, PCA(4), KNeighborsClassifier(1))
    assert pipeline.fit(rows, people).score(rows, people) == 1
    settings = {"faceperturber__options": [same, FaceOptions(protection=fp.Strength(window=7))]}
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
