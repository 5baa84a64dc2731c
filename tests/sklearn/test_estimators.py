"""The estimators on a table of every kind of column, on images, and where scikit-learn puts estimators."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_nas.errors import DataError, InvalidArgument
from keras_nas.sklearn import NASClassifier, NASRegressor
from tests.sklearn.cheap import cheap
from tests.small import digit_images, tiny_space

RANDOM = np.random.default_rng(0)
AGE = RANDOM.normal(40, 9, 120)
FRAME = pd.DataFrame({"age": AGE, "job, now": RANDOM.choice(["cook", "smith", None], 120), "same": 1})
LABELS = np.where(AGE > 42, "old", "young")


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras_nas.session.take_gauge", lambda *_: None)


@pytest.fixture(scope="module")
def fitted() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras_nas.session.take_gauge", lambda *_: None)
        return NASClassifier(**cheap()).fit(FRAME, LABELS)


def test_it_learns_from_a_table_as_it_is(fitted: Any) -> None:
    assert fitted.score(FRAME, LABELS) > 0.9
    assert fitted.classes_.tolist() == ["old", "young"]
    assert (fitted.n_features_in_, list(fitted.feature_names_in_)) == (3, list(FRAME.columns))
    probabilities = fitted.predict_proba(FRAME[:3])
    assert probabilities.shape == (3, 2) and np.allclose(probabilities.sum(axis=1), 1)


def test_the_search_is_at_hand(fitted: Any) -> None:
    assert len(fitted.result_.leaderboard()) == 1
    assert fitted.result_.classes == ("old", "young")
    assert fitted.result_.told["holdout"]["rows"] == 0


def test_a_pickle_predicts_without_the_folder(fitted: Any) -> None:
    expected = fitted.predict_proba(FRAME)
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):  # noqa: S301 - our own
        assert np.array_equal(again.predict_proba(FRAME), expected)
        again._folder = Path("gone")
        with pytest.raises(AttributeError, match="The folder of this search, gone, is gone: .* directory='runs'"):
            _ = again.result_


def test_a_temporary_search_goes_with_its_result() -> None:
    from keras_nas.sklearn.winner import Folder

    class Result:
        """Can be waited for."""

    result: Any = Result()
    with Folder(None, "tabular_regression") as folder:
        folder.keep(result)
    assert folder.path.exists()
    del result
    assert not folder.path.exists()
    with pytest.raises(ValueError, match="no search"), Folder(None, "tabular_regression") as folder:
        raise ValueError("no search")
    assert not folder.path.exists()


def test_what_is_wrong_is_said(fitted: Any) -> None:
    with pytest.raises(InvalidArgument, match="options: Unknown argument 'epoch': .* 'estimator'"):
        NASClassifier(options={"epoch": 3}).fit(FRAME, LABELS)
    with pytest.raises(InvalidArgument, match="options: Unknown argument 'seed'"):
        NASClassifier(options={"seed": 3}).fit(FRAME, LABELS)
    with pytest.raises(DataError, match="sample_weight is zero in every row; expected some above 0"):
        NASClassifier().fit(FRAME, LABELS, sample_weight=np.zeros(120))
    with pytest.raises(DataError, match="X is empty"):
        fitted.predict(FRAME[:0])
    with pytest.raises(NotFittedError):
        _ = NASClassifier().result_
    with pytest.raises(NotFittedError):
        NASClassifier().predict(FRAME)


@pytest.mark.slow
def test_images_and_their_numbers(tmp_path: Path) -> None:
    x, y = digit_images(200)
    targets = np.stack([y, -2.0 * y], axis=1)
    model = NASRegressor(**{**cheap(), "space": tiny_space(), "directory": tmp_path}).fit(x, targets)
    assert model.predict(x[:5]).shape == (5, 2)
    assert model.score(x, targets) > 0.5
    with pytest.raises(DataError, match=r"X holds rows of uint8 \(8, 4\); expected uint8 \(8, 8\), as in fit"):
        model.predict(x[:5, :, :4])
    assert len(pickle.loads(pickle.dumps(model)).result_.trials) == 1  # noqa: S301 - our own
    assert [folder.name.split("_")[:2] for folder in tmp_path.iterdir()] == [["image", "regression"]]


@pytest.mark.slow
def test_in_pipelines_and_cross_validation() -> None:
    x = np.stack([AGE, AGE**2], axis=1)
    model = make_pipeline(StandardScaler(), NASClassifier(**cheap()))
    assert cross_val_score(model, x, LABELS, cv=2).min() > 0.8
    assert clone(model).get_params()["nasclassifier__max_trials"] == 1
