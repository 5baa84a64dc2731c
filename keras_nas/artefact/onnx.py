"""ONNX files, and OpenVINO's from them: TensorFlow's graph converted operation by operation.

OpenVINO reads TensorFlow's graphs too, but without names for what comes out, and fewer of them.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact.alone import call_model, named
from keras_nas.artefact.portable import simplified

Arrays = dict[str, np.ndarray]

OPSET = 17
"""Version of ONNX's operations: of 2022, which runtimes of all kinds know."""


def write_onnx(model: Any, path: Path, samples: Arrays) -> None:
    """Inputs by their names, outputs as a SavedModel names them, any number of rows."""
    import onnx
    import tensorflow as tf
    import tf2onnx

    plain = simplified(model)
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype, name=tensor.name) for tensor in plain.inputs]

    def serve(*parts: Any) -> Any:
        return named(call_model(plain, parts))

    function = tf.function(serve, input_signature=specs, autograph=False)
    handlers: dict[str, Any] = {"Erfc": (_complement_of_erf, [])}
    proto, _ = tf2onnx.convert.from_function(function, specs, opset=OPSET, custom_op_handlers=handlers)
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(proto, path)


def write_openvino(model: Any, path: Path, samples: Arrays) -> None:
    """The network's description, and its float32 weights beside it."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # importing OpenVINO reports no use
    import openvino

    with tempfile.TemporaryDirectory(prefix="keras_nas_") as folder:
        write_onnx(model, Path(folder) / "model.onnx", samples)
        openvino.save_model(openvino.convert_model(Path(folder) / "model.onnx"), path, compress_to_fp16=False)


def _complement_of_erf(graph: Any, node: Any, name: str, arguments: Any) -> Any:
    """1 - erf(x), of which exact GELU is made: ONNX has no operation for it."""
    node.type = "Erf"
    one = graph.make_const(f"{node.name}/one", np.ones((), np.float32)).output[0]
    result = node.output[0]
    difference = graph.insert_new_node_on_output("Sub", result, name=f"{node.name}/complement")
    graph.replace_inputs(difference, [one, result])
    return difference
