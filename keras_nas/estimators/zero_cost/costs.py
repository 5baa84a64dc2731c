"""The plainest scores: how large a network is. What does not beat them is worth little."""

from __future__ import annotations

from keras_nas.estimators.zero_cost.network import Batch, Network
from keras_nas.objectives.cost import Cost, CostNet


def cost_of(network: Network, batch: Batch) -> Cost:
    """What the network costs, counted without building it.

    Args:
        network: at initialisation.
        batch: only the shape of its rows counts.
    """
    net = CostNet()
    return net.cost(network.body(net, net.input(batch.x.shape[1:])))


def params(network: Network, batch: Batch) -> float:
    """The number of parameters: larger networks are often better."""
    return float(cost_of(network, batch).params)


def flops(network: Network, batch: Batch) -> float:
    """The number of multiply-adds."""
    return float(cost_of(network, batch).flops)
