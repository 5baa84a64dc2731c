"""Published methods as rows of one table: space x strategy x estimator x objectives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_nas.errors import InvalidArgument, unknown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Method:
    """One row.

    Args:
        space: name of a ready space, or "any".
        strategy: name of a strategy.
        estimator: name of an estimator.
        objectives: "any", or what the method was made for.
        paper: where it comes from.
    """

    space: str
    strategy: str
    estimator: str = "finalists"
    objectives: str = "any"
    paper: str = ""


METHODS: dict[str, Method] = {
    "auto": Method("any", "auto"),
    "random_search": Method("any", "random", paper="Li and Talwalkar, arXiv 1902.07638"),
    "nas_rl": Method("any", "reinforce", paper="Zoph and Le, arXiv 1611.01578"),
    "nasnet": Method("nasnet", "ppo", paper="Zoph et al., arXiv 1707.07012"),
    "amoebanet": Method("nasnet", "evolution", paper="Real et al., arXiv 1802.01548"),
    "large_scale_evolution": Method("any", "inheriting_evolution", paper="Real et al., arXiv 1703.01041"),
    "nsga_net": Method("any", "nsga2", objectives="several", paper="Lu et al., arXiv 1810.03522"),
    "enas": Method("nas_bench_201_small", "reinforce", "enas", paper="Pham et al., arXiv 1802.03268"),
    "single_path_one_shot": Method(
        "nas_bench_201_small", "evolution", "shared_weights", paper="Guo et al., arXiv 1904.00420"
    ),
    "fairnas": Method("nas_bench_201_small", "nsga2", "fair_sampling", "several", "Chu et al., arXiv 1907.01845"),
    "bignas": Method("mobilenet", "evolution", "sandwich", "latency", "Yu et al., arXiv 2003.11142"),
    "once_for_all": Method("mobilenet", "evolution", "once_for_all", "latency", "Cai et al., arXiv 1908.09791"),
    "darts": Method("nas_bench_201_small", "random", "darts", paper="Liu et al., arXiv 1806.09055"),
    "darts_second_order": Method(
        "nas_bench_201_small", "random", "darts_second_order", paper="Liu et al., arXiv 1806.09055"
    ),
    "pc_darts": Method("nas_bench_201_small", "random", "pc_darts", paper="Xu et al., arXiv 1907.05737"),
    "gdas": Method("nas_bench_201_small", "random", "gdas", paper="Dong and Yang, arXiv 1910.04465"),
    "fbnet": Method("nas_bench_201_small", "random", "fbnet", "latency", "Wu et al., arXiv 1812.03443"),
    "proxylessnas": Method("nas_bench_201_small", "random", "proxylessnas", "latency", "Cai et al., arXiv 1812.00332"),
    "single_path_nas": Method(
        "mobilenet", "random", "single_path_nas", "latency", "Stamoulis et al., arXiv 1904.02877"
    ),
    "naswot": Method("any", "random", "naswot", paper="Mellor et al., arXiv 2006.04647"),
    "npenas": Method("any", "evolution", "predictor", paper="Wei et al., arXiv 2003.12857"),
    "neural_predictor": Method("any", "random", "predictor", paper="Wen et al., arXiv 1912.00848"),
    "zen_nas": Method("any", "evolution", "zen", paper="Lin et al., arXiv 2102.01063"),
    "zero_cost_warmup": Method("any", "evolution", "warm_start", paper="Abdelfattah et al., arXiv 2101.08134"),
    "performance_prediction": Method("any", "random", "learning_curves", paper="Baker et al., arXiv 1705.10823"),
    "successive_halving": Method(
        "any", "random", "successive_halving", paper="Jamieson and Talwalkar, arXiv 1502.07943"
    ),
    "hyperband": Method("any", "random", "hyperband", paper="Li et al., arXiv 1603.06560"),
    "asha": Method("any", "random", "asha", paper="Li et al., arXiv 1810.05934"),
    "bohb": Method("any", "tpe", "hyperband", paper="Falkner et al., arXiv 1807.01774"),
    "mobster": Method("any", "bayesian", "asha", paper="Klein et al., arXiv 2003.10865"),
    "evolved_transformer": Method("any", "evolution", "hurdles", paper="So et al., arXiv 1901.11117"),
    "nasbot": Method("any", "bayesian", paper="Kandasamy et al., arXiv 1802.07191"),
}


def get_method(name: str) -> Method:
    """The row of that name.

    Raises:
        InvalidArgument: for an unknown name; lists the valid ones and suggests the nearest.
    """
    if name not in METHODS:
        raise InvalidArgument(unknown("method", name, METHODS))
    return METHODS[name]


def methods() -> pd.DataFrame:
    """The table: one row a method, one column an axis."""
    import pandas as pd

    rows = [{"method": name, **vars(method)} for name, method in METHODS.items()]
    return pd.DataFrame(rows)
