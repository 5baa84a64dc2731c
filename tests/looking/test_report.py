"""The report: whole, escaped, without scripts, and the same from a fresh process."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import keras_nas
from keras_nas.cli import main
from keras_nas.looking.report import report
from keras_nas.looking.reproduction import _inputs, reproducing_call
from keras_nas.markup import clean
from keras_nas.results.result import SearchResult
from tests.looking.made import HOSTILE, made_search
from tests.small import finished_search

VOID = {"meta"}
SECTIONS = ["summary", "trust", "winner", "front", "course", "decisions", "networks", "failures", "time"]
SECTIONS += ["environment", "again"]


class Reader(HTMLParser):
    """Collects the elements, texts and attributes of a page and whether its tags are balanced."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> SearchResult:
    return made_search(tmp_path_factory.mktemp("made") / "a 'folder' & <more>", name=HOSTILE)


@pytest.fixture(scope="module")
def page(hostile: SearchResult) -> Reader:
    return Reader(report(hostile))


def test_the_page_is_balanced_and_holds_no_script(page: Reader) -> None:
    assert page.open == []
    assert not {"script", "iframe", "object", "embed", "link", "img", "form"} & set(page.seen)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.seen.count("svg") == 6


def test_nothing_is_fetched(page: Reader) -> None:
    addresses = [value for name, value in page.attributes if name in ("href", "src", "xlink:href", "srcset")]
    assert addresses
    assert all(value is not None and value.startswith("#") for value in addresses)
    assert not [text for text in page.texts if re.search(r"@import|url\((?!#)", text)]


def test_ids_are_unique(page: Reader) -> None:
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert set(SECTIONS) <= set(ids)


def test_hostile_names_are_text(page: Reader) -> None:
    words = " ".join(page.texts)
    shown = clean(HOSTILE)
    assert words.count(shown) >= 8
    assert not {"\x07", "\u202e"} & set(words)
    for part in (f"task {shown}", f"10 rows of class {shown}", "Refused before any training", "keras_nas.load("):
        assert part in words


def test_the_honesty_account(page: Reader) -> None:
    words = " ".join(page.texts)
    for part in (
        "chosen among 16 networks by its validation score, which is optimistic by that",
        "The hold-out, 50 rows, was looked at once, after the choice",
        "0.7000 to 0.9000",
        "overlap: the rows do not tell them apart",
        "the search ran with 7 alone",
        "Not met: latency_ms <= 0.5",
        "foretold at the start",
    ):
        assert part in words


def test_without_holdout_and_refits_the_account_says_so(tmp_path: Path) -> None:
    found = made_search(tmp_path / "search", count=4, holdout={"rows": 0, "scores": {}}, constraints=[])
    words = " ".join(Reader(report(found)).texts)
    assert "No rows were held out: there is no unbiased score. Search with holdout=0.15" in words
    assert "Not met" not in words
    assert "Fewer than 10 networks with scores" in words


def test_a_single_network_was_not_chosen_among_others(tmp_path: Path) -> None:
    words = " ".join(Reader(report(made_search(tmp_path / "search", count=2, winner=0))).texts)
    assert "chosen among 2 networks" in words
    words = " ".join(Reader(report(made_search(tmp_path / "alone", count=1, winner=0))).texts)
    assert "The winner is the only network that was trained." in words
    assert "1 network " in words


def test_a_lost_picture_is_words(tmp_path: Path) -> None:
    found = made_search(tmp_path / "search", count=4)
    (found.directory / "trials" / "1" / "model.keras").unlink()
    assert "There is no picture of it: The model of trial 1 was not kept" in report(found)


def test_the_page_is_written_whole_over_an_earlier_one(hostile: SearchResult, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("earlier")
    assert hostile.report(path) == path
    assert path.read_text().startswith("<!DOCTYPE html>\n<html lang=")
    assert list(tmp_path.iterdir()) == [path]


def test_the_call_is_python(hostile: SearchResult) -> None:
    call = reproducing_call(hostile)
    compile(call, "call", "exec")
    assert "seed=7" in call
    assert "space=your_space," in call
    assert "constraints={'latency_ms': 0.5}" in call
    assert "baseline_model=your_model" in call


def test_inputs_of_several_names_are_told() -> None:
    arrays = {f"c{number}": np.zeros((3, number), "float32") for number in range(8)}
    assert _inputs(arrays).startswith("c0 float32 (0,), c1 float32 (1,), ")
    assert _inputs(arrays).endswith("c5 float32 (5,), and 2 more")


def test_the_call_of_a_real_search_names_what_has_a_name() -> None:
    call = reproducing_call(finished_search())
    compile(call, "call", "exec")
    assert "    'image_classification',\n    data,  # 500 rows of uint8 (8, 8), fingerprint " in call
    assert "strategy='random'" in call
    assert "objectives=['val_accuracy', 'params']" in call
    assert "max_trials=4" in call


def test_the_command_line_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = made_search(tmp_path / "search", count=3)
    assert main(["report", str(found.directory), str(tmp_path / "r.html")]) == 0
    assert str(tmp_path / "r.html") in capsys.readouterr().out
    assert Reader((tmp_path / "r.html").read_text()).open == []
    assert main(["report", str(found.directory)]) == 0
    assert (found.directory / "report.html").exists()


@pytest.mark.slow
def test_a_fresh_process_writes_the_report_of_a_real_search(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    code = "import sys, keras_nas; keras_nas.load(sys.argv[1]).report(sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, str(finished_search().directory), str(path)], check=True, timeout=200)
    page = Reader(path.read_text())
    assert page.open == []
    assert "script" not in page.seen
    words = " ".join(page.texts)
    assert "image_classification on the space tiny" in words
    assert "Conv2D" in words


def test_a_result_in_a_notebook(hostile: SearchResult) -> None:
    for shown in (hostile, hostile.winner.architecture):
        card = Reader(shown._repr_html_())
        assert card.open == []
        assert "script" not in card.seen
        assert clean(HOSTILE) in " ".join(card.texts)


def test_a_loaded_result_reports_the_same(hostile: SearchResult) -> None:
    assert report(keras_nas.load(hostile.directory)) == report(hostile)
