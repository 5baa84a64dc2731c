"""Each score against its formula, worked out in NumPy for networks of a few weights."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_nas.blocks import conv_attention
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.zero_cost import ENSEMBLE, SCORES, get_score, rank_average
from keras_nas.estimators.zero_cost.jacob_cov import SMALL as K
from keras_nas.estimators.zero_cost.jacob_cov import jacob_cov
from keras_nas.estimators.zero_cost.naswot import naswot
from keras_nas.estimators.zero_cost.network import Network, Variant
from keras_nas.estimators.zero_cost.saliency import fisher, grad_norm, grasp, snip
from keras_nas.estimators.zero_cost.synflow import logsynflow, synflow
from keras_nas.estimators.zero_cost.te_nas import POINTS, linear_regions, ntk, pieces
from keras_nas.estimators.zero_cost.weights import Weights
from keras_nas.estimators.zero_cost.zen import ALPHA, DRAWS, zen
from keras_nas.estimators.zero_cost.zen import ROWS as ZEN_ROWS
from tests.estimators.zero_cost.tiny import IMAGES, ROWS, SMALL, batch, normalized, pooled, worked_out


def positive() -> list[np.ndarray]:
    """The absolute weights of the dense network."""
    return [np.abs(theta) for theta in worked_out().thetas]


def test_synflow_is_the_flow_through_each_layer() -> None:
    first, second = positive()
    flow = np.ones(4) @ first @ second @ np.ones(2)
    assert synflow(SMALL, ROWS) == pytest.approx(2 * flow, rel=1e-6)


def test_logsynflow_takes_the_logarithm_of_gradients() -> None:
    first, second = positive()
    by_first, by_second = np.outer(np.ones(4), second.sum(axis=1)), np.outer(first.sum(axis=0), np.ones(2))
    expected = (first * np.log(1 + by_first)).sum() + (second * np.log(1 + by_second)).sum()
    assert logsynflow(SMALL, ROWS) == pytest.approx(expected, rel=1e-6)


def test_logsynflow_of_a_network_that_subtracts_is_a_number() -> None:
    def body(net: Any, x: Any) -> Any:
        return net(layers.Subtract, [x, net(layers.Dense, x, units=4)])

    network = Network(body, Weights(1))
    (kernel,) = network(tf.ones((1, 4)), Variant(draw="positive")).kernels
    assert logsynflow(network, ROWS) == pytest.approx(-np.log(2) * kernel.numpy().sum(), rel=1e-6)


def test_synflow_sees_no_normalisation() -> None:
    weights = Weights(2)
    assert synflow(Network(normalized, weights), IMAGES) == pytest.approx(synflow(Network(pooled, weights), IMAGES))


def test_naswot_is_the_determinant_of_what_rows_share() -> None:
    codes = worked_out().active
    alike = np.array([[(own == other).sum() for other in codes] for own in codes], dtype=float)
    few = batch(3, 4)
    assert naswot(SMALL, ROWS) == pytest.approx(np.linalg.slogdet(alike)[1], abs=1e-6)
    assert np.isfinite(naswot(SMALL, few)) == (len({tuple(code) for code in codes[:3]}) == 3)


def test_naswot_of_a_network_without_activations_is_the_worst() -> None:
    assert naswot(Network(pooled, Weights(0)), IMAGES) == -np.inf


def test_jacob_cov_is_that_of_the_rows_gradients() -> None:
    network = worked_out()
    jacobian = (network.active * network.thetas[1].sum(axis=1)) @ network.thetas[0].T
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(jacobian))
    assert jacob_cov(SMALL, ROWS) == pytest.approx(-np.sum(np.log(eigenvalues + K) + 1 / (eigenvalues + K)), rel=1e-3)


def test_jacob_cov_of_a_network_that_hears_nothing_is_the_worst() -> None:
    silent = Network(lambda net, x: net(layers.Rescaling, x, scale=0.0), Weights(0))
    assert jacob_cov(silent, ROWS) == -np.inf


def test_snip_and_grad_norm_are_of_the_losss_gradient() -> None:
    network = worked_out()
    gradients, _ = network.backward(network.slope)
    removed = sum(np.abs(theta * own).sum() for theta, own in zip(network.thetas, gradients, strict=True))
    assert snip(SMALL, ROWS) == pytest.approx(removed, rel=1e-5)
    assert grad_norm(SMALL, ROWS) == pytest.approx(sum(map(np.linalg.norm, gradients)), rel=1e-5)


def test_grasp_is_the_hessian_times_the_gradient() -> None:
    network, step = worked_out(), 1e-5
    gradients, _ = network.backward(network.slope)
    ahead, behind = (network.moved(gradients, move) for move in (step, -step))
    later, sooner = (own.backward(own.slope)[0] for own in (ahead, behind))
    curved = [(one - other) / (2 * step) for one, other in zip(later, sooner, strict=True)]
    expected = -sum((theta * own).sum() for theta, own in zip(network.thetas, curved, strict=True))
    assert grasp(SMALL, ROWS) == pytest.approx(expected, rel=1e-4)


def test_fisher_squares_what_a_channel_adds_to_the_loss() -> None:
    network = worked_out()
    _, slopes = network.backward(network.slope)
    expected = sum(((z * own) ** 2).mean(axis=0).sum() / 2 for z, own in zip(network.maps, slopes, strict=True))
    assert fisher(SMALL, ROWS) == pytest.approx(expected, rel=1e-5)


def test_fisher_sums_over_pixels_before_it_squares() -> None:
    network = Network(pooled, Weights(3))
    outputs = np.asarray(network(IMAGES.x).outputs)
    effect = outputs * (outputs - np.asarray(IMAGES.y)) / outputs.size
    assert fisher(network, IMAGES) == pytest.approx((effect**2).mean(axis=0).sum() / 2, rel=1e-5)


def test_ntk_is_the_condition_of_the_gradients_products() -> None:
    network = worked_out()
    rows = [network.backward(np.outer(row, np.ones(2)))[0] for row in np.eye(len(ROWS.x))]
    gradients = np.array([np.concatenate([own.ravel() for own in row]) for row in rows])
    eigenvalues = np.linalg.eigvalsh(gradients @ gradients.T)
    assert ntk(SMALL, ROWS) == pytest.approx(-eigenvalues[-1] / eigenvalues[0], rel=1e-2)


def test_linear_regions_are_the_different_patterns() -> None:
    assert linear_regions(SMALL, ROWS) == len(np.unique(worked_out().active, axis=0))
    crops = pieces(np.asarray(IMAGES.x), np.random.default_rng(0))
    assert crops.shape == (POINTS, 3, 3, 2)
    x = np.asarray(IMAGES.x)
    windows = {x[n, i : i + 3, j : j + 3].tobytes() for n in range(6) for i in range(3) for j in range(3)}
    assert {np.ascontiguousarray(crop).tobytes() for crop in crops} == windows


def test_a_network_without_activations_has_one_linear_region() -> None:
    assert linear_regions(Network(pooled, Weights(0)), IMAGES) == 1


def test_linear_regions_of_attention_beside_a_convolution() -> None:
    def body(net: Any, x: Any) -> Any:
        x = net(layers.Conv2D, x, filters=8, kernel_size=1)
        return net(layers.GlobalAveragePooling2D, conv_attention.body(net, x, filters=net.channels(x)))

    assert linear_regions(Network(body, Weights(0)), IMAGES) > 1


def test_zen_measures_how_far_outputs_move_before_normalisation() -> None:
    network, rng = Network(normalized, Weights(4)), np.random.default_rng([4, ZEN_ROWS])
    distances, scales = [], []
    for copy in range(DRAWS):
        x, e = rng.standard_normal((2, ZEN_ROWS, 5, 5, 2))
        (kernel,) = network(IMAGES.x, Variant(draw="normal", copy=copy)).kernels
        maps = [z @ kernel.numpy()[0, 0] for z in (x, x + ALPHA * e)]
        one, other = ((z - z.mean((0, 1, 2))) / np.sqrt(z.var((0, 1, 2)) + 1e-3) for z in maps)
        distances.append(np.sqrt(((one - other) ** 2).sum((1, 2, 3))).mean())
        scales.append(np.log(maps[0].var((0, 1, 2), ddof=1).mean()) / 2)
    assert zen(network, IMAGES) == pytest.approx(np.log(np.mean(distances)) + np.mean(scales), rel=1e-4)


def test_costs_are_those_of_the_built_model() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(2)])
    assert get_score("params")(SMALL, ROWS) == model.count_params()
    assert get_score("flops")(SMALL, ROWS) == 4 * 8 + 8 + 8 * 2 + 2


@pytest.mark.parametrize("name", SCORES)
def test_scores_are_keyed_by_the_seed_alone(name: str) -> None:
    """Nothing global is drawn from, and nothing global decides."""
    score = get_score(name)
    tf.random.set_seed(1)
    before = np.random.get_state()[1].tolist()  # type: ignore[union-attr]
    first = score(SMALL, ROWS)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[union-attr]
    tf.random.set_seed(2)
    again = Network(SMALL.body, Weights(SMALL.weights.seed))
    assert score(again, ROWS) == first or np.isnan(first)


def test_ranks_are_averaged() -> None:
    scores = {"one": [3.0, 1.0, 2.0], "two": [-np.inf, 10.0, 1e300]}
    assert rank_average(scores).tolist() == [0.5, 0.25, 0.75]
    assert rank_average({"one": [4.0]}).tolist() == [0.0]
    assert rank_average({"one": []}).tolist() == []
    assert set(ENSEMBLE) <= set(SCORES)


def test_an_unknown_score_lists_the_known_ones() -> None:
    with pytest.raises(InvalidArgument, match="Unknown zero-cost score 'synfow'.*Did you mean 'synflow'"):
        get_score("synfow")
