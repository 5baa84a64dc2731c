from dataclasses import replace

import pytest

import keras_nas
from keras_nas.architecture import Architecture
from keras_nas.beginning import facts_of, points, recall, remember
from keras_nas.engine.store import Record, Store
from keras_nas.errors import InvalidArgument
from keras_nas.history import Facts, history
from keras_nas.ledger import Trial
from keras_nas.preparing.goal import goal_of
from keras_nas.spaces import get_space
from keras_nas.strategy import Failure, Outcome, Proposal
from tests.small import arguments, finished_search, tiny_space, tiny_training

SPACE = get_space("small_images", "image_classification")


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return tiny_training(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def goal():
    return goal_of("image_classification", tiny_space(), None, (None, None), None, None)


def network(filters, units):
    paths = [decision.path for decision in tiny_space().decisions]
    return Architecture(dict(zip(paths, (filters, units), strict=True)))


def trial(number, architecture, accuracy=None, final=False, **note):
    outcome = Outcome(failure=Failure("error", "no")) if accuracy is None else Outcome({"val_accuracy": accuracy})
    fidelity = {"final": 1.0} if final else {}
    return Trial(number, Proposal(architecture, fidelity, note=note), outcome=outcome)


TRIALS = (
    trial(0, network(4, 16), 0.7),
    trial(1, network(8, 16), 0.8),
    trial(2, network(8, 32)),
    trial(3, network(4, 16), 0.75, final=True),
    trial(4, Architecture({}), 0.99, baseline=True),
)


def test_points_are_completed_from_what_is_known_to_be_good():
    (point,) = points({"stage0/width": 48}, SPACE, seed=0)
    assert point["stage0/width"] == 48
    assert {path: label for path, label in point.items() if path != "stage0/width"} == {
        path: label for path, label in SPACE.start[0].items() if path != "stage0/width"
    }


def test_where_nothing_is_known_the_rest_is_drawn_by_the_seed():
    space = tiny_space()
    first, *_ = [decision.path for decision in space.decisions]
    drawn = {points({first: 8}, space, seed)[0] for seed in range(8)}
    assert drawn == {network(8, 16), network(8, 32)}
    assert points({first: 8}, space, 3) == points({first: 8}, space, 3)


def test_a_list_may_hold_several_and_an_architecture_is_a_point_that_leaves_nothing_open():
    own = SPACE.sample(3)
    assert points(None, SPACE, 0) == ()
    assert points([own, {"stage0/width": 48}, own], SPACE, 0)[:1] == (own,)
    assert len(points([own, own], SPACE, 0)) == 1


def test_wrong_points_are_refused_with_what_was_expected():
    with pytest.raises(InvalidArgument, match="Unknown decision 'stage0/widht'.*Did you mean 'stage0/width'"):
        points({"stage0/widht": 48}, SPACE, 0)
    with pytest.raises(InvalidArgument, match="'stage0/width' needs one of .*got 47"):
        points({"stage0/width": 47}, SPACE, 0)
    with pytest.raises(InvalidArgument, match="warm_start='best': expected the result of a search"):
        points("best", SPACE, 0)


def test_the_best_of_a_result_are_tried_first():
    result = finished_search()
    found = points(result, tiny_space(), 0)
    assert found[0] == result.winner.architecture
    assert len(found) == len({trial.architecture for trial in result.trials if not trial.baseline})
    with pytest.raises(InvalidArgument, match="none of the .* of the space 'tiny', is one of the space 'small_images'"):
        points(result, SPACE, 0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"history": 3}, "history=3: expected True, False, or the path of a folder"),
        ({"warm_start": {"widht": 3}}, "Unknown decision 'widht'"),
    ],
)
def test_wrong_arguments_are_said_before_the_data_are_looked_at(wrong, words):
    with pytest.raises(InvalidArgument, match=words):
        keras_nas.search("image_classification", None, **wrong)


@pytest.mark.slow
def test_a_search_tries_what_it_is_told_and_what_it_remembers(tmp_path):
    first = tiny_space().sample(1)

    def searched(name, **changes):
        given = arguments(tmp_path / name, max_trials=2, baseline_model=None, history=tmp_path / "library") | changes
        return keras_nas.search(given.pop("task"), given.pop("data"), **given)

    one = searched("one", warm_start=first)
    assert one.trials[0].architecture == first
    (past,) = keras_nas.history(tmp_path / "library")
    assert past.best[0] == one.winner.architecture
    two = searched("two", seed=1, strategy="evolution")
    assert two.trials[0].architecture == one.winner.architecture
    assert "Begins with the" in two.summary()
    assert len(keras_nas.history(tmp_path / "library")) == 2


def test_a_search_is_remembered_best_first_without_failures_and_the_user_s_own_model(goal, training, tmp_path):
    library = history(tmp_path / "library")
    remember(goal, training, TRIALS, tmp_path, library)
    (past,) = library
    assert past.best == (network(4, 16), network(8, 16)), "trained to the end before only explored"
    assert past.scores == (0.75, 0.8)
    assert past.facts == Facts("image_classification", "tiny", ("val_accuracy", "max"), 400, 10, (8, 8))
    remember(goal, training, TRIALS[2:3], tmp_path / "failed", library)
    assert len(library) == 1, "a search without a score is none to learn from"


def test_the_next_search_begins_with_it_and_says_so(goal, training, tmp_path):
    library = history(tmp_path / "library")
    remember(goal, training, TRIALS, tmp_path / "earlier", library)
    with Store(folder(tmp_path, "new")) as store:
        found = recall(goal, training, store, library)
        assert found.architectures == (network(4, 16), network(8, 16))
        assert found.told == (
            "Begins with the 2 best architectures of earlier searches (image_classification, 400 rows of 8 x 8, "
            "10 outputs).",
        )
        (past,) = found.searches
        assert found.merits(tiny_space()) == (dict(zip(past.best, past.scores, strict=True)),)
        assert found.from_json(found.to_json()) == found
        yardstick = replace(goal, strategy=random_search())
        assert recall(yardstick, training, store, library).architectures == ()
        assert recall(goal, training, store, history(False)).architectures == ()


def test_a_resumed_search_begins_as_it_did_whatever_has_been_found_since(goal, training, tmp_path):
    library = history(tmp_path / "library")
    with Store(folder(tmp_path, "new")) as store:
        begun = recall(goal, training, store, library)
        store.append([Record("call", body={"remembered": begun.to_json()})])
        remember(goal, training, TRIALS, tmp_path / "another", library)
        assert recall(goal, training, store, library) == begun
    with Store(folder(tmp_path, "old")) as store:
        found = recall(goal, training, store, library)
        store.append([Record("call", body={"remembered": found.to_json()})])
        library.clear()
        assert found.architectures and recall(goal, training, store, library) == found


def test_several_inputs_count_their_numbers_together(goal, training):
    signature = training.signature
    both = replace(signature, inputs={"a": signature.inputs, "b": signature.inputs})
    assert facts_of(goal, replace(training, signature=both)).shape == (128,)


def folder(tmp_path, name):
    made = tmp_path / name
    made.mkdir()
    return made


def random_search():
    from keras_nas.tuners import make

    return make("random")
