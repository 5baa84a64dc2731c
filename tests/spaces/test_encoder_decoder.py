"""The space of texts that become other texts: networks take both sides and give a vector for each word to write."""

import cloudpickle
import keras
import numpy as np
from keras_tuner import HyperParameters

from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet, cost_of_model
from keras_nas.spaces import get_space, spaces

SHAPES = {"source": (6,), "target": (5,)}
FACTS = {"words": 11, "outputs": 8}
ROWS = {name: np.array([[2] * length, [3] + [0] * (length - 1)], np.int32) for name, (length,) in SHAPES.items()}


def test_it_is_listed_with_its_papers() -> None:
    table = spaces("sequence_to_sequence").set_index("space")
    assert list(table.index) == ["encoder_decoder"]
    assert table.loc["encoder_decoder", "papers"] == "1901.11117, 2005.14187, 2004.11886"


def test_networks_are_counted_and_known_to_keras_tuner() -> None:
    space, hp = get_space("encoder_decoder", "sequence_to_sequence"), HyperParameters()
    again = cloudpickle.loads(cloudpickle.dumps(space))
    assert again.decisions == space.decisions
    for architecture in (*space.start, *(space.sample(seed) for seed in range(12))):
        net = CostNet()
        inputs = {name: net.input(shape) for name, shape in SHAPES.items()}
        features = again.features(architecture, net, inputs, FACTS)
        assert net.shape(features) == (5, architecture["width"])
    assert space.validate(again.tune(hp))
    assert [parameter.name for parameter in hp.space] == [decision.path for decision in space.decisions]


def test_what_evolved_is_counted_as_it_is_built() -> None:
    space = get_space("encoder_decoder", "sequence_to_sequence")
    architecture, net = space.start[1], CostNet()
    x = {name: keras.Input(shape, dtype="int32", name=name) for name, shape in SHAPES.items()}
    model = keras.Model(x, space.features(architecture, KerasNet(None, ""), x, FACTS))
    counted = net.cost(
        space.features(architecture, net, {name: net.input(shape) for name, shape in SHAPES.items()}, FACTS)
    )
    assert (counted.params, counted.flops) == (model.count_params(), cost_of_model(model).flops)
    assert np.isfinite(np.asarray(model(ROWS))).all()
