"""The examples in docstrings and documents run and print what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.source import ROOT, Source, package

EXAMPLES = [source for source in package() if ">>> " in source.text]

DOCUMENTS = [
    path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if ">>> " in path.read_text()
]

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda source: source.module)
def test_examples_run(source: Source) -> None:
    module = importlib.import_module(source.module)
    result = doctest.testmod(module, optionflags=OPTIONS)
    assert result.attempted, f"every example of {source.module} is skipped: show one that runs, or none"
    assert not result.failed, f"{result.failed} examples of {source.module} fail, see the captured output"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_examples_in_documents_run(document: Path) -> None:
    result = doctest.testfile(str(document), module_relative=False, optionflags=OPTIONS, encoding="utf-8")
    assert not result.failed, f"{result.failed} examples of {document.name} fail, see the captured output"
