"""Draw a search: every training as a point over time, and the best so far as a line.

    python examples/plot_search.py keras_nas_runs/digits search.svg

The record of a search is one SQLite file with plain views, so pandas reads it, also while the search runs.
"""

import json
import sys
from contextlib import closing
from pathlib import Path

import matplotlib
import pandas as pd

from keras_nas.engine.store import read_only

matplotlib.use("svg")
from matplotlib import pyplot as plt  # noqa: E402

directory, picture = sys.argv[1:3]
with closing(read_only(Path(directory))) as connection:
    trials = pd.read_sql("SELECT * FROM trials WHERE state = 'finished' ORDER BY ended", connection)
    began = connection.execute("SELECT min(started) FROM calls").fetchone()[0]

scores = pd.DataFrame([json.loads(text) for text in trials["scores"]])
minutes = (trials["ended"] - began) / 60
final = trials["fidelity"].str.contains('"final"')
accuracy = scores["val_accuracy"]

figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
axes.step(minutes, accuracy.cummax(), where="post", color="tab:gray", lw=1, label="best so far")
axes.scatter(minutes[~final], accuracy[~final], s=24, label="explored")
axes.scatter(minutes[final], accuracy[final], s=48, marker="*", color="tab:red", label="trained to the end")
axes.set(xlabel="minutes", ylabel="val_accuracy", ylim=(max(0.0, float(accuracy.quantile(0.1)) - 0.02), 1.0))
axes.legend(loc="lower right")
figure.savefig(picture)
print(f"{len(trials)} trainings drawn: {picture}")
