"""Gates that are learnt: a supernet's training by which the architecture is found as well."""

from __future__ import annotations

LEARNT = ("darts", "darts_second_order", "fbnet", "proxylessnas", "enas")
"""The ways to learn them: by gradients, and the last one by rewards.

The name stands in the fidelity of the supernet's training.
"""
