"""Reinforcement learning: a controller learns to write good architectures, with REINFORCE or with PPO."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.strategy import Outcome, Problem, Proposal, Strategy
from keras_nas.tuners.policy import Adam, LSTMPolicy, Policy, SoftmaxPolicy

POLICIES: dict[str, type[Policy]] = {"lstm": LSTMPolicy, "softmax": SoftmaxPolicy}
MEMORY = 0.9
"""How much of the moving baseline an observation leaves as it was."""
SOFT = -0.07
"""MnasNet's exponent of a further objective: what is twice as slow must be 5 % more accurate."""
HARD = -1.0
"""MnasNet's exponent of a constraint that is broken."""
HEATS = (1.0, 1.0, 2.0, 4.0, 16.0, math.inf)
"""Temperatures of the draws for one proposal; the next is drawn when the one before was known already. The last draw is
uniform, so that a policy that has become certain still gives something new."""


class Controller(Strategy):
    """Base: sample from a policy, turn outcomes into rewards and advantages, let a subclass climb.

    The reward is MnasNet's product: the first objective's score, times each further objective's value to the
    power of -0.07, times (value / limit) to the power of -1 for what breaks a constraint. The advantage is
    the reward minus its moving mean, in units of its moving standard deviation, so that neither the learning
    rate nor the weight of the entropy depends on the score's unit. A failure earns the worst reward so far.

    Args:
        policy: "lstm", one recurrent network over all decisions, or "softmax", independent logits of each.
        learning_rate: of Adam.
        entropy: weight of the policy's entropy, which keeps it from settling early.
        fresh: whether an architecture that is known already is drawn anew, from a flatter and flatter policy,
            instead of being proposed again.

    Reference:
        Tan et al., "MnasNet: platform-aware neural architecture search for mobile", arXiv 1807.11626.
    """

    def __init__(
        self, policy: str = "lstm", learning_rate: float = 0.01, entropy: float = 0.02, fresh: bool = True
    ) -> None:
        if policy not in POLICIES:
            raise InvalidArgument(unknown("policy", policy, POLICIES))
        self.policy = policy
        self.learning_rate = learning_rate
        self.entropy = entropy
        self.fresh = fresh

    def begin(self, problem: Problem) -> None:
        """Draw the first parameters, from a stream of its own."""
        super().begin(problem)
        self.actor = POLICIES[self.policy](problem.decisions, np.random.default_rng([problem.seed, 0, 1]))
        self.adam = Adam(self.actor.theta.size, self.learning_rate)
        self.baseline = MovingMoments()
        self.worst: float | None = None
        self.known: set[Architecture] = set()

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal:
        """A sample of the policy; its log-probability is noted for when the policy will have moved on."""
        rng, taken = self.problem.rng(number), {proposal.architecture for proposal in pending}
        for temperature in HEATS:
            architecture, log_prob = self.actor.sample(rng, temperature)
            if not self.fresh or (architecture not in self.known and architecture not in taken):
                break
        return Proposal(architecture, note={"log_prob": log_prob})

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Reward the proposal and learn from it."""
        if self.fresh and proposal.architecture in self.known:
            return
        self.known.add(proposal.architecture)
        reward = self.reward(outcome)
        reward = self.worst if reward is None else reward
        if reward is None:
            return
        self.worst = reward if self.worst is None else min(self.worst, reward)
        self.learn(self.actor.vocabulary.tokens(proposal.architecture), reward, proposal.note.get("log_prob"))

    def reward(self, outcome: Outcome) -> float | None:
        """What the outcome is worth, more being better; None for a failure."""
        losses = self.loss(outcome)
        if not np.isfinite(losses).all():
            return None
        factor = (1.0 + self.violation(outcome)) ** HARD
        for objective, loss in zip(self.problem.objectives[1:], losses[1:], strict=True):
            weight = SOFT if objective.direction == "min" else -SOFT
            factor *= max(abs(loss), 1e-12) ** weight
        return float(-losses[0] * (factor if losses[0] < 0 else 1.0 / factor))

    @abstractmethod
    def learn(self, tokens: np.ndarray, reward: float, log_prob: float | None) -> None:
        """Climb, now or when enough has come together."""


class Reinforce(Controller):
    """One step up the gradient of `advantage * log_prob + weight * entropy` after every trial.

    Args:
        policy: "lstm" or "softmax".
        learning_rate: of Adam.
        entropy: weight of the policy's entropy.
        fresh: whether what is known already is drawn anew.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("reinforce", policy="softmax").learning_rate
        0.01

    Reference:
        Zoph and Le, "Neural architecture search with reinforcement learning", arXiv 1611.01578.
    """

    def learn(self, tokens: np.ndarray, reward: float, log_prob: float | None) -> None:
        """One step."""
        self.baseline.add(reward)
        _, cache = self.actor.log_prob(tokens[None])
        advantage = np.array([self.baseline.standardize(reward)])
        self.adam.climb(self.actor.theta, self.actor.gradient(cache, advantage, self.entropy))


class PPO(Controller):
    """Proximal policy optimisation: several steps on a batch of trials, none far from the policy that drew it.

    Args:
        policy: "lstm" or "softmax".
        learning_rate: of Adam.
        entropy: weight of the policy's entropy.
        fresh: whether what is known already is drawn anew.
        batch: trials that are learnt from at once.
        epochs: steps on each batch.
        clip: largest relative change of a probability that still pays.

    Reference:
        Zoph et al., "Learning transferable architectures for scalable image recognition", arXiv 1707.07012;
        Schulman et al., "Proximal policy optimization algorithms", arXiv 1707.06347.
    """

    def __init__(
        self,
        policy: str = "lstm",
        learning_rate: float = 0.01,
        entropy: float = 0.02,
        fresh: bool = True,
        batch: int = 10,
        epochs: int = 4,
        clip: float = 0.2,
    ) -> None:
        super().__init__(policy, learning_rate, entropy, fresh)
        self.batch = batch
        self.epochs = epochs
        self.clip = clip

    def begin(self, problem: Problem) -> None:
        """Start with an empty batch."""
        super().begin(problem)
        self.trials: list[tuple[np.ndarray, float, float | None]] = []

    def learn(self, tokens: np.ndarray, reward: float, log_prob: float | None) -> None:
        """Collect; at the end of a batch climb the clipped objective."""
        self.baseline.add(reward)
        self.trials.append((tokens, reward, log_prob))
        if len(self.trials) < self.batch:
            return
        tokens, advantages, behaviour = self._batch()
        for _ in range(self.epochs):
            log_p, cache = self.actor.log_prob(tokens)
            behaviour = np.where(np.isnan(behaviour), log_p, behaviour)
            ratio = np.exp(log_p - behaviour)
            pays = np.where(advantages > 0, ratio < 1 + self.clip, ratio > 1 - self.clip)
            weights = advantages * ratio * pays / len(tokens)
            self.adam.climb(self.actor.theta, self.actor.gradient(cache, weights, self.entropy / len(tokens)))
        self.trials = []

    def _batch(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Tokens, advantages and the log-probabilities they were drawn with (NaN where somebody else chose)."""
        tokens, rewards, log_probs = zip(*self.trials, strict=True)
        advantages = np.array([self.baseline.standardize(reward) for reward in rewards])
        return np.stack(tokens), advantages, np.array(log_probs, dtype=float)


class MovingMoments:
    """An exponentially moving mean and variance, without a bias towards their start."""

    def __init__(self) -> None:
        self.weight, self.total, self.squares = 0.0, 0.0, 0.0

    def add(self, value: float) -> None:
        """Take in a value."""
        self.weight = MEMORY * self.weight + (1 - MEMORY)
        self.total = MEMORY * self.total + (1 - MEMORY) * value
        deviation = (value - self.total / self.weight) ** 2
        self.squares = MEMORY * self.squares + (1 - MEMORY) * deviation

    def standardize(self, value: float) -> float:
        """The value's distance from the mean, in standard deviations; 0 while there is no spread."""
        spread = (self.squares / self.weight) ** 0.5
        return (value - self.total / self.weight) / spread if spread > 0 else 0.0
