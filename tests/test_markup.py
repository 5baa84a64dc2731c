"""Markup: what is not markup is escaped, wherever it stands."""

from html import unescape
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from keras_nas.markup import Markup, clean, join, number, table, tag


def test_children_and_attributes_are_escaped() -> None:
    assert tag("p", "<b>", title='"&"') == '<p title="&quot;&amp;&quot;">&lt;b&gt;</p>'
    assert tag("p", Markup("<b></b>"), None, class_=None, stroke_width=2) == '<p stroke-width="2"><b></b></p>'
    assert join(["<", Markup("<")], ", ") == "&lt;, <"


@given(text=st.text())
def test_any_text_is_read_again_as_it_was(text: str) -> None:
    class Reader(HTMLParser):
        found: tuple[str, str] = ("", "")

        def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found = (name, dict(attrs)["title"] or "")

        def handle_data(self, data: str) -> None:
            assert clean(text) == unescape(data)

    reader = Reader(convert_charrefs=False)
    made = tag("i", title=text)
    made.encode()
    reader.feed(made)
    assert reader.found[0] == "i"
    assert tag("i", text).count("<") == 2


def test_what_turns_text_is_replaced() -> None:
    assert clean("a\u202eb\u2067c\ud800\x00") == "a?b?c??"
    assert clean("שלום\n\t") == "שלום\n\t"


def test_tables_align_numbers() -> None:
    shown = table(["a"], [[1.5], [True], [None], ["<"]], "b<c")
    assert '<td class="number">1.5</td>' in shown
    assert "<td>True</td>" in shown
    assert "<td></td>" in shown
    assert "<td>&lt;</td>" in shown
    assert "<caption>b&lt;c</caption>" in shown


def test_numbers_for_people() -> None:
    assert [number(value) for value in (0.98765, 1e6, 3.0, 1.0, float("inf"), 1e-7)] == [
        *("0.9877", "1,000,000", "3", "1", "inf", "1e-07"),
    ]
