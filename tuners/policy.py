"""Policies of a controller: distributions over architectures whose log-probability has a gradient, in NumPy.

A policy answers the live decisions one after the other. Sleeping ones are skipped: they cost no probability, get
no gradient, and leave the recurrent state as it is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.tuners._tokens import Vocabulary

Array = np.ndarray


class Policy(ABC):
    """Base: sampling, log-probability, entropy and their gradient, over logits that a subclass computes.

    Args:
        decisions: the space.
        rng: draws the first parameters.
    """

    def __init__(self, decisions: Decisions, rng: np.random.Generator) -> None:
        self.vocabulary = Vocabulary(decisions)
        self.shapes = self.parameters()
        self.theta = 0.1 * rng.standard_normal(sum(math.prod(shape) for shape in self.shapes.values()))
        self.part = self.view(self.theta)

    @abstractmethod
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of each part of `theta`."""

    @abstractmethod
    def start(self, count: int) -> Any:
        """The state before the first decision, of `count` architectures at once."""

    @abstractmethod
    def step(self, state: Any, place: int, previous: Array) -> tuple[Array, Any]:
        """The logits `(count, width)` of the decision at `place` and the next state.

        Args:
            state: from `start` or the step before.
            place: which decision.
            previous: the answer before, shape `(count,)`: 0 at the start, else 1 + group * width + token.
        """

    @abstractmethod
    def back(self, steps: list[Any], slopes: Array, grad: dict[str, Array]) -> None:
        """Add to `grad` what `slopes` at the logits, `(count, decisions, width)`, mean for each parameter."""

    def view(self, flat: Array) -> dict[str, Array]:
        """`flat`, shape `(theta.size,)`, in named parts that share its memory."""
        ends = np.cumsum([math.prod(shape) for shape in self.shapes.values()])
        parts = np.split(flat, ends[:-1])
        return {name: part.reshape(self.shapes[name]) for name, part in zip(self.shapes, parts, strict=True)}

    def sample(self, rng: np.random.Generator, temperature: float = 1.0) -> tuple[Architecture, float]:
        """An architecture and the log-probability of its tokens; above temperature 1 the draw is more uniform."""
        state, previous, total = self.start(1), np.zeros(1, dtype=int), 0.0

        def pick(decision: Decision) -> Label:
            nonlocal state, previous, total
            place = self.vocabulary.place[decision.path]
            logits, state = self.step(state, place, previous)
            log_p = log_softmax(logits / temperature, self.vocabulary.valid[place])[0]
            token = int(np.searchsorted(np.cumsum(np.exp(log_p)), rng.random()))
            token = min(token, int(self.vocabulary.sizes[place]) - 1)
            total += float(log_p[token])
            previous = self.follow(place, np.array([token]), previous)
            return self.vocabulary.label(decision, token, rng)

        return self.vocabulary.decisions.walk(pick), total

    def follow(self, place: int, tokens: Array, previous: Array) -> Array:
        """`previous` for the next step; a sleeping decision passes on what it got."""
        row = 1 + self.vocabulary.groups[place] * self.vocabulary.width + tokens
        return np.where(tokens >= 0, row, previous)

    def log_prob(self, tokens: Array) -> tuple[Array, tuple[Any, ...]]:
        """The log-probability of each row of tokens, shape `(count,)`, and what `gradient` needs to know.

        Args:
            tokens: shape `(count, decisions)`.
        """
        state, previous = self.start(len(tokens)), np.zeros(len(tokens), dtype=int)
        steps, logits = [], np.zeros((*tokens.shape, self.vocabulary.width))
        for place, column in enumerate(tokens.T):
            logits[:, place], after = self.step(state, place, previous)
            steps.append((column >= 0, place, previous, state, after))
            state = _where(column >= 0, after, state)
            previous = self.follow(place, column, previous)
        log_p = log_softmax(logits, self.vocabulary.valid)
        live = tokens >= 0
        chosen = np.take_along_axis(log_p, np.maximum(tokens, 0)[..., None], axis=2)[..., 0]
        return (chosen * live).sum(axis=1), (tokens, log_p, steps)

    def gradient(self, cache: tuple[Any, ...], weights: Array, entropy: float) -> Array:
        """The slope of `sum(weights * log_prob) + entropy * (entropy of all live decisions)` at `theta`.

        Args:
            cache: from `log_prob`.
            weights: of each row, shape `(count,)`.
            entropy: the weight of the entropy.
        """
        tokens, log_p, steps = cache
        live = (tokens >= 0)[..., None]
        p = np.exp(log_p)
        uncertainty = -(p * log_p).sum(axis=2, keepdims=True)
        chosen = np.arange(self.vocabulary.width) == tokens[..., None]
        slopes = weights[:, None, None] * (chosen - p) - entropy * p * (log_p + uncertainty)
        flat = np.zeros_like(self.theta)
        self.back(steps, slopes * live, self.view(flat))
        return flat


