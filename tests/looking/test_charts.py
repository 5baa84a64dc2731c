"""Charts: every kind draws, says what it must, and leaves pyplot alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.looking.decided import plain, short_names
from keras_nas.results.result import SearchResult
from tests.looking.made import HOSTILE, made_search


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> SearchResult:
    return made_search(tmp_path_factory.mktemp("made") / "search", count=30, name="first")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> SearchResult:
    return made_search(tmp_path_factory.mktemp("few") / "search", count=9, name=HOSTILE)


def words(figure: Any) -> str:
    from matplotlib.text import Text

    return " ".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("kind", ["overview", "search", "trials", "front", "parallel", "importance"])
def test_every_kind_draws(found: SearchResult, few: SearchResult, kind: str, tmp_path: Path) -> None:
    for result in (found, few):
        result.plot(kind).savefig(tmp_path / "chart.png")
    from matplotlib import _pylab_helpers

    assert _pylab_helpers.Gcf.get_all_fig_managers() == []


def test_a_notebook_shows_it(found: SearchResult) -> None:
    assert found.plot("trials")._repr_png_().startswith(b"\x89PNG")


def test_an_unknown_kind_is_refused(found: SearchResult) -> None:
    with pytest.raises(InvalidArgument, match="Unknown kind of plot 'frond': expected one of .*Did you mean 'front'"):
        found.plot("frond")


def test_the_course_shows_the_best_so_far(found: SearchResult) -> None:
    (axes,) = found.plot("trials").axes
    (best,) = [line for line in axes.lines if line.get_label() == "best so far"]
    heights = list(best.get_ydata())
    assert heights == sorted(heights)
    assert heights[-1] == max(t.scores["val_first"] for t in found.trials if not t.baseline)
    assert "your own model" in words(axes.figure)
    (seconds,) = found.plot("search").axes
    assert seconds.get_xlabel() == "seconds since the start"


def test_the_front_has_the_latency_on_its_axis(found: SearchResult) -> None:
    (axes,) = found.plot("front").axes
    assert axes.get_xlabel() == "latency_ms"
    assert "limit 0.5" in words(axes.figure)
    assert axes.get_xscale() == "log"


def test_the_line_of_the_front_joins_the_networks_that_the_table_lists(tmp_path: Path) -> None:
    """Networks without a model, and short trainings of what was trained to the end, have no place on either."""
    result = made_search(tmp_path / "search", constraints=[])
    short = result.trials[0]
    result.trials.append(replace(short, number=99, fidelity={}, scores={**short.scores, "latency_ms": 0.1}))
    (axes,) = result.plot("front").axes
    (line,) = [line for line in axes.lines if line.get_label() == "Pareto front"]
    listed = [(trial.scores["latency_ms"], trial.scores["val_plain"]) for trial in result.pareto_front()]
    assert sorted(zip(*line.get_data(), strict=True)) == sorted(listed)
    assert [trial.number for trial in result.pareto_front()] == [1, 0]


def test_few_networks_say_nothing_of_what_mattered(few: SearchResult) -> None:
    assert few.importance.empty
    said = few.plot("importance")
    assert "Fewer than 10 networks with scores" in words(said)
    assert said.get_figheight() < 2 < few.plot("trials").get_figheight()


def test_a_users_name_is_no_formula() -> None:
    assert plain("$x_2$") == r"\$x_2\$"
    assert plain("a" * 40) == "..." + "a" * 23
    assert plain("bell\x07") == "bell?"


def test_short_names_differ() -> None:
    assert short_names(["a/x/k", "b/x/k", "c/rate"]) == ["a/x/k", "b/x/k", "rate"]
    assert short_names(["k", "a/k"]) == ["k", "a/k"]
