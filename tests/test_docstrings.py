"""The examples in the docstrings run and print what they say."""

import doctest
import importlib

import pytest

from tests.source import Source, package

EXAMPLES = [source for source in package() if ">>> " in source.text]

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda source: source.module)
def test_examples_run(source: Source) -> None:
    module = importlib.import_module(source.module)
    result = doctest.testmod(module, optionflags=OPTIONS)
    assert result.attempted
    assert not result.failed, f"{result.failed} examples of {source.module} fail, see the captured output"