class SoftmaxPolicy(Policy):
    """Every decision has logits of its own, independent of the others: the smallest policy there is."""

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """One table of logits."""
        return {"logits": self.vocabulary.valid.shape}

    def start(self, count: int) -> Array:
        """There is no state."""
        return np.zeros((count, 1))

    def step(self, state: Any, place: int, previous: Array) -> tuple[Array, Any]:
        """The row of the table."""
        return np.tile(self.part["logits"][place], (len(state), 1)), state

    def back(self, steps: list[Any], slopes: Array, grad: dict[str, Array]) -> None:
        """The sum over the architectures."""
        grad["logits"] += slopes.sum(axis=0)


class LSTMPolicy(Policy):
    """A recurrent network reads the answers so far and gives the logits of the next decision.

    Its input is the embedding of the answer before plus that of the question now; embeddings and output
    layers are shared by all decisions that have the same options.

    Args:
        decisions: the space.
        rng: draws the first parameters.
        units: size of the state and of the embeddings.

    Reference:
        Zoph and Le, "Neural architecture search with reinforcement learning", arXiv 1611.01578.
    """

    def __init__(self, decisions: Decisions, rng: np.random.Generator, units: int = 32) -> None:
        self.units = units
        super().__init__(decisions, rng)

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Embeddings of answers and questions, the gates (input, forget, output, new), and the heads."""
        places, width = self.vocabulary.valid.shape
        groups, units = int(self.vocabulary.groups.max(initial=0)) + 1, self.units
        return {
            "answer": (1 + groups * width, units),
            "question": (places, units),
            "input": (units, 4 * units),
            "recurrent": (units, 4 * units),
            "gate_bias": (4 * units,),
            "head": (groups, units, width),
            "bias": (places, width),
        }

    def start(self, count: int) -> Array:
        """Output and cell, shape `(count, 2 * units)`; what each embedding adds to the gates is worked out."""
        self._by_answer = self.part["answer"] @ self.part["input"]
        self._by_question = self.part["question"] @ self.part["input"] + self.part["gate_bias"]
        return np.zeros((count, 2 * self.units))

    def step(self, state: Any, place: int, previous: Array) -> tuple[Array, Any]:
        """One step of the LSTM and its head."""
        units = self.units
        gates, new = self._gates(state, place, previous)
        cell = gates[:, units : 2 * units] * state[:, units:] + gates[:, :units] * new
        output = gates[:, 2 * units :] * np.tanh(cell)
        logits = output @ self.part["head"][self.vocabulary.groups[place]] + self.part["bias"][place]
        return logits, np.concatenate([output, cell], axis=1)

    def _gates(self, state: Array, place: int, previous: Array) -> tuple[Array, Array]:
        recurrent = state[:, : self.units] @ self.part["recurrent"]
        mixed = self._by_answer[previous] + self._by_question[place] + recurrent
        split = 3 * self.units
        return 1.0 / (1.0 + np.exp(-mixed[:, :split])), np.tanh(mixed[:, split:])

    def back(self, steps: list[Any], slopes: Array, grad: dict[str, Array]) -> None:
        """Backpropagation through time; where a decision sleeps, the state's slope passes through."""
        units, d_state = self.units, np.zeros((len(slopes), 2 * self.units))
        d_mixed = np.zeros((len(steps), len(slopes), 4 * units))
        for live, place, previous, before, after in reversed(steps):
            head, d_logits = self.vocabulary.groups[place], slopes[:, place]
            grad["head"][head] += after[:, :units].T @ d_logits
            awake = live[:, None]
            d_after = d_state * awake
            d_after[:, :units] += d_logits @ self.part["head"][head].T
            d_mixed[place], d_cell = self._back_step((place, previous, before, after), d_after)
            d_before = np.concatenate([d_mixed[place] @ self.part["recurrent"].T, d_cell], axis=1)
            d_state = np.where(awake, d_before, d_state)
        grad["bias"] += slopes.sum(axis=0)
        self._back_gates(grad, steps, d_mixed)

    def _back_step(self, step: tuple[Any, ...], d_after: Array) -> tuple[Array, Array]:
        """The slopes at the gates before their squashing, and at the cell before the step."""
        place, previous, before, after = step
        units = self.units
        gates, new = self._gates(before, place, previous)
        keep_in, keep, keep_out = gates[:, :units], gates[:, units : 2 * units], gates[:, 2 * units :]
        squashed = np.tanh(after[:, units:])
        d_output = d_after[:, :units]
        d_cell = d_after[:, units:] + d_output * keep_out * (1 - squashed**2)
        d_gates = np.concatenate([d_cell * new, d_cell * before[:, units:], d_output * squashed], axis=1)
        d_new = d_cell * keep_in * (1 - new**2)
        return np.concatenate([d_gates * gates * (1 - gates), d_new], axis=1), d_cell * keep

    def _back_gates(self, grad: dict[str, Array], steps: list[Any], d_mixed: Array) -> None:
        """From the gates of all steps, `(decisions, count, 4 * units)`, to their weights and embeddings."""
        previous = np.stack([step[2] for step in steps])
        outputs = np.stack([step[3][:, : self.units] for step in steps])
        inputs = self.part["answer"][previous] + self.part["question"][:, None]
        slopes = d_mixed.reshape(-1, 4 * self.units)
        grad["recurrent"] += outputs.reshape(-1, self.units).T @ slopes
        grad["input"] += inputs.reshape(-1, self.units).T @ slopes
        grad["gate_bias"] += slopes.sum(axis=0)
        d_inputs = d_mixed @ self.part["input"].T
        grad["question"] += d_inputs.sum(axis=1)
        np.add.at(grad["answer"], previous, d_inputs)


class Adam:
    """Adam, climbing.

    Args:
        size: of the parameters.
        rate: the learning rate.

    Reference:
        Kingma and Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980.
    """

    def __init__(self, size: int, rate: float) -> None:
        self.rate, self.steps = rate, 0
        self.mean, self.square = np.zeros(size), np.zeros(size)

    def climb(self, theta: Array, slope: Array) -> None:
        """Move `theta`, in place, up the slope."""
        self.steps += 1
        self.mean += 0.1 * (slope - self.mean)
        self.square += 0.001 * (slope**2 - self.square)
        mean, square = self.mean / (1 - 0.9**self.steps), self.square / (1 - 0.999**self.steps)
        theta += self.rate * mean / (np.sqrt(square) + 1e-8)


def log_softmax(logits: Array, valid: Array) -> Array:
    """Log-probabilities along the last axis; what is not valid gets none."""
    shifted = np.where(valid, logits, -1e9)
    shifted = shifted - shifted.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _where(live: Array, after: Array, before: Array) -> Array:
    return np.where(live[:, None], after, before)
