"""A search as a scikit-learn estimator: in a pipeline, cross-validated beside gradient boosting, and kept by joblib.

    python examples/scikit_learn.py

Each fold is a search of its own, so that the score is one of the whole procedure, the choice of the network included.
"""

from pathlib import Path
from typing import Any

import joblib
from sklearn.datasets import load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from keras_nas.sklearn import NASClassifier


def main(folds: int = 3, file: str = "wine.joblib", **options: Any) -> dict[str, float]:
    """Mean accuracy over the folds of both models."""
    x, y = load_wine(return_X_y=True)
    models = {
        "keras_nas": make_pipeline(SelectKBest(k=10), NASClassifier(**options)),
        "gradient boosting": HistGradientBoostingClassifier(random_state=0),
    }
    scores = {name: float(cross_val_score(model, x, y, cv=folds).mean()) for name, model in models.items()}
    for name, score in scores.items():
        print(f"{name:<18} accuracy {score:.4f}, mean of {folds} folds")
    fitted = models["keras_nas"].fit(x, y)
    joblib.dump(fitted, file)
    again = joblib.load(file)
    print(f"{Path(file)}: predicts {again.predict(x[:3])}, true {y[:3]}")
    return scores


if __name__ == "__main__":
    main(max_time=45)
