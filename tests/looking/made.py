"""Searches as folders, written down without training anything."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.engine.store import Record, Store
from keras_nas.files import write_json
from keras_nas.results.result import SearchResult

HOSTILE = "<script>alert('1')</script> \"]]>&amp;$x_2$\x07\u202e"
"""What a column, a class or a file may be called."""


def made_search(folder: Path, count: int = 16, name: str = "plain", **told: Any) -> SearchResult:
    """A finished search of some networks: two objectives, a baseline, a failure and a refusal; `name` is everywhere.

    Args:
        folder: where; made.
        count: of scored networks.
        name: of decisions, answers, spaces, scores and failures.
        **told: changes of what the result knows.
    """
    folder.mkdir(parents=True)
    metric = f"val_{name}"
    with Store(folder) as store:
        arguments = {"max_trials": count, "strategy": f"Own({name})", "estimator": "Finalists()", "metrics": [name]}
        store.append([Record("call", body={"arguments": arguments, "versions": {"keras": "3"}, "prepared_s": 3.5})])
        for number in range(count):
            store.append(_trial(number, _architecture(number, name), _scores(number, metric)))
        store.append(_trial(count, {}, _scores(3, metric), note={"baseline": True}))
        store.append(_trial(count + 1, {name: "a"}, {}, failure=("error", f"{name}\nmore")))
        store.append(_trial(count + 2, {name: "b"}, {}, failure=("infeasible", f"{name} is 9"), source="screened"))
    _save_models(folder, {0, 1, count})
    write_json(folder / "result.json", {**_told(name), **told})
    return SearchResult(folder)


def _architecture(number: int, name: str) -> dict[str, Any]:
    drawn = np.random.default_rng(number)
    labels: dict[str, Any] = {name: ["a", name, "c"][number % 3], "cell/width": int(drawn.choice([8, 16, 32]))}
    return {**labels, "recipe/rate": float(drawn.random())} if number % 2 else labels


def _scores(number: int, metric: str) -> dict[str, float]:
    """The answer to the first decision makes nearly all of the score."""
    noise = float(np.random.default_rng([1, number]).normal(0, 0.01))
    return {metric: 0.6 + 0.15 * (number % 3) + noise, "latency_ms": 1.0 + number, "params": 100.0 * (number + 1)}


def _trial(
    number: int,
    architecture: Mapping[str, Any],
    scores: Mapping[str, float],
    failure: tuple[str, str] | None = None,
    source: str = "run",
    note: Mapping[str, Any] | None = None,
) -> Sequence[Record]:
    attempt = f"{number}-0"
    why = failure and {"kind": failure[0], "message": failure[1], "traceback": ""}
    proposal = {"architecture": architecture, "fidelity": {"final": 1.0}, "parent": None, "source": source}
    seconds = {"run": 5.0, "build": 1.0, "fit": 3.0, "score": 0.5}
    observed = {"scores": scores, "measurements": {"epochs": 3.0}, "artefacts": {}, "failure": why}
    return [
        Record("propose", number, body={**proposal, "note": dict(note or {})}),
        Record("start", number, attempt, {"changes": {}}),
        Record("end", number, attempt, {"worker": 0, "state": "finished", "seconds": seconds, "changes": {}}),
        Record("observe", number, attempt, observed),
    ]


def _save_models(folder: Path, numbers: Iterable[int]) -> None:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="head.dense"), layers.Softmax()])
    for number in numbers:
        (folder / "trials" / str(number)).mkdir(parents=True)
        model.save(folder / "trials" / str(number) / "model.keras")


def _told(name: str) -> dict[str, Any]:
    judged = {"scores": {name: 0.8}, "intervals": {name: [0.7, 0.9]}}
    return {
        "task": f"task {name}",
        "space": f"space {name}",
        "objectives": [[f"val_{name}", "max"], ["latency_ms", "min"]],
        "constraints": [["latency_ms", 0.5, "upper"]],
        "seed": 7,
        "precision": "float32",
        "options": {"scores": [], "class_weight": None, "limits": {}},
        "own": ["task", "space", "metrics", "callbacks"],
        "reason": "max_trials",
        "data": [f"10 rows of class {name}"],
        "winner": 1,
        "holdout": {"rows": 50, **judged, "baseline": judged, "uses": 1},
        "environment": {"Python": name},
        "preflight": {"trials": 15, "search_s": 123.4},
    }
