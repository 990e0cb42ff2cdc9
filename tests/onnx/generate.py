"""Writes `nodes.json` and `nodes.safetensors` from the tests in the Python package `onnx`: `generate.py`.

Taken are all tests in `f32` whose graph is one Conv or ConvTranspose, and those of CausalConvWithState that start from
no state. A test of many images is cut to its first ones.
"""

import json
from pathlib import Path

import numpy
import onnx
from onnx import helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from safetensors.numpy import save_file

OPERATORS = ["Conv", "ConvTranspose", "CausalConvWithState"]
MOST_IMAGES = 3
HERE = Path(__file__).resolve().parent
DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"


def node_tests():
    """The tests that the package defines in Python: name, graph, tensors in and out."""
    for case in collect_testcases(None):
        if case.model is not None:
            for inputs, outputs in case.data_sets:
                yield case.name, case.model.graph, inputs, outputs


def stored_tests():
    """The tests that the package has as files."""
    for path in sorted(DATA.glob("*/*/model.onnx")):
        graph = onnx.load(path).graph
        for data in sorted(path.parent.glob("test_data_set_*")):
            inputs, outputs = (read_all(data, kind) for kind in ("input", "output"))
            yield path.parent.name, graph, inputs, outputs


def read_all(directory, kind):
    count = len(list(directory.glob(f"{kind}_*.pb")))
    return [read(directory / f"{kind}_{index}.pb") for index in range(count)]


def read(path):
    return numpy_helper.to_array(onnx.load_tensor(path))


def convert(name, graph, inputs, outputs):
    """What Atrous needs of a test: the node, and its tensors by their names in the operator's definition."""
    if [node.op_type in OPERATORS for node in graph.node] != [True]:
        return None
    (node,) = graph.node
    constants = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    given = [value.name for value in graph.input if value.name not in constants]
    values = constants | dict(zip(given, inputs, strict=True))
    tensors = dict(zip("XWBS", (values.get(value) for value in node.input))) | {"Y": outputs[0]}
    tensors = {key: tensor for key, tensor in tensors.items() if tensor is not None}
    if "S" in tensors or any(tensor.dtype != numpy.float32 for tensor in tensors.values()):
        return None
    for key in "XY":
        tensors[key] = tensors[key][:MOST_IMAGES]
    attributes = {attribute.name: plain(helper.get_attribute_value(attribute)) for attribute in node.attribute}
    return {"name": name, "operator": node.op_type, "attributes": attributes}, tensors


def plain(value):
    return value.decode() if isinstance(value, bytes) else value


def main():
    tests = [*node_tests(), *stored_tests()]
    cases = sorted(filter(None, (convert(*test) for test in tests)), key=lambda case: case[0]["name"])
    nodes, tensors = [], {}
    for node, arrays in cases:
        shapes = {key: list(array.shape) for key, array in arrays.items()}
        nodes.append(json.dumps(node | {"shapes": shapes}))
        tensors |= {f"{node['name']}.{key}": numpy.ascontiguousarray(array) for key, array in arrays.items()}
    assert len(tensors) == sum(len(arrays) for _, arrays in cases), "two tests have one name"
    (HERE / "nodes.json").write_text("[\n" + ",\n".join(nodes) + "\n]\n")
    save_file(tensors, HERE / "nodes.safetensors")
    print(len(nodes), "tests")


main()
