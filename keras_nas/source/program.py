"""A Keras model as the source of a program that makes it: plain Keras, with functions for what it repeats."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.errors import ExportError
from keras_nas.source.calls import Network, Value, builder, identifier, network_of
from keras_nas.source.layout import broken
from keras_nas.source.literals import TENSOR, filled, literal
from keras_nas.source.repeats import Helper, outlined
from keras_nas.source.text import INDENT, Body, lines_of, looped

if TYPE_CHECKING:
    import numpy as np

WEIGHTS, ARRAYS = ".weights.h5", ".arrays.npz"

HEAD = '''"""{title}

Plain Keras, written by keras_nas:

    model = load_model()  # with the trained weights, from the file beside this one
    predictions = model.predict({rows})
"""
'''
LOAD = '''def load_model(weights=Path(__file__).with_suffix("{weights}")):
    """The network with its trained weights."""
    model = build_model()
    model.load_weights(weights)
    return model
'''


@dataclass
class Source:
    """A program.

    Args:
        functions: The texts of its functions, each after those it uses.
        arrays: Constants that are too long for the text, by name.
        names: Of the functions.
    """

    functions: list[str] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def add(self, model: Any, name: str) -> None:
        """Write the function that makes a model, after those that it uses.

        Raises:
            ExportError: A part of the model has no source.
        """
        if name in self.names:
            raise ExportError(f"Two models within the model are called {model.name!r}: give them other names.")
        self.names.add(name)
        network = network_of(model, self.arrays)
        for call in network.calls:
            if call.model is not None:
                self.add(call.model, builder(call.model))
        calls, helpers = outlined(network, self.names)
        self.functions += [_helper(helper) for helper in helpers]
        self.functions.append(_build(name, model, network, calls))


def source_of(model: Any) -> Source:
    """A program that makes a Keras model: `build_model()` without, `load_model()` with its weights.

    Args:
        model: A functional or sequential one of Keras' own layers and operations.

    Returns:
        The program's functions, and the constants that are too long for them.

    Raises:
        ExportError: A part of the model has no source: a layer that is not Keras', say.
    """
    source = Source()
    source.add(model, "build_model")
    return source


def write_source(model: Any, path: Path) -> None:
    """Write the program, and beside it the weights and what is too long for its text.

    Raises:
        ExportError: A part of the model has no source.
    """
    import numpy as np

    source = source_of(model)
    weights, arrays = path.with_suffix(WEIGHTS), path.with_suffix(ARRAYS)
    if source.arrays:
        np.savez(arrays, allow_pickle=False, **source.arrays)
    path.write_text(program(source, model), encoding="utf-8")
    namespace: dict[str, Any] = {"__file__": str(path), "__name__": path.stem}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)  # noqa: S102 - our own text
    copy = namespace["build_model"]()
    copy.set_weights(model.get_weights())
    copy.save_weights(weights)


def program(source: Source, model: Any) -> str:
    """The whole text."""
    names = [tensor.name for tensor in model.inputs]
    body = "\n\n\n".join(source.functions)
    rows = names[0] if len(names) == 1 and identifier(names[0]) == names[0] else "rows"
    title = f"The network {identifier(model.name)}: {model.count_params():,} parameters."
    used = [name for name in ("initializers", "layers", "ops", "regularizers", "constraints") if f"{name}." in body]
    imports = ["from pathlib import Path", "", "import keras"]
    imports += ["import numpy as np"] if "np." in body or source.arrays else []
    imports += [f"from keras import {', '.join(sorted(used))}"] if used else []
    lines = [HEAD.format(title=title, rows=rows), *imports, ""]
    lines += [f"ARRAYS = np.load(Path(__file__).with_suffix({literal(ARRAYS)}))", ""] if source.arrays else []
    return "\n".join([*lines, "", body, "", "", LOAD.format(weights=WEIGHTS)])


def _build(name: str, model: Any, network: Network, calls: Any) -> str:
    """The function that makes one model."""
    variables: dict[Value, str] = {}
    for number, tensor in enumerate(network.inputs):
        variables[Value(-1 - number)] = _variable(tensor.name, {*variables.values(), *network.shared})
    lines = [f"{variable} = {_input(t)}" for variable, t in zip(variables.values(), network.inputs, strict=True)]
    lines += [f"{variable} = {made}" for variable, made in network.shared.items()]
    kept = frozenset({*variables.values(), *network.shared})
    body, given = lines_of(Body(calls, variables, network.given, kept, titled=len(calls) > 20))
    taken = filled(network.taken[0], TENSOR, [variables[value] for value in network.taken[1]])
    ending = f"return keras.Model({taken}, {given}, name={literal(model.name)})"
    return _function(f"def {name}():", [*lines, *looped(body), ending])


def _helper(helper: Helper) -> str:
    """A function that is used several times."""
    given = "xyz"[: len(helper.inputs)] if len(helper.inputs) < 4 else [f"x{n + 1}" for n in range(len(helper.inputs))]
    names = dict(zip(helper.inputs, given, strict=True))
    body = Body(helper.calls, names, (TENSOR, [helper.output]), frozenset(helper.numbers), helper.derived)
    lines, output = lines_of(body)
    target, _, text = lines[-1].partition(" = ")
    direct = target == output and lines[-1] != lines[-2]
    lines = [*looped(lines[:-1]), f"return {text}"] if direct else [*looped(lines), f"return {output}"]
    return _function(f"def {helper.name}({', '.join([*given, *helper.numbers])}):", lines)


def _function(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, *(broken(f"{INDENT}{line}") if line else "" for line in lines)])


def _variable(name: str, taken: set[str]) -> str:
    """A variable for an input: its name where it can be one."""
    base = identifier(name)
    base = f"{base}_" if keyword.iskeyword(base) or base in ("keras", "layers", "ops", "np", *"xyz") else base
    return next(n for n in (base, *(f"{base}_{i}" for i in range(2, len(taken) + 3))) if n not in taken)


def _input(tensor: Any) -> str:
    shape, dtype = literal(tuple(tensor.shape[1:])), literal(tensor.dtype)
    return f"keras.Input({shape}, dtype={dtype}, name={literal(tensor.name)})"
