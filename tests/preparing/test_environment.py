"""The environment is told in words."""

import keras_nas
from keras_nas.preparing.environment import environment


def test_versions_and_machine() -> None:
    found = environment()
    assert found["keras-nas"] == keras_nas.__version__
    assert int(found["processor cores"]) >= 1
    assert found["GPUs"].isdigit()
    assert all(isinstance(value, str) and value for value in found.values())
