"""A search on a Ray cluster: the same call, with engine="ray".

    pip install 'keras_nas[ray]'                # on every node, the same versions everywhere
    ray get-auth-token --generate               # once; copy ~/.ray/auth_token to every node
    export RAY_AUTH_MODE=token                  # on every node
    ray start --head --include-dashboard=false --disable-usage-stats
    ray start --address=HEAD:6379 --disable-usage-stats         # on every other node
    python examples/ray_cluster.py [--seconds 60] [--workers auto] [--directory ray_cluster]

See docs/cluster.md. Nothing needs a `__main__` guard: workers never import this script.
"""

import argparse

from sklearn.datasets import load_digits

import keras_nas

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seconds", type=float, default=60.0)
parser.add_argument("--trials", type=int, help="at most so many trainings")
parser.add_argument("--workers", default="auto", help="how many on the whole cluster, or auto")
parser.add_argument("--engine", default="ray", help="ray, or local for the same search on this machine")
parser.add_argument("--directory", default="ray_cluster")
arguments = parser.parse_args()

digits = load_digits()
x, y = (digits.images * 15).astype("uint8"), digits.target

result = keras_nas.search(
    "image_classification",
    (x, y),
    max_time=arguments.seconds,
    max_trials=arguments.trials,
    workers="auto" if arguments.workers == "auto" else int(arguments.workers),
    engine=arguments.engine,
    directory=arguments.directory,
)
print(result.leaderboard().iloc[:, :6])
print(result.summary())
