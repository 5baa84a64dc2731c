"""The demonstration, in its parts and as a whole."""

from pathlib import Path

import numpy as np
import pytest

from keras_nas.demo import demo, load_digits, plain_cnn


def test_its_data_and_its_baseline_fit() -> None:
    images, digits = load_digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert set(digits) == set(range(10))
    np.testing.assert_allclose(plain_cnn().predict(images[:2], verbose=0).sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.slow
def test_from_search_to_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import tensorflow as tf

    result = demo(tmp_path / "demo", max_time=120)
    out = capsys.readouterr().out
    for words in ("val_accuracy", "hold-out accuracy", "plain CNN", "logistic regression", "tf.saved_model.load("):
        assert words in out
    model, x = tf.saved_model.load(str(tmp_path / "demo" / "model")), load_digits()[0][:5]
    np.testing.assert_allclose(model.serve(x), result.best_model.predict(x, verbose=0), atol=1e-4)
