"""Gates that are learnt: a supernet's training by which the architecture is found as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEARNT = ("darts", "darts_second_order", "pc_darts", "gdas", "fbnet", "proxylessnas", "single_path_nas", "enas")
"""The ways to learn them: by gradients, and the last one by rewards.

The name stands in the fidelity of the supernet's training.
"""
FORMS: dict[str, Mapping[str, Any]] = {
    "elastic": {"elastic": True},
    "single_path_nas": {"elastic": True},
    "pc_darts": {"partial": 4},
}
"""What a supernet is held with, by what stands in the fidelity of all trials that use it; of others nothing."""
