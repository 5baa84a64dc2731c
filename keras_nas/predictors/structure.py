"""What a network is made of, read without building it: its paths from input to output, and the layers that lie on one.

Two architectures that compute the same, however they were decided, have the same structure: what hears nothing, or is
heard by nothing, is no part of it. So a model learns more from it than from the decisions alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from keras_nas.objectives.cost import CostedLayer, CostTensor, layers_of

KINDS = ("spatial", "pointwise", "pool")
"""Layers with weights that look at several places at once, those that look at one, and pooling."""
TALLIES = (*KINDS, "weighted")
"""What is counted along a path: each kind, and both with weights together."""
POINTWISE = ("Dense", "EinsumDense", "Embedding")
"""Layers without a kernel's size that look at one place."""
MOST = 1e300
"""Paths beyond which they are no more counted."""

Tally = np.ndarray
"""How many paths from the input pass a kind of layer how often, shape `(tallies, times)`."""


def structure(outputs: CostTensor | Sequence[CostTensor]) -> Mapping[str, float]:
    """Numbers that tell of a network what its decisions only imply.

    All paths from the inputs to the outputs are counted by how many layers of each kind they pass, in one pass over the
    layers. Told are the least, the most, the mean and the spread of that number, how many paths have the least and how
    many the most (as logarithms); parameters and multiply-adds; and of the layers that lie on a path at all these too,
    and how many of each kind there are.

    Args:
        outputs: a network's, as a `CostNet` gives them.

    Returns:
        Finite numbers by name, `"spatial/mean"` say; names that share what stands before the slash belong together.

    Example:
        >>> from keras import layers
        >>> from keras_nas.objectives.cost import CostNet
        >>> net = CostNet()
        >>> x = net.input((8, 8, 4))
        >>> y = net(layers.Conv2D, x, filters=4, kernel_size=3, padding="same")
        >>> told = structure(net(layers.Add, [x, y]))
        >>> told["spatial/mean"], told["spatial/max"], told["live/spatial"]
        (0.5, 1.0, 1.0)

    Reference:
        Kadlecová et al., "Surprisingly strong performance prediction with neural graph features", arXiv 2404.16551, for
        path lengths and numbers of operations as features of cells; here they are counted in networks of any kind.
    """
    ends = [outputs] if isinstance(outputs, CostTensor) else list(outputs)
    layers = list(layers_of(ends))
    tallies = _tallies(layers)
    live = _live(ends, tallies)
    kinds = Counter(map(_kind, live))
    told = {f"live/{kind}": float(kinds[kind]) for kind in KINDS}
    for place, group in (("", layers), ("live/", live)):
        told[f"{place}params"] = float(sum(layer.cost.weights for layer in group))
        told[f"{place}flops"] = float(sum(layer.cost.flops for layer in group))
    total = _together([_heard(end, tallies) for end in ends])
    told["paths/count"] = float(np.log1p(total[0].sum()))
    for name, counts in zip(TALLIES, total, strict=True):
        told |= {f"{name}/{what}": value for what, value in _summary(counts).items()}
    return told


def _tallies(layers: Sequence[CostedLayer]) -> dict[int, Tally]:
    """The paths from the inputs to each layer's output, by the layer's identity."""
    tallies: dict[int, Tally] = {}
    for layer in layers:
        heard = _together([_heard(tensor, tallies) for tensor in layer.inputs])
        tallies[id(layer)] = _silenced(heard) if _silent(layer) else _passed(heard, _kind(layer))
    return tallies


def _heard(tensor: CostTensor, tallies: Mapping[int, Tally]) -> Tally:
    """The paths to a tensor; to an input there is one, on which nothing stands."""
    return np.ones((len(TALLIES), 1)) if tensor.maker is None else tallies[id(tensor.maker)]


def _together(parts: Sequence[Tally]) -> Tally:
    """The paths over any of some tensors."""
    if len(parts) == 1:
        return parts[0]
    total = np.zeros((len(TALLIES), max(part.shape[1] for part in parts)))
    for part in parts:
        total[:, : part.shape[1]] += part
    return np.minimum(total, MOST)


def _passed(counts: Tally, kind: str | None) -> Tally:
    """The same paths, one layer longer."""
    if kind is None:
        return counts
    moved = np.zeros((len(TALLIES), counts.shape[1] + 1))
    for row, name in enumerate(TALLIES):
        step = int(name == kind or (name == "weighted" and kind != "pool"))
        moved[row, step : step + counts.shape[1]] = counts[row]
    return moved


def _silenced(counts: Tally) -> Tally:
    return np.zeros_like(counts[:, :1])


def _silent(layer: CostedLayer) -> bool:
    """Whether nothing comes through a layer."""
    return layer.name == "Rescaling" and layer.config.get("scale") == 0.0 and not layer.config.get("offset")


def _kind(layer: CostedLayer) -> str | None:
    """One of `KINDS`; None for what is neither, such as normalisation and activations."""
    if "Pooling" in layer.name:
        return None if layer.name.startswith("Global") else "pool"
    if not layer.cost.weights or layer.name.endswith("Normalization") or layer.name == "PReLU":
        return None
    size = layer.config.get("kernel_size", 1 if layer.name in POINTWISE else 2)
    return "pointwise" if size in (1, (1,), (1, 1), [1, 1]) else "spatial"


def _live(ends: Sequence[CostTensor], tallies: Mapping[int, Tally]) -> list[CostedLayer]:
    """The layers that hear something of the input and are heard in an output."""
    found: dict[int, CostedLayer] = {}
    stack = [end.maker for end in ends]
    while stack:
        layer = stack.pop()
        if layer is not None and id(layer) not in found and tallies[id(layer)].any():
            found[id(layer)] = layer
            stack.extend(tensor.maker for tensor in layer.inputs)
    return list(found.values())


def _summary(counts: np.ndarray) -> dict[str, float]:
    """Of how many paths pass a kind of layer how often, shape `(times,)`; all 0 where there is no path."""
    total = counts.sum()
    if not total:
        return dict.fromkeys(("mean", "spread", "min", "max", "shortest", "longest"), 0.0)
    times = np.arange(len(counts))
    passed = np.flatnonzero(counts)
    mean = float(times @ (counts / total))
    return {
        "mean": mean,
        "spread": float(np.sqrt(np.maximum((times - mean) ** 2 @ (counts / total), 0.0))),
        "min": float(passed[0]),
        "max": float(passed[-1]),
        "shortest": float(np.log1p(counts[passed[0]])),
        "longest": float(np.log1p(counts[passed[-1]])),
    }
