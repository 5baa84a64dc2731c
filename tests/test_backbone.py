"""A network that was trained before stands before the searched head: by itself, and in a search to its export."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import keras_nas
from keras_nas.backbone import default_preprocess
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.estimators.fine_tuning import slowed, thawed
from keras_nas.looking.reproduction import reproducing_call
from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet
from keras_nas.preparing.goal import goal_of
from keras_nas.spaces.pretrained import pretrained
from tests.small import digit_images

FACTS = {"input_mean": (100.0,), "input_std": (50.0,)}
TINY: dict[str, Any] = {"strategy": "random", "workers": 0, "precision": "float32", "verbose": 0, "history": False}


def small_model(channels: int = 1, side: int | None = 8, seed: int = 0) -> Any:
    """A branched convolutional network with all that makes copying hard: statistics, dropout, operations, a model."""
    keras.utils.set_random_seed(seed)
    inner = keras.Sequential([keras.Input((None, None, 6)), layers.Conv2D(6, 3, padding="same"), layers.Dropout(0.5)])
    pixels = keras.Input((side, side, channels))
    x = layers.Normalization(mean=[90.0] * channels, variance=[400.0] * channels)(pixels)
    x = layers.BatchNormalization()(layers.Conv2D(6, 3, strides=2, padding="same")(x))
    x = layers.Add()([keras.ops.relu(x) * 0.5, inner(x)])
    model = keras.Model(pixels, layers.Conv2D(8, 1)(x), name="small")
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(weight + rng.uniform(0, 0.3, weight.shape))
    return model


def halved(pixels: Any) -> Any:
    return pixels / 2.0


def built(backbone: Any, shape: tuple[int, ...] = (8, 8, 1)) -> Any:
    space = pretrained(backbone, maps=True)
    x = keras.Input(shape)
    return keras.Model(x, space.features(space.start[0], KerasNet("float32", ""), x, FACTS))


def rows(channels: int = 1, side: int = 8) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (3, side, side, channels)).astype("float32")


@pytest.fixture(scope="module")
def backbone() -> Any:
    return keras_nas.Backbone.of(keras_nas.Backbone(small_model(), halved))


def stem_of(model: Any) -> Any:
    """The end of what was copied into a model."""
    copied = [layer for layer in model.layers if layer.name.startswith("backbone.")]
    return keras.Model(model.input, copied[-1].output)


def test_its_copy_computes_what_it_does(backbone: Any) -> None:
    stem = stem_of(built(backbone))
    x = rows()
    expected = small_model()(x / 2).numpy()
    for training in (False, True):
        assert stem((x - 100) / 50, training=training).numpy() == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert all(type(layer).__module__.startswith("keras.") for layer in stem.layers)
    assert not stem.trainable_variables


def test_it_is_counted_without_being_built(backbone: Any) -> None:
    space, net = pretrained(backbone, maps=True), CostNet()
    cost = net.cost(space.features(space.start[0], net, net.input((8, 8, 1)), FACTS))
    assert cost.params == built(backbone).count_params()
    assert cost.flops > 0


def test_images_of_another_size_and_of_one_channel_fit() -> None:
    stem = stem_of(built(keras_nas.Backbone(small_model(channels=3)), (20, 12, 1)))
    assert stem.output_shape == (None, 4, 4, 8)
    with pytest.raises(InvalidArgument, match=r"images have 4 channels and the backbone takes 3: convert"):
        built(keras_nas.Backbone(small_model(channels=3)), (8, 8, 4))


def test_a_layer_of_several_inputs_hears_each_as_it_was_called() -> None:
    """By name, in another order than that of its signature, with a mask and with what is no tensor."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((4, 4, 3))
    a, b, c = (layers.Reshape((16, 3))(layers.Conv2D(3, 1)(pixels)) for _ in range(3))
    seen = keras.ops.sum(a, axis=-1) > 0
    for called in ({"query": a, "value": b, "key": c}, {"query": a, "value": b, "value_mask": seen}):
        y = layers.MultiHeadAttention(2, 3)(**called, use_causal_mask=True)
        model = keras.Model(pixels, layers.Reshape((4, 4, 3))(y))
        stem, x = stem_of(built(keras_nas.Backbone(model), (4, 4, 3))), rows(3, 4)
        np.testing.assert_allclose(stem((x - 100) / 50).numpy(), model(x).numpy(), rtol=1e-3, atol=1e-3)


def test_its_content_decides_not_its_names(backbone: Any, tmp_path: Path) -> None:
    backbone.keep(tmp_path / "backbone.keras")
    again = keras_nas.Backbone.stored(tmp_path / "backbone.keras", None)
    others = [keras_nas.Backbone(small_model()), keras_nas.Backbone(small_model(seed=1), halved)]
    assert again.digest == backbone.digest == keras_nas.Backbone(small_model(), halved).digest
    assert len({backbone.digest, *(other.digest for other in others)}) == 3


def test_a_layer_in_two_places_is_refused() -> None:
    pixels, layer = keras.Input((8, 8, 3)), layers.Conv2D(3, 3, name="twice")
    with pytest.raises(InvalidArgument, match="layer 'twice' is called twice"):
        built(keras_nas.Backbone(keras.Model(pixels, layer(layer(pixels)))))


