"""The example of object detection: its score by hand, and a search to boxes around cells."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.estimators.fidelity import FullTraining

EXAMPLE = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "detection.py"))
BOXES = pd.DataFrame(
    [("RBC", 0.1, 0.1, 0.3, 0.4), ("RBC", 0.5, 0.5, 0.7, 0.8), ("WBC", 0.6, 0.1, 0.9, 0.5)],
    columns=["class", "xmin", "ymin", "xmax", "ymax"],
)


def guess(boxes: pd.DataFrame, likely: list[float]) -> Any:
    """Cells that tell these boxes, each with a probability."""
    cells = EXAMPLE["cells_of"](EXAMPLE["gridded"](boxes).copy())
    for number, share in enumerate(likely):
        one = EXAMPLE["cells_of"](EXAMPLE["gridded"](boxes.iloc[[number]]))
        cells[..., :3][one[..., :3] > 0] = share
    return cells


def precision(told: list[Any]) -> float:
    truth = EXAMPLE["cells_of"](EXAMPLE["gridded"](BOXES))
    found = np.stack([EXAMPLE["hits"](truth, cells) for cells in told])
    score: float = EXAMPLE["average_precision"](found, len(told) * truth[..., :3].sum(axis=(0, 1)))
    return score


def test_a_grid_holds_the_boxes() -> None:
    boxes, kinds, likely = EXAMPLE["found"](guess(BOXES, [0.7, 0.9, 0.8]))
    assert boxes[:3] == pytest.approx(BOXES.iloc[[1, 2, 0], 1:].to_numpy(), abs=1e-6)
    assert [EXAMPLE["NAMES"][kind] for kind in kinds[:3]] == ["RBC", "WBC", "RBC"]
    assert likely[:3] == pytest.approx([0.9, 0.8, 0.7])


def test_overlap_is_intersection_over_union() -> None:
    a, b = np.array([0.0, 0.0, 0.2, 0.2]), np.array([0.1, 0.0, 0.3, 0.2])
    assert EXAMPLE["overlap"](a, b) == pytest.approx(1 / 3)
    assert EXAMPLE["overlap"](a, a + 0.5) == 0


def test_average_precision_by_hand() -> None:
    assert precision([guess(BOXES, [0.7, 0.9, 0.8])]) == pytest.approx(1.0)
    moved = BOXES.assign(xmin=BOXES["xmin"] + [0.0, 0.15, 0.0], xmax=BOXES["xmax"] + [0.0, 0.15, 0.0])
    first_wrong = precision([guess(moved, [0.7, 0.9, 0.8])])  # red cells: a miss at rank 1, one of two found at rank 2
    assert first_wrong == pytest.approx((0.5 * 0.5 + 1.0) / 2)
    last_wrong = precision([guess(moved, [0.9, 0.7, 0.8])])
    assert last_wrong == pytest.approx((0.5 * 1.0 + 1.0) / 2)


def test_an_object_is_found_once() -> None:
    twice = pd.concat([BOXES, BOXES.iloc[[0]].assign(xmin=0.0, xmax=0.29, ymin=0.0)])
    assert precision([guess(twice, [0.9, 0.8, 0.7, 0.6])]) == pytest.approx(1.0)
    told = EXAMPLE["hits"](guess(BOXES, [1.0] * 3), guess(twice, [0.9, 0.8, 0.7, 0.95]))
    assert told[:, 2].sum() <= 3


def test_the_loss_is_least_at_the_truth() -> None:
    truth = EXAMPLE["gridded"](BOXES)[None]
    right = np.log(np.clip(truth, 1e-6, 1 - 1e-6) / (1 - np.clip(truth, 1e-6, 1 - 1e-6)))
    losses = [float(EXAMPLE["cell_loss"](truth, logits)[0]) for logits in (right, right * 0.9, np.zeros_like(right))]
    assert losses[0] == pytest.approx(0.0, abs=0.01)
    assert losses == sorted(losses)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_cells_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("KERAS_NAS_DATA", raising=False)
    small = {"max_time": None, "max_trials": 1, "workers": 0, "precision": "float32", "verbose": 0, "history": False}
    result, score = EXAMPLE["main"](["--directory", str(tmp_path)], estimator=FullTraining(12), **small)
    assert result.objectives[0].name == "val_ap50"
    assert result.winner.scores["val_ap50"] > 0.05 and score > 0.05
    assert "average precision at an overlap of 0.5, of 16 images" in capsys.readouterr().out
