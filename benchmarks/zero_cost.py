"""Zero-cost scores of sampled cells of NAS-Bench-201: do they agree with the published ones, and what are they worth?

    python benchmarks/zero_cost.py --cells 300 --json zero_cost.json

Every cell is scored in a reduced skeleton (16 channels, one cell a stage instead of five, 32 x 32 pixels, one core) on
a batch of real images, flowers. `<score>_agrees` is Spearman's correlation with the score that was published for
CIFAR-10 in the whole skeleton, `<score>_all` that with the accuracy on CIFAR-10 after 200 epochs, and `<score>_top20`
the same within the best fifth of the cells, where scores have to choose in a search. `ensemble` averages the ranks of
`keras_nas.estimators.zero_cost.ENSEMBLE`. Seconds are processor time a cell, building included; `seconds_per_cell` is
that of the slowest score.
"""

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from _common import data_file, parser, report
from keras import layers

from keras_nas.estimators.shared_check import spearman
from keras_nas.estimators.zero_cost import ENSEMBLE, SCORES, get_score, rank_average
from keras_nas.estimators.zero_cost.network import Batch, Network
from keras_nas.estimators.zero_cost.weights import Weights
from keras_nas.spaces.nas_bench_201 import architecture_of, nas_bench_201

PUBLISHED = ("synflow", "logsynflow", "naswot")
CHANNELS, CELLS, CLASSES = 16, 1, 10


def flowers(rows: int, seed: int) -> Batch:
    """Images of 32 x 32 pixels, standardised, and their classes."""
    with np.load(data_file("sets/img_flowers5_32.npz")) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    chosen = np.random.default_rng(seed).choice(len(x), rows, replace=False)
    scaled = (x[chosen] - x.mean(axis=(0, 1, 2))) / x.std(axis=(0, 1, 2))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    return Batch(tf.constant(scaled, tf.float32), tf.one_hot(y[chosen], CLASSES), loss)


def networks(cells: np.ndarray, seed: int) -> list[Network]:
    """The cells in the reduced skeleton, with shared weights."""
    space, weights = nas_bench_201(CHANNELS, CELLS), Weights(seed)

    def made(cell: str) -> Network:
        architecture = architecture_of(cell)

        def body(net, x):
            return net(layers.Dense, space.features(architecture, net, x), units=CLASSES)

        return Network(body, weights)

    return [made(cell.decode()) for cell in cells]


def timed(score: Callable[[Network, Batch], float], network: Network, batch: Batch) -> tuple[float, float]:
    """A score, and the seconds of processor time that it took."""
    began = time.process_time()
    value = score(network, batch)
    return value, time.process_time() - began


def main() -> None:
    """Score the cells, compare, and report."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--cells", type=int, default=300, help="cells drawn at random")
    arguments.add_argument("--scores", nargs="+", choices=SCORES, default=list(SCORES), help="all by default")
    arguments.add_argument("--rows", type=int, default=64, help="images in the batch")
    arguments.add_argument("--seed", type=int, default=0, help="of cells, images and weights")
    options = arguments.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    names = list(dict.fromkeys([*options.scores, *PUBLISHED, *ENSEMBLE]))
    with np.load(data_file("nas/nb201.npz")) as table, np.load(data_file("nas/nb201_zerocost.npz")) as published:
        rows = np.random.default_rng(options.seed).choice(len(table["arch_str"]), options.cells, replace=False)
        cells, accuracy = table["arch_str"][rows], table["test200_c10"][rows]
        known = {name: published[f"{name}_c10"][rows] for name in PUBLISHED}
    batch = flowers(options.rows, options.seed)
    found = [[timed(get_score(name), network, batch) for name in names] for network in networks(cells, options.seed)]
    values, seconds = np.array(found).transpose(2, 1, 0)
    scores = dict(zip(names, values, strict=True))
    judged = {**scores, "ensemble": rank_average({name: scores[name] for name in ENSEMBLE})}
    best = np.argsort(-accuracy)[: options.cells // 5]
    figures = {f"{name}_agrees": spearman(scores[name], known[name]) for name in PUBLISHED}
    figures |= {f"{name}_all": spearman(own, accuracy) for name, own in judged.items()}
    figures |= {f"{name}_top20": spearman(own[best], accuracy[best]) for name, own in judged.items()}
    figures |= {f"{name}_seconds": own.mean() for name, own in zip(names, seconds, strict=True)}
    figures["seconds_per_cell"] = seconds.mean(axis=1).max()
    report(figures, options.json)


if __name__ == "__main__":
    main()
