"""Reads the project's own source for the tests that check its layout and style."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"keras_nas": "keras_nas", "blocks": "keras_nas.blocks", "tuners": "keras_nas.tuners"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
    """One imported module: its absolute name, the line, and whether importing the file runs the import."""

    name: str
    line: int
    at_start: bool


@dataclass(frozen=True)
class Source:
    """A Python file: where it stands, the module it is, its text and its tree."""

    path: Path
    module: str

    @cached_property
    def text(self) -> str:
        """The file's text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The file's syntax tree."""
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def size(self) -> int:
        """Number of lines."""
        return len(self.text.splitlines())

    def at(self, line: int) -> str:
        """`folder/file.py:line`, relative to the repository."""
        return f"{self.path.relative_to(ROOT).as_posix()}:{line}"

    @cached_property
    def all_nodes(self) -> list[ast.AST]:
        """All syntax nodes, in no particular order."""
        return list(ast.walk(self.tree))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """All syntax nodes of some kinds, in no particular order."""
        return (node for node in self.all_nodes if isinstance(node, kinds))

    def functions(self) -> list[Function]:
        """All functions and methods, inner ones too."""
        return [node for node in self.all_nodes if isinstance(node, Function)]

    def classes(self) -> list[ast.ClassDef]:
        """All classes, inner ones too."""
        return [node for node in self.all_nodes if isinstance(node, ast.ClassDef)]

    @cached_property
    def imports(self) -> list[Import]:
        """All imports; `from package import name` counts as package.name, which is exact where that is a module."""
        lazy = {id(inner) for outer in self._deferred() for inner in ast.walk(outer)}
        found = []
        for node in self.nodes(ast.Import, ast.ImportFrom):
            found += [Import(name, node.lineno, id(node) not in lazy) for name in _imported(node)]
        return found

    def _deferred(self) -> Iterator[ast.AST]:
        """The parts that do not run on import: function bodies and `if TYPE_CHECKING:` blocks."""
        yield from self.functions()
        for node in self.nodes(ast.If):
            if "TYPE_CHECKING" in ast.unparse(node.test):
                yield node


def _imported(node: ast.AST) -> list[str]:
    """The names that an import statement asks for; relative ones begin with dots."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert isinstance(node, ast.ImportFrom)
    return ["." * node.level + f"{node.module or ''}.{alias.name}" for alias in node.names]


def sources(*folders: str) -> list[Source]:
    """The Python files of some folders of the repository, links not followed, in order of their paths."""
    return [source for folder in folders for source in _sources(folder)]


@cache
def _sources(folder: str) -> list[Source]:
    """Those of one folder, which all tests read once."""
    return [
        Source(path, _module(path, folder))
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(parent.is_symlink() for parent in path.relative_to(ROOT).parents)
    ]


def package() -> list[Source]:
    """The files that are installed."""
    return sources(*FOLDERS)


def _module(path: Path, folder: str) -> str:
    """Dotted name of a file's module, as it is imported."""
    parts = path.relative_to(ROOT / folder).with_suffix("").parts
    return ".".join([FOLDERS.get(folder, folder), *(part for part in parts if part != "__init__")])
