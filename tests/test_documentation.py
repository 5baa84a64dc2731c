"""The pages of the API show all that is public, and nothing that is not there."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import keras_nas
from tests.source import ROOT, package

PACKAGES = [
    *("keras_nas", *(f"keras_nas.{name}" for name in keras_nas._SUBMODULES)),
    *("keras_nas.drawing", "keras_nas.predictors", "keras_nas.spaces", "keras_nas.supernet", "keras_nas.tasks"),
    "keras_nas.testing",
]
PAGES = sorted((ROOT / "docs" / "api").glob("*.md"))
SHOWN = {name for page in PAGES for name in re.findall(r"(?m)^::: ([\w.]+)$", page.read_text())}


def assigned(module: ast.Module) -> Iterator[str]:
    """Names that a module gives to values."""
    for node in module.body:
        for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
            yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name)) if target else ()


VALUES = {(name, source.module) for source in package() for name in assigned(source.tree)}


def public(package: str) -> list[str]:
    """What a package offers."""
    module = import_module(package)
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    return [name for name in names if f"{package}.{name}" not in PACKAGES]


def homes(package: str, name: str) -> list[str]:
    """The modules that define a name of a package; none for what it has from other libraries."""
    value: Any = getattr(import_module(package), name)
    if isinstance(value, type) or callable(value) and hasattr(value, "__module__"):
        return [value.__module__] if str(value.__module__).startswith("keras_nas") else []
    return [module for known, module in VALUES if known == name and module.startswith(package)]


@pytest.mark.parametrize("package", PACKAGES)
def test_all_that_is_public_has_its_place(package: str) -> None:
    missing = [
        f"{home}.{name}"
        for name in public(package)
        if (found := homes(package, name)) and not any({home, f"{home}.{name}"} & SHOWN for home in found)
        for home in found
    ]
    assert not missing, "a page of docs/api should have `::: " + "`, `::: ".join(missing) + "`"


def test_what_is_shown_exists() -> None:
    modules = {source.module for source in package()}
    for name in SHOWN - modules:
        home, _, last = name.rpartition(".")
        assert hasattr(import_module(home), last), name


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert not [page.name for page in PAGES if f"api/{page.name}" not in navigation]
