"""Texts to texts: what is learned of the training part, what a network may hear of the words to write, the scores."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.artefact.portable import FRONT, NETWORK
from keras_nas.data import Rows, collect, split_rows, store_inputs
from keras_nas.data.glance import glance
from keras_nas.data.pairs import EDGE
from keras_nas.data.trees import taken
from keras_nas.errors import DataError, ExportError
from keras_nas.spaces import get_space
from keras_nas.tasks import get_task
from keras_nas.tasks.auto import inferred
from keras_nas.tasks.greedy import Greedy, Translator
from keras_nas.tasks.sequence_to_sequence import SMOOTHING, token_loss
from tests.pairs import pairs

TASK: Any = get_task("sequence_to_sequence")
COUNT = 120
STRANGE = ["Say one two!", "", "Unheard-of grüße\n", "say SIX five four three two one"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rows with stored inputs, their split and signature."""
    sources, targets = pairs(COUNT)
    targets[0] += " Seltenes"
    rows = collect((sources, targets), tmp_path_factory.mktemp("s") / "data", target=TASK.target, ranks=TASK.ranks)
    split = split_rows(rows)
    signature = TASK.signature(rows, split)
    store_inputs(rows, TASK.front(signature))
    return Rows.load(rows.directory), split, signature


@pytest.fixture(scope="module")
def built(data: Any) -> Any:
    """The smallest network that has all parts."""
    space, wish = get_space("encoder_decoder", TASK.name), {"gated": True, "convolution": 3}
    architecture = space.decisions.walk(
        lambda decision: (
            wish.get(decision.path.rpartition("/")[2], decision.domain.labels()[0])
            if decision.path != "recipe/learning_rate"
            else 1e-3
        )
    )
    keras.utils.set_random_seed(0)
    return TASK.build(space, architecture, data[2])


def test_words_are_those_of_the_training_part(data: Any) -> None:
    rows, split, signature = data
    assert 0 in split.train and " Seltenes" not in signature.words
    assert signature.words[0] == EDGE and {" Sag", ",", ".", " fünf"} <= set(signature.words)
    assert set(signature.tokens.vocabulary) == {"say", "one", "two", "three", "four", "five", "six"}
    assert signature.outputs == 2 + len(signature.words) and signature.facts["words"] == signature.outputs + 7
    shared = replace(signature, words=(EDGE, " One", "."), numbers=(0, 1, 3))
    assert shared.outputs == signature.outputs
    json.dumps(signature.numbers)
    told = TASK.remarks(rows, split)
    assert told[0].startswith(f"Of texts the first {signature.tokens.length} words are read")
    assert "9 words and marks are told apart to be written" in told[1]


def test_texts_without_spaces_are_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    texts = [
        "，".join("".join(map(chr, part)) for part in random.integers(0x4E00, 0x9FFF, (2, 8))) + "。" for _ in range(40)
    ]
    rows = collect(
        ([f"text number {n}" for n in range(40)], texts), tmp_path / "data", target="texts", ranks=TASK.ranks
    )
    with pytest.raises(DataError, match="of the words to write 0% are in two places .*put one between its characters"):
        TASK.signature(rows, split_rows(rows))


def test_inputs_are_one_place_behind_what_is_to_be_written(data: Any) -> None:
    rows, _, signature = data
    truth = np.asarray(TASK.encode(rows.y[:5], signature))
    given = rows.inputs["target"][:5]
    assert (given[:, 0] == 2).all() and (given[:, 1:] == truth[:, :-1]).all()
    assert truth.shape[1] == signature.length and truth.min() == 0
    inside = tf.data.Dataset.from_tensors(rows.y[:5]).map(lambda y: TASK.encode(y, signature))
    np.testing.assert_array_equal(next(iter(inside)), truth)


def test_the_model_holds_stock_layers_and_is_its_front_and_network(data: Any, built: Any, tmp_path: Path) -> None:
    rows, _, signature = data
    assert all(type(layer).__module__.startswith("keras.") for layer in built.model._flatten_layers())
    x = {name: np.asarray(values) for name, values in taken(rows.x, slice(6)).items()}
    found = np.asarray(built.model({name: tf.constant(values) for name, values in x.items()}))
    assert found.shape == (6, signature.length, signature.outputs)
    np.testing.assert_allclose(found, built.network(taken(rows.inputs, slice(6))), atol=1e-6)
    Greedy.of(built.model)
    built.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False, custom_objects={})
    np.testing.assert_allclose(again({name: tf.constant(values) for name, values in x.items()}), found, atol=1e-6)


def test_no_place_hears_what_is_behind_it(data: Any, built: Any) -> None:
    rows = data[0]
    x = taken(rows.inputs, slice(4))
    before = np.asarray(built.raw(x))
    for place in (1, 4, 7):
        other = {**x, "target": x["target"].copy()}
        other["target"][:, place:] = 5
        after = np.asarray(built.raw(other))
        np.testing.assert_allclose(after[:, :place], before[:, :place], atol=1e-5)
        assert abs(after[:, place:] - before[:, place:]).max() > 1e-3


