"""The sizes and the forms that the code keeps."""

import ast
import re
from statistics import median

import pytest

from tests.source import ROOT, Function, Source, package, sources
from tests.test_layout import report

MODULE_MEDIAN, MODULE_MAXIMUM = 120, 300
FUNCTION_MEDIAN, FUNCTION_MAXIMUM = 10, 60
CONSTRUCTOR_ARGUMENTS = 7
EAGER = {"keras_nas.ledger.Ledger"}
"""Constructors that begin what they are given, so that what cannot work is refused at once."""
FACADES = {"keras_nas.search.search"}
"""Functions of so many arguments that the docstring alone is long; their code counts."""

SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Example", "Reference")

PACKAGE = package()
ALL = [*PACKAGE, *sources("benchmarks", "examples", "tests")]


def _length(function: Function) -> int:
    """Lines from `def` to the end, the docstring counted."""
    return (function.end_lineno or 0) - function.lineno + 1


def _code_length(function: Function) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    return _length(function) - ((first.end_lineno or 0) - first.lineno + 1 if documented else 0)


def test_modules_are_small() -> None:
    report(
        [
            f"{source.at(1)}: {source.size} lines, at most {MODULE_MAXIMUM}: are there two ideas in it?"
            for source in [*PACKAGE, *sources("benchmarks")]
            if source.size > MODULE_MAXIMUM
        ]
    )


def test_most_modules_are_smaller() -> None:
    sizes = {source.module: source.size for source in PACKAGE if source.path.name != "__init__.py"}
    middle = median(sizes.values())
    largest = sorted(sizes, key=lambda module: -sizes[module])[:8]
    assert middle <= MODULE_MEDIAN, f"median {middle} lines, at most {MODULE_MEDIAN}; the largest: {largest}"


def test_functions_are_short() -> None:
    report(
        [
            f"{source.at(f.lineno)}: {f.name} has {_length(f)} lines, at most {FUNCTION_MAXIMUM}"
            for source in [*PACKAGE, *sources("benchmarks")]
            for f in source.functions()
            if (_code_length if f"{source.module}.{f.name}" in FACADES else _length)(f) > FUNCTION_MAXIMUM
        ]
    )


def test_most_functions_are_shorter() -> None:
    middle = median(_code_length(f) for source in PACKAGE for f in source.functions())
    assert middle <= FUNCTION_MEDIAN


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)


