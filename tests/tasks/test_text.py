"""Raw strings in, probabilities or numbers out; vocabularies and evidence of the training part alone."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_nas.data import Rows, collect, split_rows, store_inputs
from keras_nas.data.glance import glance
from keras_nas.data.trees import taken
from keras_nas.errors import DataError
from keras_nas.objectives.cost import CostNet
from keras_nas.spaces import get_space
from keras_nas.tasks import get_task
from keras_nas.tasks.evidence import evidence
from keras_nas.tasks.text import TextSignature

COUNT = 40
TEXTS = [f"A {'GOOD' if number % 2 else 'bad'}  film:\nits number {number}!" for number in range(COUNT)]
Y: dict[str, Any] = {
    "text_classification": ["praise" if number % 2 else "blame" for number in range(COUNT)],
    "text_regression": [5.0 + number % 2 + number / 1000 for number in range(COUNT)],
}
STRANGE = np.array(["a good film", "", "?!", "Unheard-of grüße\n", TEXTS[1]], object)


def prepared(name: str, folder: Path) -> tuple[Rows, Any, TextSignature]:
    """Rows with stored inputs, their split and signature."""
    task = get_task(name)
    target: Any = task.target
    rows = collect((TEXTS, Y[name]), folder / "data", target=target, ranks=task.ranks)
    split = split_rows(rows)
    signature = task.signature(rows, split)
    store_inputs(rows, task.front(signature))
    return Rows.load(rows.directory), split, signature


@pytest.mark.parametrize("name", ["text_classification", pytest.param("text_regression", marks=pytest.mark.slow)])
def test_a_model_is_its_front_and_the_network_on_stored_numbers(name: str, tmp_path: Path) -> None:
    task = get_task(name)
    rows, _, signature = prepared(name, tmp_path)
    assert {key: array.shape for key, array in rows.inputs.items()} == {"words": (COUNT, 6), "pieces": (COUNT, 28)}
    space = get_space("text", name)
    built = task.build(space, space.start[1], signature)
    net = CostNet()
    given = {key: net.input(one.shape) for key, one in signature.inputs.items()}
    assert net.cost(task.assemble(space, space.start[1], signature, net, given)[0]).params == built.raw.count_params()
    outputs = built.model.predict({"text": np.array(TEXTS, object)}, verbose=0)
    assert outputs.shape == (COUNT, 2 if task.target == "classification" else 1)
    numbers = taken(rows.inputs, slice(COUNT))
    np.testing.assert_allclose(outputs, built.network.predict(numbers, verbose=0), atol=1e-6)
    assert all(type(layer).__module__.startswith("keras.") for layer in built.model._flatten_layers())
    strange = built.model.predict({"text": STRANGE}, verbose=0)
    assert np.isfinite(strange).all()
    built.model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, custom_objects={})
    np.testing.assert_array_equal(loaded.predict({"text": STRANGE}, verbose=0), strange)


def test_only_the_training_part_is_learned_from(tmp_path: Path) -> None:
    rows, split, signature = prepared("text_classification", tmp_path)
    words, pieces = (signature.tokens[name].vocabulary for name in ("words", "pieces"))
    assert {"good", "bad", "film"} <= set(words) and {"g o o d", "f i l m"} <= set(pieces)
    unseen = {str(number) for number in (*split.validation, *split.holdout)}
    assert unseen and not unseen & set(words)
    model = get_task("text_classification").front(signature)
    numbers = model.predict({"text": STRANGE}, verbose=0)
    place = {word: 2 + number for number, word in enumerate(words)}
    assert numbers["words"][0, :4].tolist() == [place["a"], place["good"], place["film"], 0]
    assert numbers["words"][1:4, :3].tolist() == [[1, 0, 0], [1, 0, 0], [1, 1, 0]]
    assert (numbers["pieces"][1:3] == [1] + [0] * 27).all()


def test_words_of_one_class_say_so(tmp_path: Path) -> None:
    _, _, signature = prepared("text_classification", tmp_path / "classes")
    _, _, quantities = prepared("text_regression", tmp_path / "numbers")
    place = {word: 2 + number for number, word in enumerate(signature.tokens["words"].vocabulary)}
    blame, praise = signature.evidence["words"][place["good"]]
    assert praise > 1 > -1 > blame and abs(signature.evidence["words"][place["film"]]).max() < 0.2
    assert not signature.evidence["pieces"][:2].any()
    (good,), (bad,) = (quantities.evidence["words"][place[word]] for word in ("good", "bad"))
    assert good > 0.7 and bad < -0.7


def test_of_many_classes_the_largest_differences_are_kept() -> None:
    random = np.random.default_rng(0)
    numbers, classes = random.integers(2, 60, (400, 6)), random.integers(0, 40, 400)
    assert evidence(numbers, np.eye(40)[classes], 60, True).shape == (60, 32)


def test_texts_are_taken_and_described(tmp_path: Path) -> None:
    task = get_task("text_classification")
    assert (
        task.suits(glance((TEXTS * 3, Y[task.name] * 3)))
        == "x holds texts and the targets are classes (2 different texts)"
    )
    doubled = TEXTS[:20] * 2
    rows = collect((doubled, Y[task.name]), tmp_path / "data", ranks=task.ranks)
    told = task.remarks(rows, split_rows(rows))
    assert told[0] == "Texts have 6 words; of longer ones the first 6 count."
    assert told[1].startswith("Warning: ") and "rows that are not trained on equal one that is" in told[1]


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every row has the same label, 'praise'; expected at least two classes"):
        collect((TEXTS, ["praise"] * COUNT), tmp_path / "data", ranks=get_task("text_classification").ranks)
