from dataclasses import replace

import pytest

import keras_nas
from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.errors import InvalidArgument
from keras_nas.files import checksum, write_json
from keras_nas.history import BEGINNING, KEPT, NEAREST, Facts, History, Past, beginning, history, nearest

CLOTHES = Facts("image_classification", "small_images", ("val_accuracy", "max"), 60_000, 10, (28, 28, 1))
FLOWERS = replace(CLOTHES, rows=3_670, outputs=5, shape=(32, 32, 3))
SPACE = Decisions((Decision("depth", Labels(tuple(range(20)))),))


def depth(number):
    return Architecture({"depth": number})


def past(facts, *depths, ended="2026-01-01 00:00:00"):
    return Past(facts, tuple(map(depth, depths)), tuple(1 - number / 100 for number in depths), ended)


def test_distance_is_of_sizes_and_infinite_between_tasks_that_do_not_compare():
    assert CLOTHES.distance(CLOTHES) == 0
    assert CLOTHES.distance(FLOWERS) == pytest.approx(FLOWERS.distance(CLOTHES))
    assert CLOTHES.distance(FLOWERS) > 1
    assert CLOTHES.distance(replace(CLOTHES, rows=600)) == pytest.approx(2)
    assert CLOTHES.distance(replace(CLOTHES, outputs=100)) == pytest.approx(1)
    for other in (
        replace(CLOTHES, task="image_regression"),
        replace(CLOTHES, space="resnet"),
        replace(CLOTHES, objective=("val_loss", "min")),
    ):
        assert CLOTHES.distance(other) == float("inf")


def test_the_nearest_searches_come_first_and_incomparable_ones_not_at_all():
    near, far, other = replace(CLOTHES, rows=50_000), FLOWERS, replace(CLOTHES, space="resnet")
    found = nearest([past(far, 1), past(other, 2), past(near, 3)], CLOTHES)
    assert [p.facts for p in found] == [near, far]
    assert len(nearest([past(CLOTHES, number) for number in range(9)], CLOTHES)) == NEAREST


def test_a_new_search_begins_with_the_best_of_each_in_turn():
    first, second = past(CLOTHES, 1, 2, 3), past(FLOWERS, 4, 1, 5)
    assert beginning([first, second], SPACE) == tuple(map(depth, (1, 4, 2, 3)))
    assert len(beginning([past(CLOTHES, *range(9))], SPACE)) == BEGINNING
    assert beginning([], SPACE) == ()


def test_what_is_no_architecture_of_the_space_is_left_out():
    strange = Past(CLOTHES, (Architecture({"width": 3}), depth(99), depth(7)), (1.0, 0.9, 0.8))
    assert beginning([strange], SPACE) == (depth(7),)


def test_searches_are_kept_in_files_that_another_process_reads(tmp_path):
    library = History(tmp_path / "library")
    assert list(library) == []
    library.add("a", past(CLOTHES, 1, 2))
    library.add("b", past(FLOWERS, 3, ended="2026-02-01 00:00:00"))
    assert [p.facts for p in History(tmp_path / "library")] == [FLOWERS, CLOTHES], "the latest first"
    assert next(iter(library)) == past(FLOWERS, 3, ended="2026-02-01 00:00:00")
    assert "History: 2 searches in" in repr(library)
    assert "image_classification, 60,000 rows of 28 x 28 x 1, 10 outputs, best 0.9900" in repr(library)


def test_a_search_that_goes_on_replaces_itself_and_does_not_learn_from_itself(tmp_path):
    library = History(tmp_path)
    library.add("a", past(CLOTHES, 1))
    library.add("a", past(CLOTHES, 2))
    assert [p.best for p in library.nearest(CLOTHES)] == [(depth(2),)]
    assert library.nearest(CLOTHES, apart_from="a") == []


def test_only_the_best_are_kept():
    kept = Past.of(CLOTHES, {depth(number): float(-number) for number in range(KEPT + 5)})
    assert (len(kept.best), len(kept.scores), kept.best[0]) == (KEPT, KEPT, depth(0))


def test_damaged_files_are_passed_over_and_others_left_alone(tmp_path):
    library = History(tmp_path)
    library.add("a", past(CLOTHES, 1))
    (tmp_path / f"{checksum('another')}.json").write_text("{", encoding="utf-8")
    others = {"notes.txt": "mine", "package.json": '{"name": "mine"}', "tsconfig.json": "{ // with a remark\n}"}
    for name, text in others.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(library) == 1
    library.clear()
    assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == others


def test_a_file_of_another_kind_is_neither_read_nor_removed(tmp_path):
    library = History(tmp_path)
    library.add("a", past(CLOTHES, 1))
    write_json(tmp_path / "result.json", {"reason": "done"})
    assert len(library) == 1
    library.clear()
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_folder_that_cannot_be_written_to_is_a_warning_that_names_the_way_out(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.warns(UserWarning, match="not added to the history in .*file.*KERAS_NAS_HISTORY=off"):
        History(tmp_path / "file").add("a", past(CLOTHES, 1))


def test_the_folder_is_that_of_the_argument_or_the_environment_or_none(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_NAS_HISTORY", "OFF")
    assert history().folder is None
    assert keras_nas.history(tmp_path / "own").folder == tmp_path / "own", "an argument says more than the environment"
    monkeypatch.setenv("KERAS_NAS_HISTORY", str(tmp_path / "named"))
    assert history().folder == tmp_path / "named"
    assert history(False).folder is None
    monkeypatch.delenv("KERAS_NAS_HISTORY")
    monkeypatch.setenv("KERAS_NAS_CACHE", str(tmp_path / "cache"))
    assert history().folder == tmp_path / "cache" / "history"
    with pytest.raises(InvalidArgument, match="history=3: expected True, False, or the path of a folder"):
        history(3)


def test_a_history_that_is_switched_off_holds_and_keeps_nothing():
    library = history(False)
    library.add("a", past(CLOTHES, 1))
    library.clear()
    assert (list(library), len(library), library.nearest(CLOTHES)) == ([], 0, [])
    assert repr(library) == "History: switched off"


def test_nothing_of_the_data_is_written(tmp_path):
    """Sizes, scores and architectures: neither class names nor paths."""
    History(tmp_path).add("a", past(CLOTHES, 1))
    told = past(CLOTHES, 1).to_json()
    assert told.keys() == {"facts", "best", "scores", "ended"}
    assert told["facts"].keys() == {"task", "space", "objective", "rows", "outputs", "shape"}