def test_applications_bring_their_preprocessing() -> None:
    named = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 1)], name="resnet50v2")
    assert default_preprocess(named).__module__.endswith("resnet_v2")
    assert default_preprocess(small_model()) is None
    network = keras_nas.Backbone(named).network
    assert np.allclose(network(rows(3)), named(rows(3) / 127.5 - 1), atol=1e-4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "backbone is a int: expected a functional or sequential Keras model"),
        (keras.Sequential([keras.Input((8,)), layers.Dense(2)]), r"expected one image .*include_top=False"),
        (keras_nas.Backbone(small_model(), training="melted"), "Unknown training 'melted'"),
        (keras_nas.Backbone(small_model(), np.shape), "preprocess gave a tuple for a symbolic tensor"),
    ],
)
def test_other_things_are_refused(given: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        keras_nas.Backbone.of(given)


def test_it_stands_before_images_that_are_trained_one_by_one() -> None:
    def goal(task: str, estimator: str) -> Any:
        return goal_of(task, None, None, ("random", estimator), None, None, small_model())

    with pytest.raises(InvalidArgument, match="rows of tabular_regression are not images"):
        goal("tabular_regression", "finalists")
    with pytest.raises(InvalidArgument, match=r"SharedWeights looks at networks with new weights.*'finalists'"):
        goal("image_classification", "shared_weights")


def test_steps_are_scaled_whatever_the_optimizer() -> None:
    network = keras.Sequential([keras.Input((2,)), layers.Dense(1, trainable=False), layers.BatchNormalization()])
    network.layers[1].trainable = False
    slow = thawed(network)
    assert [tuple(variable.shape) for variable in slow] == [(2, 1), (1,)]
    assert len(network.trainable_variables) == 2
    before = slow[0].numpy()
    optimizer = keras.optimizers.Adam(1.0)
    with slowed(slow, 0.1):
        optimizer.apply([keras.ops.ones((2, 1)), keras.ops.ones(1)], slow)
    assert before - slow[0].numpy() == pytest.approx(0.1, abs=1e-5)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("backbone") / "search"
    given = keras_nas.Backbone(small_model(), halved, "fine_tuned")
    return keras_nas.search(
        *("image_classification", digit_images(200)),
        **{**TINY, "backbone": given, "estimator": FullTraining(1), "max_trials": 1, "directory": folder},
    )


def test_fine_tuning_moves_all_but_statistics(result: Any) -> None:
    told = [layer for layer in result.best_model.layers if layer.name.startswith("backbone.") and layer.weights]
    known = [layer for layer in small_model()._flatten_layers(include_self=False) if layer.weights]
    own = [layer for layer in known if not isinstance(layer, layers.Normalization | keras.Sequential)]
    assert [type(layer) for layer in told] == [type(layer) for layer in own]
    for now, before in zip(told, own, strict=True):
        moved = [not np.array_equal(*pair) for pair in zip(now.get_weights(), before.get_weights(), strict=True)]
        assert set(moved) == {not isinstance(now, layers.BatchNormalization)}, now.name


def test_the_search_tells_of_it_and_goes_on_from_its_folder(result: Any) -> None:
    assert "All networks begin with small (" in result.summary()
    call = reproducing_call(result)
    assert "backbone=your_backbone,  # the pretrained model 'small', of the content" in call and "space" not in call
    before = [trial.scores for trial in result.trials]
    again = keras_nas.resume(result.directory, max_trials=2, estimator=FullTraining(1))
    assert [trial.scores for trial in again.trials][:1] == before and len(again.trials) == 2


@pytest.mark.slow
def test_what_was_learned_on_other_images_helps(tmp_path: Path) -> None:
    """A frozen network that has learned 1,200 images, before four images of each digit that it has not seen."""
    x, y = digit_images(1797)
    keras.utils.set_random_seed(1)
    pixels = keras.Input((8, 8, 1))
    maps: Any = pixels / 8.0 - 1.0
    for width in (32, 64, 64):
        maps = layers.Conv2D(width, 3, padding="same", use_bias=False)(maps)
        maps = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(maps))
    known = keras.Model(pixels, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(maps)))
    known.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    known.fit(x[:1200, ..., None], y[:1200], epochs=15, batch_size=32, verbose=0)
    new = np.arange(1200, len(y))
    few = np.concatenate([new[y[new] == digit][:4] for digit in range(10)])
    rest = np.setdiff1d(new, few)
    accuracy = {}
    for name, weights in (("learned", known.get_weights()), ("new", None)):
        stem = keras.models.clone_model(known)
        if weights:
            stem.set_weights(weights)
        cut = keras.Model(stem.input, stem.layers[-3].output)
        found = keras_nas.search(
            *("image_classification", (x[few], y[few])),
            **{**TINY, "backbone": keras_nas.Backbone(cut, training="frozen"), "estimator": FullTraining(30)},
            **{"max_trials": 1, "holdout": 0, "directory": tmp_path / name},
        )
        said = found.best_model.predict(x[rest], verbose=0).argmax(axis=1)
        accuracy[name] = float(np.mean(np.array(found.classes)[said] == y[rest]))
    assert accuracy["learned"] > 0.85, accuracy
    assert accuracy["learned"] > accuracy["new"] + 0.1, accuracy


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mobilenet_in_workers_and_in_exports(tmp_path: Path) -> None:
    """A keras.applications model through worker processes, short trainings and long, to a phone's file."""
    backbone = keras.applications.MobileNetV2(include_top=False, weights=None, alpha=0.35, input_shape=(32, 32, 3))
    x, y = digit_images(300)
    images = np.repeat(np.kron(x, np.ones((1, 2, 2), np.uint8))[..., None] * 15, 3, axis=-1)
    found = keras_nas.search(
        *("image_classification", (images, y)),
        **{"backbone": backbone, "max_trials": 3, "workers": 2, "verbose": 0, "history": False},
        directory=tmp_path / "search",
    )
    assert "pixels through keras.src.applications.mobilenet_v2.preprocess_input" in found.summary()
    assert {trial.architecture["recipe/backbone"] for trial in found.trials} == {"frozen", "fine_tuned"}
    for format in ("saved_model", "litert"):
        exported = found.export(tmp_path / format, format=format)
        assert "max abs difference" in str(exported)
