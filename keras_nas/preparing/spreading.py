"""Architectures to begin with where costs matter: relatives of the known ones at every cost, or within limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import chain, takewhile

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.objectives.constraints import Constraint, total_violation
from keras_nas.objectives.objective import Objective
from keras_nas.preparing.foresight import Costs
from keras_nas.preparing.preflight import SAMPLES, SECONDS, least
from keras_nas.spaces import Space

SPREAD = 6
"""Architectures of different cost to begin with where a front is looked for."""
WAYS = 25
"""Ways down from each known architecture: more of them hardly pass by others, and every search waits for them."""
WITHIN, APART = 3, 1.25
"""The same within limits, and by what factor of work they differ at least."""


def spread(objectives: Sequence[Objective], space: Space, costs: Costs, seed: int) -> tuple[Architecture, ...]:
    """Architectures to try first where a cost is among several objectives: over its range, evenly by its logarithm.

    They are relatives of those that the space knows to be good, with their recipes: what reducing them decision by
    decision comes by. Random architectures seldom lie near the ends of a cost's range, where much of a front is, and
    seldom have a recipe that becomes them. Of several at about one cost the one with most parameters is taken.

    Args:
        objectives: of the search.
        space: where they come from.
        costs: of an architecture, without building it.
        seed: of the ways down.

    Returns:
        The dearest, the cheapest, then each the one whose cost is farthest from those before it.
    """
    known = costs.known(objectives)
    if len(objectives) < 2 or not known:
        return ()

    def cost(architecture: Architecture) -> float:
        return max(costs(architecture)[known[0].name], 1e-12)

    found = related(space, cost, seed)
    places = np.log([cost(architecture) for architecture in found])
    sizes = np.array([costs(architecture).get("params", 0.0) for architecture in found])
    wanted, step = np.linspace(places.min(), places.max(), SPREAD, retstep=True)
    between = [_largest(places, sizes, place, step / 8) for place in wanted[1:-1]]
    picked = list(dict.fromkeys((int(places.argmax()), int(places.argmin()), *between)))
    return tuple(found[index] for index in _apart(picked, places))


def within(constraints: Sequence[Constraint], space: Space, costs: Costs, seed: int) -> tuple[Architecture, ...]:
    """Relatives of known architectures that keep all limits on costs, those of most work first.

    A prediction of a cost errs, so that a few follow that leave more room.

    Args:
        constraints: of the search; scores are not known before a training.
        space: where they come from.
        costs: of an architecture, without building it.
        seed: of the ways down.
    """
    known = costs.known(constraints)
    if not known or not space.start:
        return ()

    def work(architecture: Architecture) -> float:
        return costs(architecture)["flops"]

    found = [one for one in related(space, work, seed) if total_violation(known, costs(one)) <= 0]
    picked: list[Architecture] = []
    for one in sorted(found, key=work, reverse=True):
        if not picked or APART * work(one) <= work(picked[-1]):
            picked.append(one)
    return tuple(picked[:WITHIN])


def related(space: Space, cost: Callable[[Architecture], float], seed: int) -> list[Architecture]:
    """The architectures that the space knows to be good and what random ways down from them pass by.

    Where none is known, a sample of the space, and the cheapest that is found.
    """
    if not space.start:
        sampled = [space.sample(np.random.default_rng([seed, number])) for number in range(SAMPLES)]
        return list(dict.fromkeys((least(space, cost, seed), *sampled)))
    ways = (_down(start, space, cost, [seed, way]) for start in space.start for way in range(WAYS))
    until = time.monotonic() + SECONDS
    return list(dict.fromkeys(chain(space.start, *takewhile(lambda _: time.monotonic() < until, ways))))


def _down(
    start: Architecture, space: Space, cost: Callable[[Architecture], float], seed: Sequence[int]
) -> list[Architecture]:
    """A random way to ever cheaper architectures, one decision a step, until none is cheaper."""
    way = [start]
    while cheaper := next((o for o in space.neighbours(way[-1], [*seed, len(way)]) if cost(o) < cost(way[-1])), None):
        way.append(cheaper)
    return way


def _largest(places: np.ndarray, sizes: np.ndarray, place: float, slack: float) -> int:
    """Of those nearest to a place, give or take, the one with most parameters; of several the nearest or first."""
    distance = np.abs(places - place)
    near = np.flatnonzero(distance <= distance.min() + slack)
    return int(near[np.lexsort((-near, -distance[near], sizes[near]))[-1]])


def _apart(picked: Sequence[int], places: np.ndarray) -> list[int]:
    """From the first on, in such an order that the first few, however many, are as far apart as can be."""
    order, left = [picked[0]], set(picked)
    while left := left - set(order):
        order.append(max(sorted(left), key=lambda index: min(abs(places[index] - places[one]) for one in order)))
    return order
