"""What is defined in a script or in a notebook's cell reaches the worker processes.

The script has no `__main__` guard: a worker that imported it again would search for ever.
"""

import subprocess
import sys
from pathlib import Path

import pytest

CELL = """
import keras
import keras_nas
from keras import layers
from sklearn.datasets import load_digits

print("imported")

@keras_nas.block
def wide(net, x, *, filters=4):
    return net(layers.Conv2D, x, filters=filters, kernel_size=3, activation="relu")

@keras.saving.register_keras_serializable("mine")
class Doubled(layers.Layer):
    def call(self, x):
        return 2.0 * x

def sure(truth, predictions):
    return keras.ops.mean(keras.ops.max(predictions, axis=1))

class Note(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        open(NOTE, "a").write("trained ")

NOTE = {note!r}
digits = load_digits()
space = keras_nas.Space(
    "mine",
    keras_nas.Series(wide(filters=keras_nas.Choice("filters", [2, 4])), keras_nas.Op(layers.Flatten)),
    {{"learning_rate": 0.05}},
)
own = keras.Sequential([keras.Input((8, 8)), Doubled(), layers.Flatten(), layers.Dense(10, "softmax")])
result = keras_nas.search(
    "image_classification",
    (digits.images[:300].astype("uint8"), digits.target[:300]),
    space=space,
    strategy="random",
    estimator="full_training",
    max_trials=2,
    metrics=[sure],
    callbacks=[Note()],
    baseline_model=own,
    workers=1,
    precision="float32",
    directory={directory!r},
    verbose=0,
)
print(sorted(result.winner.scores), result.baseline.model.layers[0].__class__.__name__, len(result.trials))
"""


def run(command: list[str], tmp_path: Path, given: str | None = None) -> None:
    done = subprocess.run(
        [sys.executable, *command], input=given, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-3000:]
    expected = "imported\n['params', 'val_accuracy', 'val_loss', 'val_sure'] Doubled 2\n"
    assert done.stdout == expected
    assert (tmp_path / "note").read_text() == "trained trained "


@pytest.mark.slow
def test_a_script_without_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(CELL.format(note=str(tmp_path / "note"), directory=str(tmp_path / "search")))
    run([str(script)], tmp_path)


@pytest.mark.slow
def test_a_cell_of_a_notebook(tmp_path: Path) -> None:
    """There is no file to import at all."""
    run(["-"], tmp_path, CELL.format(note=str(tmp_path / "note"), directory=str(tmp_path / "search")))
