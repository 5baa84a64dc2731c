"""Volumes go through the blocks of images in three dimensions."""

from pathlib import Path

import numpy as np
import pytest

from keras_nas.data import collect, split_rows
from keras_nas.errors import DataError
from keras_nas.estimators.recipe import AUGMENTATIONS, make_augment
from keras_nas.objectives.cost import CostNet
from keras_nas.spaces import get_space
from keras_nas.tasks import get_task

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.integers(0, 256, (24, 6, 8, 7), dtype=np.uint8), np.arange(24) % 2


@pytest.mark.parametrize("x", [X, np.stack([X, X], axis=-1)], ids=["grey", "channels"])
def test_networks_take_voxels(x: np.ndarray, tmp_path: Path) -> None:
    task = get_task("volume_classification")
    rows = collect((x, Y), tmp_path / "data", target="classification", ranks=task.ranks)
    signature = task.signature(rows, split_rows(rows))
    space = get_space("small_images", task.name)
    wish = {f"stage{k}/blocks/attention": "squeeze_excitation" for k in range(3)} | {"stage1/blocks/depth": 1}
    architecture = space.network_decisions.walk(lambda d: wish.get(d.path, d.domain.labels()[0]))
    model = task.build(space, architecture, signature).model
    assert model.input.shape[1:] == x.shape[1:]
    np.testing.assert_allclose(np.asarray(model(x[:2])).sum(axis=1), 1, atol=1e-5)
    net = CostNet()
    cost = net.cost(task.assemble(space, architecture, signature, net, net.input(x.shape[1:]))[1])
    assert cost.params == model.count_params() and cost.flops > 0
    assert any(type(layer).__name__ == "Conv3D" for layer in model.layers)


@pytest.mark.parametrize("augmentation", [name for name in AUGMENTATIONS if name != "none"])
def test_augmentations_move_whole_voxels(augmentation: str) -> None:
    import tensorflow as tf

    augment = make_augment(augmentation)
    assert augment is not None
    x = np.stack([X, 255 - X], axis=-1)
    moved = augment(tf.constant(x), tf.constant([1, 2])).numpy()
    assert moved.shape == x.shape and (moved != x).any()
    np.testing.assert_array_equal(moved[..., 0], 255 - moved[..., 1])


def test_what_is_no_volume(tmp_path: Path) -> None:
    task = get_task("volume_regression")
    with pytest.raises(
        DataError, match=r"3 axes; expected .rows, depth, height, width. or .rows, depth, height, width, c"
    ):
        collect((X[:, 0], Y * 0.5), tmp_path / "data", target="regression", ranks=task.ranks)