def _constructor_arguments(node: ast.ClassDef) -> int:
    """How many arguments a class takes when it is called."""
    if _is_dataclass(node):
        fields = [ast.unparse(item) for item in node.body if isinstance(item, ast.AnnAssign)]
        return sum("ClassVar" not in field and "init=False" not in field for field in fields)
    found = [f.args for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
    return sum(len(args.posonlyargs + args.args + args.kwonlyargs) - 1 for args in found)


def test_constructors_take_few_arguments() -> None:
    report(
        [
            f"{source.at(node.lineno)}: {node.name} takes {count} arguments, at most {CONSTRUCTOR_ARGUMENTS}"
            for source in PACKAGE
            for node in source.classes()
            if (count := _constructor_arguments(node)) > CONSTRUCTOR_ARGUMENTS
        ]
    )


def _working(statement: ast.stmt) -> bool:
    """Whether a statement of a constructor does more than refuse, store, document or call the base class."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    if isinstance(statement, ast.If):
        return not all(isinstance(inner, ast.Raise) for inner in statement.body + statement.orelse)
    text = ast.unparse(statement)
    return not (isinstance(statement, ast.Expr) and re.match(r"super\(\)\.__init__|['\"]", text))


def test_constructors_only_store() -> None:
    report(
        [
            f"{source.at(statement.lineno)}: {node.name}.__init__ does more than store: {type(statement).__name__}"
            for source in PACKAGE
            for node in source.classes()
            for f in node.body
            if isinstance(f, ast.FunctionDef) and f.name == "__init__" and f"{source.module}.{node.name}" not in EAGER
            for statement in f.body
            if _working(statement)
        ]
    )


def _documented(source: Source) -> list[tuple[str, int, str | None]]:
    """The module and its public classes, functions and methods: name, line, docstring.

    Methods of a class with a base may inherit their docstring, so those without one are left out.
    """
    found = [(source.module, 1, ast.get_docstring(source.tree))]
    owners: list[ast.Module | ast.ClassDef] = [source.tree]
    for owner in owners:
        inherits = isinstance(owner, ast.ClassDef) and bool(owner.bases)
        for node in owner.body:
            if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
                text = ast.get_docstring(node)
                found += [(node.name, node.lineno, text)] if text or not inherits else []
                owners += [node] if isinstance(node, ast.ClassDef) else []
    return found


def test_public_things_are_documented() -> None:
    report(
        [
            f"{source.at(line)}: {name} has no docstring"
            for source in PACKAGE
            for name, line, text in _documented(source)
            if not text
        ]
    )


def test_docstrings_begin_with_a_sentence() -> None:
    report(
        [
            f"{source.at(line)}: the summary of {name} is one line that ends with a full stop"
            for source in PACKAGE
            for name, line, text in _documented(source)
            if text and not text.splitlines()[0].endswith((".", "?", "`"))
        ]
    )


def test_docstrings_keep_the_order_of_sections() -> None:
    breaks = []
    for source in PACKAGE:
        for name, line, text in _documented(source):
            headings = re.findall(r"^([A-Z]\w+):$", text or "", flags=re.MULTILINE)
            known = [SECTIONS.index(heading) for heading in headings if heading in SECTIONS]
            if len(known) < len(headings) or known != sorted(set(known)):
                breaks.append(f"{source.at(line)}: {name} has sections {headings}, of {SECTIONS} in this order")
    report(breaks)


def _unfinished(node: ast.AST) -> str | None:
    """What marks a node as unfinished or hiding an error, None for a sound one."""
    if isinstance(node, ast.ExceptHandler) and all(isinstance(s, ast.Pass) for s in node.body):
        return "an error is passed over; use contextlib.suppress on the one kind that is meant"
    if isinstance(node, ast.ExceptHandler) and node.type is None:
        return "a bare except catches even an interrupt"
    if isinstance(node, ast.Raise) and "NotImplemented" + "Error" in ast.unparse(node):
        return "leave out what is not done, or make it abstract"
    return None


def test_nothing_is_left_unfinished() -> None:
    found = [(source, node, _unfinished(node)) for source in ALL for node in source.all_nodes]
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|xf" r"ail)\b")
    report(
        [f"{source.at(node.lineno)}: {reason}" for source, node, reason in found if reason and hasattr(node, "lineno")]
        + [
            f"{source.at(number)}: {mark.group()}"
            for source in ALL
            for number, line in enumerate(source.text.splitlines(), 1)
            if (mark := marks.search(line))
        ]
    )


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(?<![\w.~>])/(?:home|root|work|farm|opt|mnt|Users)/\w|\b[A-Z]:\\\w", "a path of one machine"),
        (r"\bpy(?:pi\.org|thonhosted)|registry\.npm|deb\.debian\.org", "a registry's host name"),
    ],
)
def test_files_name_no_machine(pattern: str, why: str) -> None:
    kinds = {".py", ".md", ".toml", ".txt", ".yml", ".ipynb", ".in", ""}
    tops = ["keras_nas", "blocks", "tuners", "tests", "benchmarks", "examples", "docs", "requirements", ".ci"]
    files = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    files += [path for top in tops for path in (ROOT / top).rglob("*") if path.is_file()]
    report(
        [
            f"{path.relative_to(ROOT).as_posix()}:{number}: {why}: {line.strip()[:100]}"
            for path in sorted(files)
            if path.suffix in kinds and "__pycache__" not in path.parts
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if re.search(pattern, line)
        ]
    )
