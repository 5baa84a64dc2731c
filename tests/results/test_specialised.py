"""Networks for any limit out of one trained supernet."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import keras_nas
from keras_nas.architecture import Architecture
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.shared import SharedWeights
from keras_nas.estimators.shared_net import home, make_supernet, write
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective
from keras_nas.results.candidate import Candidate, scored
from keras_nas.results.specialised import Specialist, best_within
from keras_nas.space import Channels, Choice, Repeat, Series
from keras_nas.spaces import Space
from tests.small import RECIPE, digit_images, tiny_training

NAMES = [f"width{n}" for n in range(6)]


def work(network: Any) -> dict[str, float]:
    return {"params": float(sum(network.values()))}


def specialist(folder: Path) -> Specialist:
    """One whose networks are better the wider they are, in the last layer most of all."""
    parts = [convolution(Choice(name, [1, 2, 4, 8]), 1) for name in NAMES]
    space = Space("chain", Series(*parts))
    known = {}
    for seed in range(40):
        network = Architecture({path: label for path, label in space.sample(seed).items() if path in NAMES})
        known[network] = float(sum(network.values())) + float(network["width5"])
    training: Any = SimpleNamespace(space=space, seed=0)
    return Specialist(training, Objective("val_accuracy", "max"), known, folder, {False: work})  # type: ignore[dict-item]


def test_what_is_promising_keeps_the_limits(tmp_path: Path) -> None:
    made = specialist(tmp_path)
    for limit in (12, 24, 40):
        found = made.promising([Constraint("params", limit, "upper")])
        assert len(found) == 3
        assert all(sum(network.values()) <= limit for network in found)
        assert found[0]["width5"] == 8 if limit > 12 else found[0]["width5"] >= 4
    assert sum(made.promising([Constraint("params", 40, "upper")])[0].values()) > 30


def test_the_nearest_are_found_where_none_is_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = specialist(tmp_path)

    def leave(self: Specialist, network: Architecture, limits: Any) -> Candidate:
        return Candidate(-1, network, {"params": 2.0 * sum(network.values())}, {"specialised": 1.0}, tmp_path)

    monkeypatch.setattr(Specialist, "leave", leave)
    assert min(own.scores["params"] for own in made.found([Constraint("params", 8, "upper")])) == 12


@pytest.mark.parametrize("factor", [1.3, 2.5])
def test_measurements_beyond_a_limit_tighten_it(factor: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By as much as they were beyond, also where that is more than the limit itself."""
    made, asked = specialist(tmp_path), []

    def leave(self: Specialist, network: Architecture, limits: Any) -> Candidate:
        asked.append(sum(network.values()))
        scores = {"params": factor * sum(network.values()), "val_accuracy": 0.5}
        return Candidate(-1, network, scores, {"specialised": 1.0}, tmp_path)

    monkeypatch.setattr(Specialist, "leave", leave)
    found = made.found([Constraint("params", 26, "upper")])
    assert min(own.scores["params"] for own in found) <= 26
    assert max(asked[:3]) > 20
    assert 0.75 * 26 < factor * max(asked[-3:]) <= 26


def test_a_network_leaves_once_with_its_part_of_the_weights(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, space=sized())
    net = make_supernet(training, elastic=True)
    write(net, home(training))
    made = Specialist(training, Objective("val_accuracy", "max"), {}, tmp_path / "specialised")
    network = Architecture({"width": 8, "kernel": 3, "more/depth": 1, "more/0/kernel": 1})
    found = made.leave(network, [Constraint("params", 5_000, "upper")])
    assert found.model.count_params() == found.scores["params"]
    assert 0 <= found.scores["val_accuracy"] <= 1
    assert "recalibrated, not trained further" in repr(found)
    kernel = next(weight for weight in found.model.weights if weight.shape == (3, 3, 1, 8))
    whole = next(weight for weight in net.weights if weight.shape == (5, 5, 1, 16))
    np.testing.assert_array_equal(kernel.numpy(), whole.numpy()[1:4, 1:4, :, :8])
    assert made.leave(network, []).file == found.file
    assert made.leave(network, []).scores == found.scores


def test_limits_of_another_form_are_refused(tmp_path: Path) -> None:
    result: Any = SimpleNamespace(winner=SimpleNamespace(scores={"val_accuracy": 0.9}))
    with pytest.raises(InvalidArgument, match="limit 'params': expected max_<score> or min_<score> with a score of"):
        best_within(result, {"params": 5})


def sized() -> Space:
    """Widths, kernels and depths."""
    more = Repeat("more", convolution(Channels(), Choice("kernel", [1, 3])), [0, 1, 2])
    stem = convolution(Choice("width", [4, 8, 16]), Choice("kernel", [3, 5]), stride=2)
    return Space("sized", Series(stem, more, pooled_head(pooling="average")), {**RECIPE, "batch_size": 32})


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_training_answers_for_many_limits(tmp_path: Path) -> None:
    result = keras_nas.search(
        "image_classification",
        digit_images(600),
        space=sized(),
        strategy="evolution",
        estimator=SharedWeights("progressive", networks=24, checks=0, epochs=30.0),
        max_trials=1,
        workers=1,
        directory=tmp_path / "search",
        verbose=0,
    )
    assert len(scored(tmp_path / "search")) == 24
    found = [result.best(max_params=limit) for limit in (500, 1500, 4000)]
    sizes = [candidate.scores["params"] for candidate in found]
    assert sizes == sorted(sizes)
    assert all(size <= limit for size, limit in zip(sizes, (500, 1500, 4000), strict=True))
    assert found[0].specialised
    assert found[0].measurements["weights"] == "recalibrated, not trained further"
    assert found[-1].scores["val_accuracy"] > 0.4
    assert result.best(max_params=500).file == found[0].file
    slowest = result.best(max_latency_ms=1000.0).scores["latency_ms"]
    for limit in (1000.0, 1.5 * slowest, slowest):
        began = time.monotonic()
        assert result.best(max_latency_ms=limit).scores["latency_ms"] <= limit
        assert time.monotonic() - began < 60.0, "what left the supernet once is not measured again"
    assert "answers for any limit" in result.summary()
    assert (found[0].model.count_params(), found[0].model.name) == (sizes[0], "sized")
    program = "import sys, keras; keras.models.load_model(sys.argv[1]); assert 'keras_nas' not in sys.modules"
    subprocess.run([sys.executable, "-I", "-c", program, str(found[0].file)], check=True, cwd=tmp_path)  # noqa: S603
    with pytest.raises(InvalidArgument, match="No network was found within params <= 5; the nearest has params"):
        result.best(max_params=5)
    assert np.isfinite(list(found[1].scores.values())).all()
