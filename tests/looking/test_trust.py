from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from keras_nas.architecture import Architecture
from keras_nas.looking.trust import (
    effort_lines,
    lead_lines,
    networks_in_words,
    other_seeds,
    short_lines,
    trust_lines,
)
from keras_nas.objectives import objectives_from
from keras_nas.results.candidate import Candidate
from tests.looking.made import made_search


def candidate(number, score, network=None, final=True):
    fidelity = {"final": 1.0} if final else {"epochs": 3.0}
    architecture = Architecture({"width": number if network is None else network})
    return Candidate(number, architecture, {"val_accuracy": score}, fidelity, Path("none"))


BEST = candidate(5, 0.9)


def test_the_lead_is_over_the_next_that_was_trained_as_long():
    others = [candidate(1, 0.85), candidate(2, 0.89), candidate(3, 0.899, final=False), BEST]
    (line,) = lead_lines(BEST, others, "val_accuracy")
    assert line == (
        "Lead: 0.0100 in val_accuracy over trial 2, the next of 2 trained to the end; what another seed would "
        "change is not known (result.refit() tells)."
    )


def test_beside_it_stands_what_seeds_and_rows_leave_open():
    (line,) = lead_lines(BEST, [candidate(2, 0.89)], "val_accuracy", again=[0.88, 0.92], interval=(0.88, 0.91))
    assert "other seeds of the winner are 0.0200 apart (standard deviation of 3)" in line
    assert line.endswith("that is less than the 0.0150 that the rows held out leave open either way.")
    (line,) = lead_lines(BEST, [candidate(2, 0.8)], "val_accuracy", interval=(0.88, 0.91))
    assert "that is more than the 0.0150" in line


def test_a_winner_that_was_not_trained_to_the_end_is_warned_of(tmp_path):
    short = replace(candidate(1, 0.2, final=False), measurements={"epochs": 0.0})
    (line,) = effort_lines(short)
    assert line.startswith("Warning: no network was trained to the end, the winner saw 0 epochs: give the search more")
    assert effort_lines(BEST) == []
    assert "to the end" not in made_search(tmp_path / "search").summary()


def test_who_is_trained_twice_is_one_network():
    once, twice = [candidate(1, 0.5), candidate(2, 0.6)], [candidate(1, 0.5, final=False), candidate(7, 0.6, network=1)]
    assert networks_in_words(once, " trained") == "2 networks trained"
    assert networks_in_words([*once, *twice]) == "2 networks in 4 trainings"
    assert networks_in_words(twice[:1]) == "1 network"


def test_alone_it_leads_nobody():
    assert lead_lines(BEST, [BEST, candidate(1, 0.5, final=False)], "val_accuracy") == []


@pytest.mark.parametrize(("long", "words"), [((1, 2, 3), "tau 1.00."), ((3, 1, 2), "tau -0.33; below 0.3 they hardly")])
def test_short_trainings_beside_long_ones(long, words):
    short = [candidate(number, number / 10, number, final=False) for number in range(6)]
    finalists = [candidate(10 + number, score / 10, number) for number, score in zip((1, 2, 3), long, strict=True)]
    (line,) = short_lines([*short, *finalists], "val_accuracy")
    assert line.startswith("Short trainings ordered the 3 finalists as long ones did by Kendall's")
    assert words in line
    assert short_lines([*short, *finalists[:2]], "val_accuracy") == []


def test_where_one_is_trained_to_the_end_rungs_tell_how_well_they_order():
    def climbed(number, network, rung, score):
        return replace(candidate(number, score, network, final=False), fidelity={"rung": float(rung), "epochs": 3.0})

    first = [climbed(number, number, 0, number / 10) for number in range(9)]
    second = [climbed(10 + number, number, 1, 0.5 + score) for number, score in ((8, 0.3), (7, 0.1), (6, 0.2))]
    (line,) = short_lines([*first, *second, climbed(20, 8, 2, 0.9), candidate(21, 0.95, 8)], "val_accuracy")
    assert line == (
        "Shorter trainings ordered the 3 networks that went on to a longer one as long ones did by Kendall's tau 0.33."
    )
    assert short_lines([*first, *second[:2]], "val_accuracy") == []
    finalists = [candidate(30 + number, 0.9 + number / 100, number) for number in (6, 7, 8)]
    (line,) = short_lines([*first, *second, *finalists], "val_accuracy")
    assert "the 3 finalists" in line
    assert "tau 0.33" in line, "a finalist's last short training is what it was chosen by"


def test_a_summary_of_several_objectives_says_nothing_of_a_lead(tmp_path):
    summary = made_search(tmp_path / "search").summary()
    assert "Lead:" not in summary


def test_the_winner_s_other_seeds_are_nobody_to_lead():
    again = candidate(6, 0.89, network=5)
    assert other_seeds(BEST, [BEST, again, candidate(7, 0.7), candidate(8, 0.6, 5, final=False)]) == [again]
    (line,) = lead_lines(BEST, [BEST, again], "val_accuracy", again=[0.89])
    assert line == ("Seeds: the winner trained with 2 of them differs by 0.0071 in val_accuracy (standard deviation).")
    (line,) = lead_lines(BEST, [BEST, again, candidate(7, 0.88)], "val_accuracy", again=[0.89])
    assert line.startswith(
        "Lead: 0.0200 in val_accuracy over trial 7, the next of 1 trained to the end; other seeds of"
    )
    assert "the lead is 2.8 times that" in line


def test_a_longer_training_of_the_winner_is_no_other_seed():
    def words(**lengths):
        result = SimpleNamespace(
            objectives=objectives_from("val_accuracy"),
            constraints=(),
            winner=BEST,
            trials=[BEST, candidate(7, 0.88)],
            refits=[replace(candidate(1, 0.95, network=5), fidelity={"final": 1.0, **lengths})],
            told={"holdout": {}},
            random_search=None,
        )
        (line,) = trust_lines(result)
        return line

    assert "other seeds of the winner are 0.0354 apart (standard deviation of 2)" in words()
    assert "what another seed would change is not known" in words(epochs=50.0)
