"""Which network each step trains."""

from collections import Counter

from keras_nas.decisions import Decision, Decisions, Labels
from keras_nas.supernet import Fair, Uniform

SPACE = Decisions(
    (
        Decision("op", Labels(("conv", "pool", "skip", "none"))),
        Decision("kernel", Labels((3, 5))),
        Decision("odd", Labels((1, 2, 3))),
    )
)


def test_a_round_of_fair_sampling_uses_every_option_equally() -> None:
    for first in (0, 4, 8):
        drawn = [Fair()(SPACE, 0, first + step) for step in range(4)]
        assert Counter(a["op"] for a in drawn) == dict.fromkeys(("conv", "pool", "skip", "none"), 1)
        assert Counter(a["kernel"] for a in drawn) == {3: 2, 5: 2}
        assert sorted(Counter(a["odd"] for a in drawn).values()) == [1, 1, 2]


def test_rounds_and_seeds_differ() -> None:
    runs = {tuple(Fair()(SPACE, seed, 4 * round_ + step) for step in range(4)) for seed in (0, 1) for round_ in (0, 1)}
    assert len(runs) == 4


def test_a_step_is_always_the_same() -> None:
    for sampling in (Uniform(), Fair()):
        assert sampling(SPACE, 3, 17) == sampling(SPACE, 3, 17)


def test_uniform_sampling_draws_all() -> None:
    counts = Counter(Uniform()(SPACE, 0, step)["op"] for step in range(400))
    assert all(60 < count < 140 for count in counts.values())


def test_a_space_without_decisions_has_one_network() -> None:
    assert dict(Fair()(Decisions(()), 0, 5)) == {}
