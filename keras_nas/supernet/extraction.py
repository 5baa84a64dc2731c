"""A network leaves its supernet: the ordinary model that the space builds, with its part of the shared weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_nas.architecture import Label
from keras_nas.errors import InvalidArgument
from keras_nas.supernet.masks import cut
from keras_nas.supernet.model import Supernet


def transfer(net: Supernet, architecture: Mapping[str, Label], model: Any) -> None:
    """Copy a network's weights out of a supernet.

    Args:
        net: the supernet.
        architecture: of the network.
        model: the Keras model that the space (or a task) builds of that architecture, its layers named by place.

    Raises:
        InvalidArgument: when a layer of the model is not one of the supernet's, or the supernet has partial channels.
    """
    if net.parts.partial > 1:
        raise InvalidArgument(
            f"partial={net.parts.partial}: this supernet has the kernels of partial channels alone, which are no "
            "network's own; expected a supernet of whole ones. Train the network from new weights."
        )
    own = net.layers_of(architecture)
    for layer in model.layers:
        if not layer.weights:
            continue
        if layer.name not in own:
            raise InvalidArgument(
                f"the supernet has no layer {layer.name!r} for this architecture: expected the model that its own "
                "space builds, with `KerasNet(dtype, '')`."
            )
        whole = own[layer.name].get_weights()
        layer.set_weights([cut(weight, mine.shape) for weight, mine in zip(whole, layer.weights, strict=True)])


def subnet(net: Supernet, architecture: Mapping[str, Label]) -> Any:
    """One network of a supernet as a `keras.Model` of stock layers, with a copy of the shared weights.

    Args:
        net: the supernet.
        architecture: of the network.

    Example:
        >>> from keras_nas.spaces.nas_bench_201 import nas_bench_201
        >>> from keras_nas.supernet import supernet
        >>> space = nas_bench_201(channels=4, cells=1, stages=1)
        >>> net = supernet(space, (8, 8, 3))
        >>> type(subnet(net, space.sample(0))).__name__
        'Functional'
    """
    import keras

    from keras_nas.net import KerasNet

    x = keras.Input(tuple(net.rows.shape[1:]))
    whole = net.whole(architecture)
    model = keras.Model(x, net.body(lambda own, y: net.space.features(whole, own, y), KerasNet(net.options[0], ""), x))
    transfer(net, architecture, model)
    return model
