"""Every strategy passes the exported conformance kit."""

from collections.abc import Callable
from functools import partial

import pytest

from keras_nas.testing import STRATEGY_CHECKS, Subject
from keras_nas.tuners import make

SUBJECTS = {
    "random": Subject(partial(make, "random"), learns=False),
    "quasi_random": Subject(partial(make, "quasi_random"), learns=False),
    "exhaustive": Subject(partial(make, "exhaustive"), learns=False),
    "local_search": Subject(partial(make, "local_search")),
    "evolution": Subject(partial(make, "evolution")),
    "evolution with crossover": Subject(partial(make, "evolution", crossover=0.5)),
    "hierarchical_evolution": Subject(partial(make, "hierarchical_evolution")),
    "nsga2": Subject(partial(make, "nsga2", population=10)),
    "reinforce": Subject(partial(make, "reinforce")),
    "reinforce with softmax": Subject(partial(make, "reinforce", policy="softmax")),
    "ppo": Subject(partial(make, "ppo")),
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
@pytest.mark.parametrize("check", STRATEGY_CHECKS, ids=lambda check: check.__name__)
def test_conforms(check: Callable[[Subject], None], subject: Subject) -> None:
    check(subject)
