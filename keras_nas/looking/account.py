"""What a report says of the winner: the figures in large letters, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras_nas.looking.page import items, tile
from keras_nas.markup import Markup, join, number, table, tag

if TYPE_CHECKING:
    from keras_nas.results.candidate import Candidate
    from keras_nas.results.result import SearchResult


def overview(result: SearchResult) -> Markup:
    """The winner's figures, and the account in words."""
    scores, objective = result.winner.scores, result.objectives[0].name
    held = result.told["holdout"]
    name = objective.removeprefix("val_")
    tiles = [tile(objective, number(scores[objective]), f"trial {result.winner.number}, chosen by this")]
    if name in held["scores"]:
        tiles.append(tile(f"{name} on the hold-out", number(held["scores"][name]), _spread(held, name)))
    if result.baseline is not None:
        tiles.append(tile("your own model", number(result.baseline.scores[objective]), objective))
    tiles += [tile(cost, number(scores[cost])) for cost in ("latency_ms", "params") if cost in scores]
    broken = [str(limit) for limit in result.constraints if limit.violation(scores) > 0]
    warning = [tag("p", f"Not met: {', '.join(broken)}.", class_="bad")] if broken else []
    return join([tag("div", *tiles, class_="tiles"), *warning, items(result.summary().splitlines())])


def honesty(result: SearchResult) -> Markup:
    """Validation beside hold-out, the user's own model beside the winner, and what neither tells."""
    held = result.told["holdout"]
    rows = [*_rows("winner", result.winner, held)]
    if result.baseline is not None:
        rows += _rows("your own model", result.baseline, held.get("baseline", {}))
    if result.random_search is not None:
        rows += _rows("random search", result.random_search.winner, result.random_search.told["holdout"])
    for again in result.refits:
        name = f"winner retrained{again.retraining}, seed {again.measurements.get('seed')}"
        rows += _rows(name, again, again.measurements.get("holdout", {}))
    columns = ["network", "score", "validation", "hold-out", "95 % interval"]
    return join([table(columns, rows), items(_caveats(result))])


def _rows(name: str, candidate: Candidate, held: Mapping[str, Any]) -> list[list[object]]:
    """A row a score that was taken on validation rows, or on others alone."""
    scores = {key.removeprefix("val_"): value for key, value in candidate.scores.items() if key.startswith("val_")}
    found = held.get("scores", {})
    return [[name, key, scores.get(key), found.get(key), _spread(held, key)] for key in scores or found]


def _spread(held: Mapping[str, Any], name: str) -> str:
    if name not in held.get("intervals", {}):
        return ""
    low, high = held["intervals"][name]
    return f"{low:.4f} to {high:.4f}"


def _caveats(result: SearchResult) -> list[str]:
    """What the figures do not say."""
    held, count = result.told["holdout"], sum(not trial.baseline for trial in result.trials)
    chosen = f"was chosen among {count:,} networks by its validation score, which is optimistic by that"
    lines = [f"The winner {chosen if count > 1 else 'is the only network that was trained'}."]
    if held["rows"]:
        uses = held.get("uses", 1)
        once = "once, after the choice" if uses == 1 else f"{uses} times, once after each run of this search"
        lines.append(f"The hold-out, {held['rows']:,} rows, was looked at {once}; no training and no choice saw it.")
    else:
        lines.append("No rows were held out: there is no unbiased score. Search with holdout=0.15 to have one.")
    lines.append(_compared(result))
    lines.append(_seeds(result))
    return [line for line in lines if line]


def _seeds(result: SearchResult) -> str:
    anew = ", ".join(str(again.measurements.get("seed")) for again in result.refits)
    told = f", and the winner was trained anew with {anew}" if anew else " alone"
    return (
        f"Seeds: the search ran with {result.told['seed']}{told}. Another seed splits the rows and starts the weights "
        "otherwise; result.refit() shows what the latter is worth."
    )


def _compared(result: SearchResult) -> str:
    """Whether the winner and the user's own model can be told apart on the hold-out."""
    held, name = result.told["holdout"], result.objectives[0].name.removeprefix("val_")
    ours, theirs = (judged.get("intervals", {}).get(name) for judged in (held, held.get("baseline", {})))
    if not ours or not theirs:
        return ""
    if ours[0] <= theirs[1] and theirs[0] <= ours[1]:
        return f"The intervals of {name} of the winner and of your own model overlap: the rows do not tell them apart."
    return f"The intervals of {name} of the winner and of your own model do not overlap."
