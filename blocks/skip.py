"""Skip patterns: residual, dense, none, and searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, convolution, normalize, of_rank
from keras_nas.graph import Graph, Join, Merge
from keras_nas.net import Net
from keras_nas.nodes import Node
from keras_nas.space import Choice, Series, block

Function = Callable[[Any], Any]


@block
def residual(net: Net, x: Any, inner: Function, *, activation: str = "relu", normalization: str = "batch") -> Any:
    """`activation(inner(x) + x)`, the shortcut projected where shapes differ (He et al., arXiv 1512.03385).

    A shortcut over a stride is average pooled, then projected (ResNet-D, arXiv 1812.01187).

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`.
        inner: a node; its last layer should have no activation.
        activation: behind the sum, or "none" (pre-activation networks).
        normalization: of the projection.
    """
    y = inner(x)
    return activate(net, net(layers.Add, [match(net, x, net.shape(y), normalization), y]), activation)


@block
def dense_skip(net: Net, x: Any, inner: Function) -> Any:
    """Input and `inner(x)` side by side along the channels (Huang et al., arXiv 1608.06993)."""
    y = inner(x)
    pooled = match(net, x, (*net.shape(y)[:-1], net.channels(x)), "none")
    return net(layers.Concatenate, [pooled, y])


@block
def plain(net: Net, x: Any, inner: Function, *, activation: str = "relu") -> Any:
    """`activation(inner(x))`: no skip."""
    return activate(net, inner(x), activation)


def match(net: Net, x: Any, shape: Sequence[int | None], normalization: str) -> Any:
    """`x` in another shape: average pooled over a stride, projected to other channels; itself where nothing differs.

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`.
        shape: the wanted one; a side of unknown length counts as that of `x`.
        normalization: of the projection.
    """
    sides = zip(net.shape(x)[:-1], shape[:-1], strict=True)
    factors = [round(side / wanted) if side and wanted else 1 for side, wanted in sides]
    if max(factors) > 1:
        x = net(of_rank(net, x, "AveragePooling"), x, pool_size=tuple(factors), padding="same")
    if net.channels(x) == shape[-1]:
        return x
    x = net(of_rank(net, x, "Conv"), x, filters=shape[-1], kernel_size=1, use_bias=normalization == "none")
    return normalize(net, x, normalization)


def searched_skips(name: str, parts: Sequence[Node], *, merge: Merge = "concat", filters: int | None = None) -> Graph:
    """Parts in series, each of which also hears any of the earlier ones: Zoph and Le's anchor points.

    A part always hears the output right before it, so that none is cut off (as in ENAS), and has one decision, yes or
    no, for each earlier one; output 0 is the graph's input.

    Args:
        name: scope of the decisions; those of part `i`, from 0, are `name/<2 i>/from<output>`.
        parts: nodes that keep height and width; with "add" the number of channels too.
        merge: "concat" (Zoph and Le; ENAS) or "add".
        filters: project what a part hears to so many channels (ENAS); None leaves it alone.

    Reference:
        Zoph and Le, "Neural Architecture Search with Reinforcement Learning", arXiv 1611.01578, section 3.3; Pham et
        al., "Efficient Neural Architecture Search via Parameter Sharing", arXiv 1802.03268.
    """
    joins: list[Join] = []
    outputs = [0]
    for part in parts:
        *earlier, last = outputs
        skips: list[Node] = [Choice(f"from{n}", {False: None, True: Series()}) for n in range(len(earlier))]
        joins.append(Join([*earlier, last], [*skips, Series()], merge))
        heard = len(joins)
        entry = [convolution(filters, 1)] if filters else []
        joins.append(Join([heard], [Series(*entry, part)]))
        outputs.append(len(joins))
    return Graph(name, joins)
