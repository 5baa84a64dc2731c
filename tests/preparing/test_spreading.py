"""What a search for a front begins with."""

from typing import Any

import numpy as np

from keras_nas.objectives.constraints import constraints_from
from keras_nas.objectives.objective import objectives_from
from keras_nas.preparing.foresight import Costs
from keras_nas.preparing.spreading import related, spread, within
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space, get_space

FRONT = objectives_from(["val_accuracy", "flops"])


def work(architecture: Any) -> dict[str, float]:
    """The product of all sizes; parameters are as many as the deepest stage is wide."""
    sizes = [value for name, value in architecture.items() if isinstance(value, int) and value and "recipe" not in name]
    return {"flops": float(np.prod(sizes)), "params": float(architecture.get("stage2/blocks/depth", 0))}


def places(found: Any) -> np.ndarray:
    return np.log([work(architecture)["flops"] for architecture in found])


def test_a_front_begins_at_all_costs_below_the_known_architecture() -> None:
    space = get_space("small_images")
    found = spread(FRONT, space, Costs(work), seed=0)
    assert len(found) > 3
    assert found[0] in space.start
    assert places(found)[1] == min(places(related(space, lambda a: work(a)["flops"], 0)))
    recipes = {tuple((name, label) for name, label in a.items() if name.startswith("recipe/")) for a in found}
    assert len(recipes) == 1


def test_each_is_the_farthest_from_those_before_it() -> None:
    found = places(spread(FRONT, get_space("small_images"), Costs(work), seed=0))
    gaps = [np.abs(found[index] - found[:index]).min() for index in range(1, len(found))]
    assert gaps == sorted(gaps, reverse=True)


def test_the_way_down_is_the_same_for_a_seed() -> None:
    space = get_space("small_images")
    assert spread(FRONT, space, Costs(work), seed=3) == spread(FRONT, space, Costs(work), seed=3)


def test_where_nothing_is_known_a_sample_is_spread() -> None:
    from keras import layers

    space = Space("plain", Series(Op(layers.Dense, units=Choice("units", [2**power for power in range(12)]))))

    def units(architecture: Any) -> dict[str, float]:
        return {"flops": float(architecture["units"]), "params": 1.0}

    found = [architecture["units"] for architecture in spread(FRONT, space, Costs(units), seed=0)]
    assert found[:2] == [2048, 1]
    assert len(found) == 6


def test_one_objective_or_an_unknown_cost_has_no_spread() -> None:
    space = get_space("small_images")
    assert spread(objectives_from(["val_accuracy", "latency_ms"]), space, Costs(work), seed=0) == ()
    assert spread(objectives_from("flops"), space, Costs(work), seed=0) == ()


def test_within_limits_the_known_architecture_is_reduced_no_further_than_it_must() -> None:
    space = get_space("small_images")
    most = work(space.start[0])["flops"]
    found = within(constraints_from({"flops": most / 4}), space, Costs(work), seed=0)
    costs = [work(architecture)["flops"] for architecture in found]
    assert costs == sorted(costs, reverse=True) and costs[0] <= most / 4
    everything = [work(architecture)["flops"] for architecture in related(space, lambda a: work(a)["flops"], 0)]
    assert costs[0] == max(cost for cost in everything if cost <= most / 4)
    assert within(constraints_from({"flops": most}), space, Costs(work), seed=0)[0] == space.start[0]
    assert within(constraints_from({"val_accuracy": 0.9}), space, Costs(work), seed=0) == ()
