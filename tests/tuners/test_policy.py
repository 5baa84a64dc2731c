"""The controllers' policies: gradients against finite differences, sleeping decisions, learning."""

import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.tuners.policy import LSTMPolicy, Policy, SoftmaxPolicy

SPACE = Decisions(
    (
        Decision("op", Labels(("a", "b", "c"))),
        Decision("op/kernel", Labels((3, 5)), (("op", frozenset({"a", "b"})),)),
        Decision("rate", Interval(1e-3, 1.0, log=True)),
        Decision("op/kernel/depth", Interval(1, 4, 1, integer=True), (("op/kernel", frozenset({3})),)),
        Decision("other", Labels(("a", "b", "c"))),
    )
)


def policies() -> list[Policy]:
    rng = np.random.default_rng(0)
    return [SoftmaxPolicy(SPACE, rng), LSTMPolicy(SPACE, rng, units=4)]


def drawn(policy: Policy, count: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    samples = [policy.sample(rng) for _ in range(count)]
    tokens = np.stack([policy.vocabulary.tokens(architecture) for architecture, _ in samples])
    return tokens, np.array([log_prob for _, log_prob in samples])


@pytest.mark.parametrize("policy", policies(), ids=lambda policy: type(policy).__name__)
def test_sampled_and_recomputed_log_probabilities_agree(policy: Policy) -> None:
    tokens, noted = drawn(policy)
    np.testing.assert_allclose(policy.log_prob(tokens)[0], noted, atol=1e-12)


@pytest.mark.parametrize("policy", policies(), ids=lambda policy: type(policy).__name__)
def test_gradient_agrees_with_finite_differences(policy: Policy) -> None:
    tokens, _ = drawn(policy)
    weights = np.random.default_rng(2).standard_normal(len(tokens))

    def value() -> float:
        log_prob, (_, log_p, _) = policy.log_prob(tokens)
        entropy = -(np.exp(log_p) * log_p).sum(axis=2) * (tokens >= 0)
        return float(weights @ log_prob + 0.3 * entropy.sum())

    slope = policy.gradient(policy.log_prob(tokens)[1], weights, entropy=0.3)
    measured = np.zeros_like(slope)
    for index, start in enumerate(policy.theta.copy()):
        policy.theta[index] = start + 1e-5
        above = value()
        policy.theta[index] = start - 1e-5
        measured[index] = (above - value()) / 2e-5
        policy.theta[index] = start
    np.testing.assert_allclose(slope, measured, atol=1e-7)


def test_probabilities_of_all_architectures_sum_to_one() -> None:
    space = Decisions(
        (Decision("op", Labels(("a", "b"))), Decision("op/k", Labels((1, 2, 3)), (("op", frozenset({"a"})),)))
    )
    policy = LSTMPolicy(space, np.random.default_rng(0))
    tokens = np.array([[0, 0], [0, 1], [0, 2], [1, -1]])
    assert np.exp(policy.log_prob(tokens)[0]).sum() == pytest.approx(1.0)


def test_sleeping_decisions_have_no_gradient() -> None:
    policy = LSTMPolicy(SPACE, np.random.default_rng(0))
    tokens = np.array([[2, -1, 4, -1, 0]])
    slope = policy.view(policy.gradient(policy.log_prob(tokens)[1], np.ones(1), entropy=1.0))
    assert not slope["bias"][[1, 3]].any()
    assert not slope["question"][[1, 3]].any()
    assert slope["question"][4].any()


def test_decisions_with_the_same_options_share_embeddings() -> None:
    vocabulary = LSTMPolicy(SPACE, np.random.default_rng(0)).vocabulary
    assert vocabulary.groups[0] == vocabulary.groups[4] != vocabulary.groups[1]


def test_numbers_are_binned_and_tokens_are_read_back() -> None:
    vocabulary = SoftmaxPolicy(SPACE, np.random.default_rng(0)).vocabulary
    rng = np.random.default_rng(0)
    for place, decision in enumerate(SPACE):
        for token in range(vocabulary.sizes[place]):
            label = vocabulary.label(decision, token, rng)
            assert label in decision.domain
            assert vocabulary.tokens({decision.path: label})[place] == token
