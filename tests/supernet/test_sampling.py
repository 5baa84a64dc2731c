"""Which network each step trains."""

from collections import Counter

from keras_nas.decisions import Decision, Decisions, Labels
from keras_nas.supernet import Fair, Progressive, Sandwich, Uniform, teacher_of
from keras_nas.supernet.net import Dimension

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


SIZES = Decisions(
    (
        Decision("op", Labels(("conv", "pool"))),
        Decision("depth", Labels((0, 1, 2))),
        Decision("kernel", Labels((3, 5)), (("depth", frozenset({1, 2})),)),
        Decision("width", Labels((4, 8, 16))),
    )
)
DIMENSIONS = {
    "depth": Dimension("depth", 0, 2),
    "kernel": Dimension("kernel", 3, 5),
    "width": Dimension("width", 4, 16),
}


def test_a_sandwich_has_both_ends() -> None:
    drawn = [Sandwich(DIMENSIONS)(SIZES, 0, step) for step in range(40)]
    for first, second in zip(drawn[0::4], drawn[1::4], strict=True):
        assert (first["depth"], first["kernel"], first["width"]) == (2, 5, 16)
        assert (second["depth"], second["width"]) == (0, 4)
        assert "kernel" not in second
    assert len({own["op"] for own in drawn[0::4]}) == 2
    assert len({own["width"] for own in (*drawn[2::4], *drawn[3::4])}) == 3


def test_shrinking_opens_one_kind_of_size_after_another() -> None:
    seen = []
    for progress in (0.0, 0.3, 0.6, 0.9):
        drawn = [Progressive(DIMENSIONS)(SIZES, 0, step, progress) for step in range(40)]
        assert {own["op"] for own in drawn} == {"conv", "pool"}
        seen.append([len({own.get(path) for own in drawn} - {None}) for path in ("kernel", "depth", "width")])
    assert seen == [[1, 1, 1], [2, 1, 1], [2, 3, 1], [2, 3, 3]]


def test_the_teacher_is_the_largest_that_answers_all_else_alike() -> None:
    student = {"op": "pool", "depth": 0, "width": 8}
    assert dict(teacher_of(SIZES, DIMENSIONS, student)) == {"op": "pool", "depth": 2, "kernel": 5, "width": 16}


def test_draws_of_sizes_are_pure() -> None:
    for sampling in (Sandwich(DIMENSIONS), Progressive(DIMENSIONS)):
        assert sampling(SIZES, 3, 17, 0.8) == sampling(SIZES, 3, 17, 0.8)