def test_what_stands_behind_the_end_of_a_text_to_read_is_not_heard(data: Any, built: Any) -> None:
    source = built.network.input["source"]
    (embedding,) = (layer for layer in built.network.layers if isinstance(layer, keras.layers.Embedding))
    x = taken(data[0].inputs, slice(8))
    assert (x["source"] == 0).any() and source.shape[1] == x["source"].shape[1]
    before, table = np.asarray(built.raw(x)), embedding.get_weights()[0]
    told = np.where(x["target"] > 0, x["target"], 3)
    before = np.asarray(built.raw({**x, "target": told}))
    embedding.set_weights([np.concatenate([table[:1] + 7.0, table[1:]])])
    after = np.asarray(built.raw({**x, "target": told}))
    embedding.set_weights([table])
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_words_are_written_one_by_one(data: Any, built: Any) -> None:
    """The loop does what is done by hand: ask the model for the next word, and tell it the answer."""
    signature, greedy = data[2], Greedy.of(built.model)
    texts = tf.constant(STRANGE)
    found = greedy.numbers(texts).numpy()
    source = np.asarray(greedy.reader(texts))
    target = np.zeros((len(STRANGE), signature.length), np.int32)
    target[:, 0] = 2
    for place in range(signature.length):
        logits = np.asarray(built.raw({"source": source, "target": target}))[:, place]
        likeliest = 2 + logits[:, 2:].argmax(axis=1)
        ended = (found[:, :place] == 2).any(axis=1)
        assert (found[:, place] == np.where(ended, 0, likeliest)).all()
        if place + 1 < signature.length:
            target[:, place + 1] = found[:, place]
    assert [len(step) > 0 for step in (greedy.before, greedy.after)] == [True, True]
    written = [text.decode() for text in Translator(built.model)({"text": texts}).numpy()]
    words = ["", "", *signature.words]
    assert written == ["".join(words[number] for number in row if number != 2).strip() for row in found]


def test_what_was_written_is_scored(data: Any, built: Any) -> None:
    rows, _, signature = data
    x, y = taken(rows.x, slice(6)), rows.y[:6]
    outputs = TASK.asked(built.model, ["bleu"])({name: tf.constant(values) for name, values in x.items()})
    likely, right, written = (outputs[name].numpy() for name in ("likely", "right", "written"))
    truth = np.asarray(TASK.encode(y, signature))
    probabilities = np.asarray(built.network(taken(rows.inputs, slice(6))))
    own = np.take_along_axis(probabilities, truth[..., None], axis=2)[..., 0]
    np.testing.assert_allclose(likely, np.log(own) * (truth > 0), atol=1e-4)
    np.testing.assert_array_equal(right, (probabilities.argmax(axis=2) == truth) & (truth > 1))
    evidence = TASK.evidence(y, np.concatenate([likely, right, written], axis=1), signature)
    scores = TASK.scores(y, evidence, signature, ["bleu"])
    assert scores["loss"] == pytest.approx(-likely.sum() / (truth > 0).sum())
    assert scores["perplexity"] == pytest.approx(math.exp(scores["loss"]))
    assert list(TASK.scores(y, evidence, signature)) == ["perplexity", "loss", "token_accuracy"]
    unwritten = TASK.asked(built.model, [])({name: tf.constant(values) for name, values in x.items()})
    assert not unwritten["written"].numpy().any()


def test_texts_as_they_are_wanted_have_the_best_scores(data: Any) -> None:
    y, predictions = TASK.made_up(data[2])
    evidence = TASK.evidence(y, predictions, data[2])
    assert TASK.scores(y, evidence, data[2], ["bleu"]) == pytest.approx(
        {"perplexity": math.e, "loss": 1.0, "token_accuracy": 1.0, "bleu": 100.0}
    )


def test_the_loss_counts_words_alike_and_smooths_targets() -> None:
    truth, logits = np.array([[2, 3, 0], [4, 0, 0]]), np.random.default_rng(0).normal(size=(2, 3, 6)).astype("float32")
    logs = np.log(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))
    target = (1 - SMOOTHING) * np.eye(6)[truth] + SMOOTHING / 6
    entropy = -(target * logs).sum(axis=-1)[truth > 0]
    assert float(np.mean(token_loss(truth, logits))) == pytest.approx(float(entropy.mean()), rel=1e-5)


def test_other_formats_say_what_to_do(built: Any) -> None:
    for name in ("litert", "onnx", "keras", "source"):
        with pytest.raises(
            ExportError, match=f"in a loop of TensorFlow, which {name} does not hold: export as saved_mo"
        ):
            TASK.served(built.model, name)


def test_texts_to_write_are_told_from_names_of_classes() -> None:
    sources, targets = pairs(60)
    many = [f"{target} {number} Wörter mehr" for number, target in enumerate(targets)]
    seen = glance((sources, many))
    assert TASK.suits(seen) == f"x holds texts and the targets are texts too ({seen.answer.reason})"
    from keras_nas.tasks import TASKS

    assert inferred((sources, many), None, TASKS).task.name == "sequence_to_sequence"


def test_front_and_network_have_their_names(built: Any) -> None:
    assert [layer.name for layer in built.model.layers if layer.name in (FRONT, NETWORK)] == [FRONT, NETWORK]
