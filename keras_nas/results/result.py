"""What a search found, read from its directory: the models, their scores, and how good the winner really is."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.data import Rows
from keras_nas.engine.files import RANDOM_SEARCH, RESULT
from keras_nas.errors import StoreError
from keras_nas.files import read_json
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective
from keras_nas.results.candidate import Candidate, failed, refused, retrained, trained

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.figure import Figure

    from keras_nas.drawing import Picture
    from keras_nas.estimators.assignment import Training
    from keras_nas.export import Export
    from keras_nas.looking.timeline import Timeline


class SearchResult:
    """A finished search.

    Args:
        directory: of the search.
        training: what its trainings shared; None for a result that was read from disk.

    Raises:
        StoreError: when the directory holds no finished search.
    """

    def __init__(self, directory: Path, training: Training | None = None) -> None:
        self.directory = Path(directory)
        self.training = training
        told = read_json(self.directory / RESULT)
        if told is None:
            raise StoreError(
                f"{self.directory} holds no finished search: expected the folder of a search that has ended. "
                "`keras-nas status` looks at one that runs; `keras_nas.resume` goes on with one that was interrupted."
            )
        self.told: dict[str, Any] = told
        self.objectives = tuple(Objective(name, direction) for name, direction in told["objectives"])
        self.constraints = tuple(Constraint(name, limit, bound) for name, limit, bound in told["constraints"])

    @cached_property
    def trials(self) -> list[Candidate]:
        """All trainings that ended with a score, in the order of their proposal."""
        told = self.told.get("measured", {})  # of the winner, where it was only predicted before
        return [own.updated(told) if own.number == self.told["winner"] else own for own in trained(self.directory)]

    @cached_property
    def failures(self) -> list[tuple[int, str, str]]:
        """Failed trainings: number, kind, message."""
        return failed(self.directory)

    @cached_property
    def refusals(self) -> list[tuple[int, str]]:
        """Proposals that were refused before any training, since a constraint cannot be met: number, message."""
        return refused(self.directory)

    @cached_property
    def timeline(self) -> Timeline:
        """When things happened, and what the time was spent on; pauses between runs do not count."""
        from keras_nas.looking.timeline import Timeline

        return Timeline.read(self.directory)

    @property
    def winner(self) -> Candidate:
        """The best network; its latency is measured, where that was asked for."""
        return next(trial for trial in self.trials if trial.number == self.told["winner"])

    @property
    def best_model(self) -> Any:
        """The winner as a Keras model: the very one that was scored."""
        return self.winner.model

    @property
    def baseline(self) -> Candidate | None:
        """The user's own model, trained as long as a finalist."""
        return next((trial for trial in self.trials if trial.baseline), None)

    @property
    def random_search(self) -> SearchResult | None:
        """The random search that was run for comparison, a result of its own (`keras_nas.search(baseline=True)`)."""
        folder = self.directory / RANDOM_SEARCH
        return SearchResult(folder) if (folder / RESULT).exists() else None

    @property
    def holdout(self) -> Mapping[str, float]:
        """The winner's scores on rows that nothing else has seen."""
        return dict[str, float](self.told["holdout"]["scores"])

    @property
    def weight_sharing(self) -> Mapping[str, float] | None:
        """`networks` trained alone to check shared weights, the `kendall_tau` and `spearman` of both; None without."""
        from keras_nas.looking.sharing import ranking

        return ranking(self)

    def best(self, **limits: float) -> Candidate:
        """The best network within limits: `best(max_latency_ms=10, max_params=1e5, min_val_accuracy=0.9)`.

        Args:
            **limits: `max_<score>` or `min_<score>`; without any, it is the winner. It is one of the trained ones;
                after `method="once_for_all"` any network of its supernet, which leaves it with its weights.

        Raises:
            InvalidArgument: for a limit of another form or an unknown score, or when no such network meets them all.
        """
        from keras_nas.looking.choosing import best

        return best(self, limits)

    def pareto_front(self) -> list[Candidate]:
        """The networks that no other beats in every objective, each with its model, by the first objective."""
        from keras_nas.looking.choosing import front

        return front(self)

    def leaderboard(self) -> pd.DataFrame:
        """All trained networks, best first: what was measured, with the unit in the name, and every decision.

        Returns:
            Columns trial, stage ("final" was trained to the end, "explored" shortly, "baseline" is your own), scores,
            costs (params, their size_mb in float32 ...), epochs and seconds of training; then the decisions' paths.
        """
        from keras_nas.looking.board import leaderboard

        return leaderboard(self)

    @cached_property
    def importance(self) -> pd.DataFrame:
        """What each decision mattered for the first objective, most first, and how sure that is.

        Returns:
            Columns decision, share (of the scores' variance: how much worse a random forest foretells the scores when
            the decision's answers are shuffled), spread (standard deviation over 20 samples of the networks) and
            explained (what the forests foretell in all). Empty with under 10 networks, or where all score the same.

        Reference:
            Breiman, "Random forests", Machine Learning 45, 2001.
        """
        from keras_nas.looking.importance import importance

        return importance(self)

    def plot(self, kind: str = "overview") -> Figure:
        """A chart of the search.

        Args:
            kind: "search" (every score over the seconds), "trials" (over the number of networks), "front" (score and
                cost: the second objective, the latency where it was measured, or the size), "importance" (what each
                decision mattered), "parallel" (each network a line through its decisions), or "overview" (of four).

        Returns:
            A figure that a notebook shows and `figure.savefig("search.png")` writes; pyplot is not involved.

        Raises:
            InvalidArgument: for another kind.
        """
        from keras_nas.looking.charts import plot

        return plot(self, kind)

    def plot_architecture(self, candidate: Candidate | None = None) -> Picture:
        """The network as a picture: layers in boxes, cells and stages in frames, shapes and parameters.

        Args:
            candidate: of this result; by default the winner.

        Returns:
            SVG text that a notebook shows; `.save("winner.svg")` writes it.

        Raises:
            StoreError: when the model was not kept.
            InvalidArgument: when it is one of your own without a graph of layers.
        """
        from keras_nas.drawing import draw

        shown = candidate or self.winner
        return draw(shown.model, f"trial {shown.number}")

    def report(self, path: str | Path = "report.html") -> Path:
        """Write one self-contained page without scripts: what was found, how far to trust it, and how to do it again.

        Args:
            path: the HTML file, which is returned; folders are made, an earlier file is replaced.
        """
        from keras_nas.looking.report import write_report

        return write_report(self, path)

    @cached_property
    def rows(self) -> Rows:
        """The data of the search."""
        return Rows.load(self.directory / "data")

    @property
    def classes(self) -> tuple[Any, ...]:
        """The user's labels in the order of the model's outputs; empty for regression."""
        return tuple(self.rows.labels.classes)

    def export(
        self,
        path: str | Path,
        format: str = "saved_model",  # noqa: A002
        overwrite: bool = False,
        candidate: Candidate | None = None,
    ) -> Export:
        """Write a model to a new folder, run it there in a fresh process without keras_nas, compare, and time it.

        Args:
            path: of the folder.
            format: "saved_model", "keras", "litert", "litert_float16", "litert_int8" (scaled by training rows), "onnx",
                "openvino" (these two with `keras-nas[onnx]` and `keras-nas[openvino]`), or "source" (see `to_source`).
            overwrite: whether an earlier export there is replaced.
            candidate: one of `trials`, `pareto_front()` or `refits`, or what `best` gives; the winner where None.

        Raises:
            ExportError: when it cannot be written, or gives other outputs than the model in memory.
            MissingDependency: when a package that the format needs is not installed.
        """
        from keras_nas.results.deploying import export_candidate

        return export_candidate(self, path, format, overwrite, candidate)

    def to_source(self, path: str | Path = "model.py", overwrite: bool = False) -> Export:
        """Write the winner as a program of plain Keras, verified like an export; its weights stand beside it.

        Args:
            path: the program; its `load_model()` makes the network with its weights, `build_model()` one without.
            overwrite: whether files of these names are replaced.
        """
        from keras_nas.results.deploying import write_winner

        return write_winner(self, path, overwrite)

    def refit(
        self,
        max_time: float | None = None,
        epochs: float | None = None,
        seed: int | None = None,
        all_rows: bool = False,
    ) -> Candidate:
        """Train the winner's architecture anew, by its recipe.

        The winner stays what it is; this is another network, with scores of its own, below `refits` in the search's
        folder. It never learns from the hold-out.

        Args:
            max_time: seconds of training; where neither this nor `epochs` is given, as long as the winner's.
            epochs: passes over the training rows.
            seed: of weights and batches; by default one that no training of this winner had.
            all_rows: learn from the validation rows too, which is worth most where rows are few; scores are those of
                the hold-out then, where there is one, in `measurements["holdout"]`.

        Raises:
            InvalidArgument: when the search used objects of your own that are not on disk.
            SearchFailed: when it failed.
        """
        from keras_nas.results.refit import refit

        return refit(self, {"seconds": max_time, "epochs": epochs}, seed, all_rows)

    @property
    def refits(self) -> list[Candidate]:
        """The retrained winners, in order."""
        return retrained(self.directory)

    def summary(self) -> str:
        """The account of the search, for people."""
        from keras_nas.results.summary import summarise

        return summarise(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from keras_nas.looking.card import card

        return card(self)


def load(directory: str | Path) -> SearchResult:
    """The result of a search that has ended, from its directory.

    Raises:
        StoreError: when it holds no finished search.
    """
    return SearchResult(Path(directory))
