"""ONNX Runtime and Atrous."""

import sys
from ctypes import POINTER, byref, c_float, c_size_t, c_void_p
from pathlib import Path

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from node import geometry, is_transposed, padding

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "crates" / "atrous-capi" / "include"))
from atrous import Options, Slice, load  # noqa: E402

LAYOUTS = {"nchw": 1, "nhwc": 2}
NO_SUCH_TARGET = 5
PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def by_runtime(node, arrays):
    """The output for input, weight and, if there is one, bias."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, node["x"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    operations, constants = graph(node, dict(zip("wb", arrays[1:])))
    constants = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    model_graph = helper.make_graph(operations, "layer", [x], [y], constants)
    model = helper.make_model(model_graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return session.run(None, {"x": arrays[0]})[0]


def graph(node, constants):
    """Operations from x to y, and constants. Padding is an operation of its own where the convolution has no such
    attributes: modes, sides of less than nothing, and output padding beyond the stride, of which ONNX Runtime refuses
    what the standard allows below a dilation."""
    attributes, sides = node["attributes"], [list(side) for side in zip(*padding(node))]
    beyond = any(axis["output_padding"] >= axis["stride"] for axis in geometry(node))
    if min(map(min, sides)) >= 0 and node["padding_mode"] == "zeros" and not (beyond and is_transposed(node)):
        convolution = helper.make_node(node["operator"], ["x", *constants], ["sums"], **attributes)
        return [convolution, *activation(node)], constants
    bare = {name: attributes[name] for name in ("strides", "dilations", "group") if name in attributes}
    if not is_transposed(node):
        pad = helper.make_node("Pad", ["x", "pads"], ["padded"], mode=PAD_MODES[node["padding_mode"]])
        convolution = helper.make_node("Conv", ["padded", *constants], ["sums"], **bare)
        return [pad, convolution, *activation(node)], constants | {"pads": pads(sides)}
    starts, ends = sides
    longer = [axis["output_padding"] - end for axis, end in zip(geometry(node), ends)]
    bias = constants.get("b", numpy.zeros(1, numpy.float32)).reshape(-1, *[1] * len(ends))
    convolution = helper.make_node("ConvTranspose", ["x", "w"], ["scattered"], **bare)
    pad = helper.make_node("Pad", ["scattered", "pads"], ["padded"])
    add = helper.make_node("Add", ["padded", "b"], ["sums"])
    constants = {"w": constants["w"], "b": bias, "pads": pads([[-start for start in starts], longer])}
    return [convolution, pad, add, *activation(node)], constants


def pads(sides):
    """The input of Pad: batch and channels stay."""
    return numpy.array([size for side in sides for size in (0, 0, *side)], numpy.int64)


def activation(node):
    """Operations from sums to y."""
    name, numbers = named_activation(node)
    if name == "silu":
        return [helper.make_node("Sigmoid", ["sums"], ["gate"]), helper.make_node("Mul", ["sums", "gate"], ["y"])]
    if name in ("relu6", "clamp"):
        low, high = numbers or (0.0, 6.0)
        limits = [
            helper.make_node("Constant", [], [end], value_float=limit) for end, limit in [("low", low), ("high", high)]
        ]
        return [*limits, helper.make_node("Clip", ["sums", "low", "high"], ["y"])]
    operators = {"none": "Identity", "relu": "Relu", "leaky_relu": "LeakyRelu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
    operators |= {"gelu": "Gelu", "hardswish": "HardSwish"}
    attributes = {"alpha": numbers[0]} if name == "leaky_relu" else {}
    return [helper.make_node(operators[name], ["sums"], ["y"], **attributes)]


def named_activation(node):
    """The word of the language, and its numbers."""
    if isinstance(node["activation"], str):
        return node["activation"], []
    ((name, numbers),) = node["activation"].items()
    return name, numbers if isinstance(numbers, list) else [numbers]


class Atrous:
    """The C interface of a shared library."""

    def __init__(self, path):
        self.api = load(path)
        self.targets = [name for name in (b"portable", b"avx2", b"avx512", b"avx512-dual") if self._has(name)]

    def _has(self, target):
        one, kernel = b"layer one { input: [1, 1, 1], channels: 1, kernel: 1 }", c_void_p()
        status = self.api.atrous_compile(one, byref(Options(target=target)), byref(kernel))
        if status == NO_SUCH_TARGET:
            return False
        self._check(status)
        self.api.atrous_kernel_free(kernel)
        return True

    def run(self, text, arrays, shape, target, layout, threads):
        """The output, which has a shape if its channels stand first."""
        kernel, packed = c_void_p(), c_void_p()
        options = Options(target=target, layout=LAYOUTS[layout], threads=threads)
        self._check(self.api.atrous_compile(text.encode(), byref(options), byref(kernel)))
        last = layout == "nhwc"
        x = numpy.ascontiguousarray(numpy.moveaxis(arrays[0], 1, -1)) if last else arrays[0]
        y = numpy.full([shape[0], *shape[2:], shape[1]] if last else shape, numpy.nan, numpy.float32)
        parameters = (Slice * (len(arrays) - 1))(*map(view, arrays[1:]))
        self._check(self.api.atrous_pack(kernel, parameters, c_size_t(len(parameters)), byref(packed)))
        ends = (Slice * 1)(view(x)), c_size_t(1), (Slice * 1)(view(y)), c_size_t(1)
        self._check(self.api.atrous_run(packed, *ends, None, c_size_t(0)))
        self.api.atrous_packed_free(packed)
        self.api.atrous_kernel_free(kernel)
        return numpy.moveaxis(y, -1, 1) if last else y

    def _check(self, status):
        if status:
            raise RuntimeError(self.api.atrous_last_error().decode())


def view(array):
    return Slice(array.ctypes.data_as(POINTER(c_float)), array.size)
