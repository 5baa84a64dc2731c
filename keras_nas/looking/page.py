"""The frame of a report: one HTML page with its style inside, without scripts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from keras_nas.markup import Markup, join, tag

STYLE = """
:root { --ink: #1d2430; --soft: #5b6675; --line: #dde2e8; --ground: #f5f7f9; --mark: #b3261e; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0 0 2px; }
h2 { font-size: 18px; margin: 0 0 10px; }
p { margin: 6px 0; max-width: 80ch; }
nav { margin: 10px 0 18px; font-size: 13px; }
nav a { margin-right: 14px; color: #2457a6; text-decoration: none; }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin: 0 0 18px; }
.soft { color: var(--soft); font-size: 13px; }
.bad { color: var(--mark); font-weight: 600; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 0 0 12px; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; min-width: 140px;
  background: var(--ground); }
.tile b { display: block; font-size: 22px; line-height: 1.25; }
.wide { overflow-x: auto; }
.tall { overflow: auto; max-height: 1000px; text-align: center; border: 1px solid var(--line); border-radius: 8px;
  padding: 8px; }
.beside { display: flex; flex-wrap: wrap; gap: 28px; align-items: flex-start; }
.beside .tall { flex: 1 1 480px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(430px, 1fr)); gap: 14px; }
table { border-collapse: collapse; font-size: 13px; margin: 8px 0; }
caption { text-align: left; color: var(--soft); padding: 0 0 4px; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: break-word; max-width: 46ch; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: 8px; padding: 12px; overflow-x: auto;
  font: 13px/1.45 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; margin: 8px 0; }
figure { margin: 0; } figure svg { max-width: 100%; height: auto; }
.tall svg { max-width: none; }
ul { margin: 6px 0; padding-left: 20px; }
@media print { section { break-inside: avoid; border: 0; } .tall { max-height: none; } nav { display: none; } }
"""


def page(title: str, head: Markup, sections: Sequence[tuple[str, str, Markup]]) -> str:
    """A whole HTML document.

    Args:
        title: of the window and the page.
        head: below the title.
        sections: short name, heading and content of each.

    Example:
        >>> page("A & B", tag("p", "hello"), [("one", "First", tag("p", "text"))])[:15]
        '<!DOCTYPE html>'
    """
    links = tag("nav", *(tag("a", heading, href=f"#{name}") for name, heading, _ in sections))
    bodies = [tag("section", tag("h2", heading), content, id=name) for name, heading, content in sections]
    meta = Markup(
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    top = tag("head", meta, tag("title", title), tag("style", Markup(STYLE)))
    body = tag("body", tag("main", tag("h1", title), head, links, join(bodies)))
    return f"<!DOCTYPE html>\n{tag('html', top, body, lang='en')}\n"


def tile(words: str, value: str, note: str = "") -> Markup:
    """One figure in large letters."""
    return tag("div", words, tag("b", value), tag("span", note, class_="soft"), class_="tile")


def items(lines: Sequence[object]) -> Markup:
    """A list; what is indented, as a table in text is, stays in its columns below the line before it.

    Example:
        >>> items(["Costs:", "  name  value", "Time: 3 s"])
        '<ul><li>Costs:<pre>  name  value</pre></li><li>Time: 3 s</li></ul>'
    """
    groups: list[list[object]] = []
    for line in lines:
        if str(line).startswith("  ") and groups:
            groups[-1].append(line)
        else:
            groups.append([line])
    return tag("ul", *(tag("li", line, tag("pre", join(below, "\n")) if below else None) for line, *below in groups))


def wide(content: Markup) -> Markup:
    """Content that may be broader than the page."""
    return tag("div", content, class_="wide")
