"""A space: a network tree and a training recipe, under one name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas import operators
from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.encoding import encode
from keras_nas.markup import table, tag
from keras_nas.net import KerasNet, Net
from keras_nas.nodes import Found, Node, Place, Value, Walk, list_decisions, open_decisions, resolve
from keras_nas.spaces.outline import condition, outline, shown_size
from keras_nas.tuning import tune

if TYPE_CHECKING:
    from keras_tuner import HyperParameters

    from keras_nas.backbone import Backbone
    from keras_nas.drawing import Picture

SHOWN = 12
"""Decisions that a notebook shows of a space."""
RECIPE = Place("recipe")
Seed = int | Sequence[int] | np.random.Generator


class Space:
    """All networks and recipes that a search may choose from.

    Args:
        name: for people and records.
        network: maps the prepared input, one tensor or several by name, to a feature vector `(batch, features)`; the
            task appends its own outputs.
        recipe: training settings by name; each a constant, a Choice or a Range. Decisions get the scope `recipe`.
        description: one line for `keras_nas.spaces()`.
        start: architectures known to be good, which a search tries first.
        backbone: what all networks begin with, trained before; a `keras_nas.Backbone`.

    Example:
        >>> from keras import layers
        >>> from keras_nas.space import Choice, Op, Series
        >>> space = Space("tiny", Series(Op(layers.Flatten), Op(layers.Dense, units=Choice("units", [8, 16]))),
        ...               recipe={"learning_rate": Choice("learning_rate", [0.01, 0.1])})
        >>> space.size
        4
    """

    def __init__(
        self,
        name: str,
        network: Node,
        recipe: Mapping[str, Any] | None = None,
        description: str = "",
        start: Sequence[Mapping[str, Label]] = (),
        backbone: Backbone | None = None,
    ) -> None:
        self.name = name
        self.network = network
        self.recipe = dict(recipe or {})
        self.description = description
        self.backbone = backbone
        self.start = tuple(self.validate(architecture) for architecture in start)

    @cached_property
    def network_decisions(self) -> Decisions:
        """The decisions of the network alone."""
        return list_decisions(self.network)

    @cached_property
    def recipe_decisions(self) -> Decisions:
        """The decisions of the recipe alone."""
        return list_decisions(_Recipe(self.recipe), RECIPE)

    @cached_property
    def decisions(self) -> Decisions:
        """All decisions, the network's first."""
        return Decisions((*self.network_decisions, *self.recipe_decisions))

    @property
    def size(self) -> float:
        """Number of architectures, recipes included; infinite with a real-valued range."""
        return self.decisions.size

    def sample(self, seed: Seed) -> Architecture:
        """A random architecture: every live decision drawn uniformly."""
        return operators.sample(self.decisions, np.random.default_rng(seed))

    def mutate(self, parent: Mapping[str, Label], seed: Seed) -> Architecture:
        """A copy with one live decision answered otherwise."""
        return operators.mutate(self.decisions, parent, np.random.default_rng(seed))

    def crossover(self, mother: Mapping[str, Label], father: Mapping[str, Label], seed: Seed) -> Architecture:
        """A mixture of two architectures."""
        return operators.crossover(self.decisions, mother, father, np.random.default_rng(seed))

    def neighbours(self, centre: Mapping[str, Label], seed: Seed) -> Iterator[Architecture]:
        """All architectures one decision away, in random order."""
        return operators.neighbours(self.decisions, centre, np.random.default_rng(seed))

    def enumerate(self) -> Iterator[Architecture]:
        """Every architecture once."""
        return operators.enumerate_all(self.decisions)

    def encode(self, architecture: Mapping[str, Label]) -> np.ndarray:
        """One-hot row of shape `(width,)`; sleeping decisions are zeros."""
        return encode(self.decisions, architecture)

    def validate(self, architecture: Mapping[str, Label]) -> Architecture:
        """The architecture, checked; errors name the path."""
        return self.decisions.validate(architecture)

    def tune(self, hp: HyperParameters) -> Architecture:
        """Let Keras Tuner's `hp` decide everything, under conditional scopes."""
        return tune(self.decisions, hp)

    def settings(self, architecture: Mapping[str, Label]) -> dict[str, Any]:
        """The recipe's values in `architecture`."""
        values: dict[str, Any] = resolve(_Recipe(self.recipe), Walk(architecture, KerasNet(), RECIPE), None)
        return values

    def features(
        self, architecture: Mapping[str, Label], net: Net, x: Any, facts: Mapping[str, Any] | None = None
    ) -> Any:
        """Apply the network to `x`, a tensor of `net` or several by name; `facts` answer to `Given`."""
        return self.network.apply(Walk(architecture, net, given=dict(facts or {})), x)

    def draw(self, architecture: Mapping[str, Label], input_shape: Sequence[int]) -> Picture:
        """The network of an architecture as a picture, which a notebook shows and `.save("network.svg")` writes.

        Args:
            architecture: answers to the network's decisions.
            input_shape: of one row, `(height, width, channels)` for images.
        """
        import keras

        from keras_nas.drawing import draw

        x = keras.Input(tuple(input_shape))
        return draw(keras.Model(x, self.features(architecture, KerasNet("float32", ""), x)), self.name)

    @property
    def shown_size(self) -> str:
        """How many networks there are, and how many recipes to train each by, in words."""
        networks, recipes = self.network_decisions, self.recipe_decisions
        return f"{shown_size(networks.size)} networks" + (f" x {shown_size(recipes.size)} recipes" if recipes else "")

    def __repr__(self) -> str:
        return f"Space({self.name!r}, {self.shown_size})"

    def _repr_html_(self) -> str:
        rows = [[decision.path, decision.domain.shown(), condition(decision)] for decision in self.decisions]
        shown = table(["decision", "answers", "asked"], rows[:SHOWN])
        more = f"{len(rows) - SHOWN} more decisions: print(space)" if len(rows) > SHOWN else None
        return tag("div", tag("b", repr(self)), tag("p", self.description), shown, tag("p", more) if more else None)

    def __str__(self) -> str:
        head = [repr(self), *([self.description] if self.description else [])]
        fixed = {name: value for name, value in self.recipe.items() if not isinstance(value, Value)}
        settled = [f"  {name}: always {value!r}" for name, value in fixed.items()]
        recipe = [*outline(self.recipe_decisions), *settled] if self.recipe else []
        return "\n".join([*head, *outline(self.network_decisions), *recipe])


class _Recipe(Value):
    """The recipe's values as one value, so that their decisions are listed like any other's."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def decisions(self, place: Place) -> Found:
        return open_decisions(list(self.values.values()), place)

    def resolve(self, walk: Walk, x: Any) -> Any:
        return {name: resolve(value, walk, x) for name, value in self.values.items()}
