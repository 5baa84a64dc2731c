"""Who imports whom: only downward, and only what is declared."""

import ast
import importlib
import re
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter

import pytest

import keras_nas
from tests.source import ROOT, Source, package, sources

# Lowest first. A module imports from its own row and the rows above it in this table, never from below.
LAYERS = (
    ("errors", "points", "replay"),
    ("files", "markup", "source", "papers"),
    ("artefact",),
    ("architecture", "domains"),
    ("decisions",),
    ("operators", "encoding"),
    ("net", "tuning", "drawing", "backbone"),
    ("nodes",),
    ("space", "graph", "nesting"),
    ("blocks",),
    ("spaces",),
    ("hypermodel", "objectives", "supernet"),
    ("strategy",),
    ("ledger",),
    ("tuners",),
    ("predictors",),
    ("oracle",),
    ("data",),
    ("tasks",),
    ("engine",),
    ("estimators",),
    ("export", "loading"),
    ("methods", "callbacks"),
    ("preparing",),
    ("outlook",),
    ("history",),
    ("results", "looking", "beginning", "session"),
    ("yardstick", "search"),
    ("resuming",),
    ("testing", "demo", "sklearn", "commands", "cli", "__main__"),
)
RANK = {unit: rank for rank, units in enumerate(LAYERS) for unit in units}

# What a block may know, and what a strategy may know.
ALLOWED = {
    "blocks": {unit for unit in RANK if RANK[unit] <= RANK["blocks"]},
    "tuners": {
        *("errors", "architecture", "domains", "decisions", "operators", "encoding"),
        *("objectives", "strategy", "ledger", "tuners"),
    },
}

# Distributions whose import name is another one, lower case.
DISTRIBUTION = {"sklearn": "scikit-learn", "pil": "pillow"}

PACKAGE = package()


def unit(module: str) -> str:
    """The part of a dotted name that the layers speak of: `keras_nas.engine.pool` belongs to `engine`."""
    return f"{module}.".split(".")[1]


def report(breaks: list[str]) -> None:
    """Fails with one line a break."""
    if breaks:
        pytest.fail("\n".join(breaks), pytrace=False)


def own_imports(source: Source) -> list[tuple[str, int]]:
    """The units of keras_nas that a file imports, with the lines."""
    return [(unit(i.name), i.line) for i in source.imports if i.name.split(".")[0] == "keras_nas"]


def test_every_module_has_a_layer() -> None:
    unknown = sorted({unit(source.module) for source in PACKAGE} - {*RANK, ""})
    report([f"keras_nas/{name}: give it a row in LAYERS of tests/test_layout.py" for name in unknown])


def test_every_folder_is_a_package() -> None:
    """One without an __init__.py would be left out of what is built."""
    folders = sorted({source.path.parent for source in PACKAGE})
    missing = [folder for folder in folders if not (folder / "__init__.py").is_file()]
    report([f"{folder.relative_to(ROOT).as_posix()}: has modules but no __init__.py" for folder in missing])


def test_imports_go_downward() -> None:
    report(
        [
            f"{source.at(line)}: keras_nas.{unit(source.module)} imports keras_nas.{target}, which stands above it"
            for source in PACKAGE
            if source.module != "keras_nas"
            for target, line in own_imports(source)
            if RANK.get(target, 0) > RANK.get(unit(source.module), len(LAYERS))
        ]
    )


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_blocks_and_strategies_know_only_what_they_may(folder: str) -> None:
    report(
        [
            f"{source.at(line)}: {folder}/ may not import keras_nas.{target}, only {sorted(ALLOWED[folder])}"
            for source in PACKAGE
            if unit(source.module) == folder
            for target, line in own_imports(source)
            if target not in ALLOWED[folder]
        ]
    )


def test_only_the_adapters_know_keras_tuner() -> None:
    adapters = {"oracle", "hypermodel"}
    report(
        [
            f"{source.at(i.line)}: imports keras_tuner when it is loaded; only {adapters} may"
            for source in PACKAGE
            if unit(source.module) not in adapters
            for i in source.imports
            if i.at_start and i.name.split(".")[0] == "keras_tuner"
        ]
    )


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    names = {source.module for source in PACKAGE}
    graph = {
        source.module: {i.name if i.name in names else i.name.rpartition(".")[0] for i in source.imports if i.at_start}
        & names - {source.module}
        for source in PACKAGE
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])), pytrace=False)


def test_imports_are_absolute_and_name_the_installed_packages() -> None:
    report(
        [
            f"{source.at(i.line)}: import {i.name} by its full name below keras_nas"
            for source in sources("keras_nas", "blocks", "tuners", "tests", "benchmarks", "examples")
            for i in source.imports
            if i.name.startswith(".") or i.name.split(".")[0] in {"blocks", "tuners"}
        ]
    )


def _distributions(requirements: list[str]) -> set[str]:
    """The names in a list of requirements, normalised."""
    return {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in requirements}


def test_everything_imported_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = _distributions(project["dependencies"])
    extras = {
        name
        for extra, lines in project["optional-dependencies"].items()
        if extra != "dev"
        for name in _distributions(lines)
    }
    ours = {*sys.stdlib_module_names, "keras_nas"}
    breaks = []
    for source in PACKAGE:
        for i in source.imports:
            top = i.name.split(".")[0].lower()
            name = DISTRIBUTION.get(top, top.replace("_", "-"))
            if top not in ours and name not in core and (i.at_start or name not in extras):
                breaks.append(f"{source.at(i.line)}: {name} is no core dependency (extras: only in functions)")
    report(breaks)


def test_public_names_resolve_and_are_typed_alike() -> None:
    (init,) = [source for source in PACKAGE if source.module == "keras_nas"]
    typed = {
        alias.asname
        for node in init.nodes(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_nas")
        for alias in node.names
    }
    assert typed == set(keras_nas.__all__)
    assert set(keras_nas.__all__) <= set(dir(keras_nas))
    for name in keras_nas.__all__:
        assert getattr(keras_nas, name) is getattr(keras_nas, name)


def test_an_unknown_public_name_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Stratgy'; the public names are .*'Strategy'"):
        _ = keras_nas.Stratgy


@pytest.mark.parametrize("name", sorted({unit(source.module) for source in PACKAGE} & set(keras_nas._HOME)))
def test_a_public_function_stays_in_front_of_the_module_of_its_name(name: str) -> None:
    module = importlib.import_module(f"keras_nas.{name}")
    assert sys.modules[f"keras_nas.{name}"] is module
    assert getattr(keras_nas, name) is getattr(module, name)
    assert callable(getattr(keras_nas, name))
