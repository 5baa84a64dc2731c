"""HTML and SVG text made of elements, so that what comes from a user is always escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeGuard

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is markup already and is not escaped again."""

    __slots__ = ()


def clean(text: object) -> str:
    """Any object as text that XML may hold: control characters and lone surrogates become question marks.

    So do those that turn the direction of text, which would also turn what stands behind them on a page.

    Example:
        >>> clean("tab\\tbell\\x07")
        'tab\\tbell?'
    """
    return _CONTROL.sub("?", str(text))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """One element.

    Args:
        name: of the element.
        *children: markup as it is, anything else as escaped text; None is left out.
        **attributes: values are escaped; a trailing underscore is dropped and others become hyphens (`class_`,
            `stroke_width`); those that are None are left out.

    Example:
        >>> tag("p", "1 < 2", tag("b", "!"), class_="note")
        '<p class="note">1 &lt; 2<b>!</b></p>'
    """
    told = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    inside = "".join(f' {key}="{escape(clean(value))}"' for key, value in told.items())
    return Markup(f"<{name}{inside}>{join(children)}</{name}>")


def join(children: Iterable[object], between: str = "") -> Markup:
    """Several pieces as one; what is no markup is escaped."""
    return Markup(between.join(_text(child) for child in children if child is not None))


def table(columns: Sequence[object], rows: Iterable[Sequence[object]], caption: object = None) -> Markup:
    """A table; a cell that holds a number is aligned to the right.

    Args:
        columns: the head.
        rows: as many cells as columns; numbers are shown to four digits, None as nothing.
        caption: above the table.

    Example:
        >>> "<th>a&amp;b</th>" in table(["a&b"], [["text"]])
        True
    """
    kept = list(rows)
    aligned = [_is_number(cell) for cell in kept[0]] if kept else [False] * len(columns)
    heads = [tag("th", c, class_="number" if right else None) for c, right in zip(columns, aligned, strict=True)]
    head = tag("thead", tag("tr", *heads))
    body = tag("tbody", *(tag("tr", *map(_cell, row)) for row in kept))
    return tag("table", None if caption is None else tag("caption", caption), head, body)


def number(value: float) -> str:
    """A number for people: whole ones with commas, others to four digits.

    Example:
        >>> number(1234567), number(0.98765), number(float("inf"))
        ('1,234,567', '0.9877', 'inf')
    """
    whole = float(value).is_integer() and abs(value) < 1e15
    return f"{value:,.0f}" if whole and abs(value) >= 2 else f"{value:,.4g}"


def counted(count: int, thing: str) -> str:
    """How many there are of something, for people.

    Example:
        >>> counted(1, "network"), counted(2000, "network")
        ('1 network', '2,000 networks')
    """
    return f"{count:,} {thing}{'s' * (count != 1)}"


def _cell(value: object) -> Markup:
    if _is_number(value):
        return tag("td", number(value), class_="number")
    return tag("td", value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(child: object) -> str:
    return child if isinstance(child, Markup) else escape(clean(child))
