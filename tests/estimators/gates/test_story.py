"""What is told of gates, and when a collapse is seen."""

from pathlib import Path

import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions, Labels
from keras_nas.estimators.gates.story import Story, gate_lines

EDGES = [f"edge{number}" for number in range(4)]
SPACE = Decisions(tuple(Decision(path, Labels(("conv", "skip"))) for path in EDGES))
SKIPS = {(path, "skip") for path in EDGES}


def chances(skipping: int, sure: float = 0.9) -> dict[str, np.ndarray]:
    """So many edges skip."""
    return {
        path: np.array([1 - sure, sure] if place < skipping else [sure, 1 - sure]) for place, path in enumerate(EDGES)
    }


def test_skips_are_counted_and_a_majority_is_a_collapse(tmp_path: Path) -> None:
    story = Story(tmp_path, SPACE, SKIPS)
    entries = [story.tell(number, chances(number), {}) for number in range(5)]
    assert [entry["skips"] for entry in entries] == [0, 1, 2, 3, 4]
    assert [entry["collapsed"] for entry in entries] == [False, False, False, True, True]


def test_gates_that_decide_nothing_are_no_collapse(tmp_path: Path) -> None:
    space = Decisions(tuple(Decision(path, Labels(("skip", "conv"))) for path in EDGES))
    entry = Story(tmp_path, space, SKIPS).tell(0, chances(4, 0.5), {})
    assert (entry["skips"], entry["collapsed"], entry["entropy"]) == (0, False, 1.0)


def test_what_was_last_before_a_collapse_is_chosen(tmp_path: Path) -> None:
    story = Story(tmp_path, SPACE, SKIPS)
    assert story.chosen(watched=True) is None
    for number, skipping in enumerate((0, 2, 4)):
        story.tell(number, chances(skipping), {})
    for watched, skipping in ((True, 2), (False, 4)):
        found = story.chosen(watched)
        assert found is not None
        assert sum(own[1] > 0.5 for own in found.values()) == skipping


def test_a_loss_that_becomes_sharp_ends_in_what_was_likeliest_before(tmp_path: Path) -> None:
    """Eigenvalues that grow by a third within five epochs."""
    growing = [None, None, *[1.0] * 5, *[1.4] * 5]
    story = Story(tmp_path, SPACE, SKIPS)
    for number, eigenvalue in enumerate(growing):
        sure = 0.5 + 0.04 * number
        story.tell(number, chances(1, sure), {}, eigenvalue)
    assert [entry["sharper"] for entry in story.entries] == [False] * 11 + [True]
    assert not any(entry["collapsed"] for entry in story.entries)
    for watched, number in ((True, 6), (False, 11)):
        found = story.chosen(watched)
        assert found is not None
        assert found["edge0"][1] == pytest.approx(0.5 + 0.04 * number)
    (_, warning) = gate_lines({"method": "darts", "epochs": story.entries})
    assert warning.startswith("Warning: the loss became sharp at the gates (largest eigenvalue of its Hessian 1.4)")


@pytest.mark.parametrize(
    "eigenvalues",
    [
        [1.0] * 5 + [1.3] * 5,
        [1.0] * 5 + [1.6, 1.6, 0.9, 1.6, 1.6],
        [-1.0] * 5 + [-0.5] * 5,
        [1.0] * 4 + [None] + [2.0] * 5,
        [1.0] * 4 + [2.0] * 5,
    ],
    ids=["little", "noise", "negative", "no number", "too few"],
)
def test_what_grows_otherwise_is_not_sharp(eigenvalues: list[float | None], tmp_path: Path) -> None:
    story = Story(tmp_path, SPACE, SKIPS)
    entries = [story.tell(number, chances(1), {}, own) for number, own in enumerate(eigenvalues)]
    assert not any(entry["sharper"] for entry in entries)


def test_an_attempt_takes_up_what_was_told_until_its_step(tmp_path: Path) -> None:
    first = Story(tmp_path, SPACE, SKIPS)
    for step in (10, 20, 30):
        first.tell(step, chances(1), {"latency_ms": 2.0})
    again = Story(tmp_path, SPACE, SKIPS)
    again.begin(20)
    assert again.entries == first.entries[:2]
    assert again.entries[0]["expected"] == {"latency_ms": 2.0}


def test_the_summary_tells_of_the_end_and_warns_of_a_collapse(tmp_path: Path) -> None:
    story = Story(tmp_path, SPACE, SKIPS)
    story.tell(10, chances(1), {"latency_ms": 1.234})
    gates = {"method": "darts", "epochs": story.entries}
    assert gate_lines(gates) == ["Gates learnt by darts in 1 epochs: entropy 0.47, latency_ms 1.23 expected."]
    story.tell(20, chances(4), {})
    line, warning = gate_lines(gates)
    assert line == "Gates learnt by darts in 2 epochs: entropy 0.47."
    assert warning.startswith("Warning: at the end 4 of the likeliest answers skip")
    assert gate_lines({**gates, "method": "fbnet", "watched": False}) == [line.replace("darts", "fbnet")]
    assert gate_lines(None) == gate_lines({"method": "enas", "losses": []}) == []
