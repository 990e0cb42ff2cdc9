"""Random layers by Atrous' machine code and by ONNX Runtime, which have to agree to the last bit: data are small integers.

    cargo build --release -p atrous-capi
    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python against_runtime.py --layers 5000

A layer is drawn by the seed and its number alone: `--seed 3 --first 71 --layers 1` draws one again.
"""

import argparse
import json
import math
import random
import sys
from ctypes import POINTER, byref, c_float, c_size_t, c_void_p
from pathlib import Path

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "crates" / "atrous-capi" / "include"))
from atrous import Options, Slice, load  # noqa: E402

LAYOUTS = {"nchw": 1, "nhwc": 2}
MOST_MACS = 20_000_000
NO_SUCH_TARGET = 5


def draw(choose):
    """A node that the standard allows and ONNX Runtime can judge, not too large."""
    while True:
        node = sketch(choose)
        if min(output_shape(node)) >= 1 and is_judged(node) and macs(node) <= MOST_MACS:
            return node


def sketch(choose):
    """Operator, attributes, and the shapes of input, weight and bias: of anything, or as networks have them."""
    transposed = choose.random() < 0.5
    rank = choose.choice([1, 2, 2, 3])
    draw_axis, draw_channels = choose.choice([(small_axis, small_channels), (real_axis, real_channels)])
    sizes, kernel, strides, dilations = map(list, zip(*(draw_axis(choose, rank, transposed) for _ in range(rank))))
    groups, group_inputs, group_outputs = draw_channels(choose)
    inputs, outputs = groups * group_inputs, groups * group_outputs
    attributes = {"strides": strides, "dilations": dilations, "group": groups}
    absent = {name for name, value in attributes.items() if value in (1, [1] * rank) and choose.random() < 0.5}
    attributes = {name: value for name, value in attributes.items() if name not in absent}
    if choose.random() < 0.5:
        attributes["kernel_shape"] = kernel
    if transposed and choose.random() < 0.5:
        # Beyond the stride, ONNX Runtime refuses what the standard allows below a dilation.
        attributes["output_padding"] = [choose.randrange(stride) for stride in strides]
    node = {
        "operator": "ConvTranspose" if transposed else "Conv",
        "attributes": attributes,
        "x": [choose.choice([1, 1, 1, 2, 3]), inputs, *sizes],
        "w": [inputs, group_outputs, *kernel] if transposed else [outputs, group_inputs, *kernel],
        "b": [outputs] if choose.random() < 0.5 else None,
    }
    draw_padding(choose, node)
    return node


def macs(node):
    """Multiply-adds as a paper counts them."""
    sizes = node["x"][2:] if node["operator"] == "ConvTranspose" else output_shape(node)
    return math.prod([node["x"][0], *sizes, *node["w"]])


def small_axis(choose, rank, _):
    """Input, kernel, stride and dilation: anything."""
    size, taps = [(40, 7), (12, 4), (6, 3)][rank - 1]
    step = lambda: max(1, choose.randint(1, 8) - 2)  # noqa: E731
    return choose.randint(1, size), choose.randint(1, taps), step(), step()


def real_axis(choose, rank, transposed):
    """The same as networks have them."""
    size = choose.randint(4, [600, 40, 12][rank - 1])
    if transposed:
        stride = choose.choice([1, 2, 2, 2, 3, 4, 8])
        taps = choose.choice([stride, 2 * stride, 2 * stride + 1, 3, 5])
        return size, taps, stride, choose.choice([1, 1, 1, 2])
    return size, choose.choice([1, 3, 3, 3, 5, 7]), choose.choice([1, 1, 1, 2]), choose.choice([1, 1, 1, 2, 4, 6])


def small_channels(choose):
    """Groups, and channels of one group."""
    return choose.choice([
        (1, choose.randint(1, 9), choose.randint(1, 20)),
        (choose.randint(2, 3), choose.randint(1, 3), choose.randint(1, 9)),
        (choose.randint(4, 9), choose.randint(2, 3), choose.randint(1, 3)),
        (choose.randint(2, 18), 1, choose.randint(1, 2)),
    ])  # fmt: skip


def real_channels(choose):
    wide = [1, 3, 8, 16, 21, 24, 32, 48, 64, 100]
    return choose.choice([
        (1, choose.choice(wide), choose.choice(wide)),
        (1, choose.choice(wide), choose.choice(wide)),
        (choose.choice([2, 4, 8]), choose.choice([4, 8, 12]), choose.choice([4, 8, 16])),
        (choose.choice([16, 24, 36, 64]), 1, 1),
    ])  # fmt: skip


def draw_padding(choose, node):
    attributes, axes = node["attributes"], geometry(node)
    way = choose.choice(["none", "pads", "pads", "pads", "VALID", "SAME_UPPER", "SAME_LOWER", "shape"])
    if way == "pads":
        attributes["pads"] = [choose.randint(0, max(5, (axis["covers"] + 1) // 2)) for axis in axes * 2]
    elif way == "shape" and node["operator"] == "ConvTranspose":
        # ONNX Runtime pads by no less than nothing, so that no larger outputs can be compared.
        reached = [scattered(axis) for axis in axes]
        attributes["output_shape"] = [choose.randint(max(1, size - 7), max(1, size)) for size in reached]
        if choose.random() < 0.5:
            attributes["auto_pad"] = choose.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    elif way not in ("none", "shape"):
        attributes["auto_pad"] = way


def is_judged(node):
    """Whether ONNX Runtime takes a node as the standard means it. Of the same padding it refuses that of dilated layers,
    makes a larger output of transposed ones that would be padded by less than nothing, and crops the input of others,
    which the standard's own shape inference and TensorFlow leave whole."""
    if not node["attributes"].get("auto_pad", "").startswith("SAME"):
        return True
    if node["operator"] == "ConvTranspose":
        return min(map(min, padding(node))) >= 0
    return all(axis["dilation"] == 1 and same_total(axis) >= 0 for axis in geometry(node))


def geometry(node):
    """What the attributes say of each axis."""
    attributes, kernel = node["attributes"], node["w"][2:]
    ones = [1] * len(kernel)
    lists = {
        "input": node["x"][2:],
        "kernel": kernel,
        "stride": attributes.get("strides", ones),
        "dilation": attributes.get("dilations", ones),
        "output_padding": attributes.get("output_padding", [0] * len(kernel)),
    }
    axes = [dict(zip(lists, numbers)) for numbers in zip(*lists.values())]
    return [axis | {"covers": axis["dilation"] * (axis["kernel"] - 1) + 1} for axis in axes]


def scattered(axis):
    """Positions that a transposed convolution reaches before padding."""
    return axis["stride"] * (axis["input"] - 1) + axis["output_padding"] + axis["covers"]


def same_total(axis):
    """The padding with which there is an output for each stride of inputs; less than nothing if some are left over."""
    outputs = -(-axis["input"] // axis["stride"])
    return (outputs - 1) * axis["stride"] + axis["covers"] - axis["input"]


def padding(node):
    """Sides of each axis, by the formulas of the standard."""
    attributes, axes = node["attributes"], geometry(node)
    auto_pad, transposed = attributes.get("auto_pad", "NOTSET"), node["operator"] == "ConvTranspose"
    if "output_shape" in attributes:
        totals = [scattered(axis) - size for axis, size in zip(axes, attributes["output_shape"])]
    elif auto_pad.startswith("SAME") and transposed:
        totals = [scattered(axis) - axis["input"] * axis["stride"] for axis in axes]
    elif auto_pad.startswith("SAME"):
        totals = [max(0, same_total(axis)) for axis in axes]
    else:
        pads = attributes.get("pads", [0] * (2 * len(axes)))
        return [list(sides) for sides in zip(pads[: len(axes)], pads[len(axes) :])]
    less = [(total // 2, total - total // 2) for total in totals]
    return [list(sides if auto_pad == "SAME_UPPER" else sides[::-1]) for sides in less]


def output_shape(node):
    """The sizes of the output."""
    if node["operator"] == "ConvTranspose":
        return [scattered(axis) - sum(sides) for axis, sides in zip(geometry(node), padding(node))]
    rooms = [axis["input"] + sum(sides) - axis["covers"] for axis, sides in zip(geometry(node), padding(node))]
    return [room // axis["stride"] + 1 for room, axis in zip(rooms, geometry(node))]


def spec(node):
    axes, attributes = geometry(node), node["attributes"]
    groups, transposed = attributes.get("group", 1), node["operator"] == "ConvTranspose"
    channels = node["w"][1] * groups if transposed else node["w"][0]
    words = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}
    word = words.get(attributes.get("auto_pad"))
    has_word = word and "output_shape" not in attributes
    fields = [f"input: {node['x']}", f"channels: {channels}", f"groups: {groups}"]
    fields += [f"{name}: {[axis[name] for axis in axes]}" for name in ("kernel", "stride", "dilation")]
    fields.append(f"padding: {word if has_word else padding(node)}")
    if transposed:
        fields += ["transposed", f"output_padding: {[axis['output_padding'] for axis in axes]}"]
    if node["b"]:
        fields.append("bias")
    return f"layer drawn {{ {', '.join(fields)} }}"


def tensors(node, numbers):
    """Input, weight and, if there is one, bias."""
    shapes = [(node["x"], 3), (node["w"], 2), (node["b"], 3)]
    return [numbers.integers(-most, most + 1, shape).astype(numpy.float32) for shape, most in shapes if shape]


def by_runtime(node, arrays):
    names = ["x", "w", "b"][: len(arrays)]
    operation = helper.make_node(node["operator"], names, ["y"], **node["attributes"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, node["x"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    constants = [numpy_helper.from_array(array, name) for name, array in zip(names[1:], arrays[1:])]
    graph = helper.make_graph([operation], "drawn", [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return session.run(None, {"x": arrays[0]})[0]


class Atrous:
    def __init__(self, path):
        self.library = load(path)
        self.targets = [name for name in (b"portable", b"avx2", b"avx512") if self._has(name)]

    def _has(self, target):
        one, kernel = b"layer one { input: [1, 1, 1], channels: 1, kernel: 1 }", c_void_p()
        status = self.library.atrous_compile(one, byref(Options(target=target)), byref(kernel))
        if status == NO_SUCH_TARGET:
            return False
        self._check(status)
        self.library.atrous_kernel_free(kernel)
        return True

    def run(self, text, arrays, shape, target, layout, threads):
        """The output, which has a shape if its channels stand first."""
        kernel, packed = c_void_p(), c_void_p()
        options = Options(target=target, layout=LAYOUTS[layout], threads=threads)
        self._check(self.library.atrous_compile(text.encode(), byref(options), byref(kernel)))
        last = layout == "nhwc"
        x = numpy.ascontiguousarray(numpy.moveaxis(arrays[0], 1, -1)) if last else arrays[0]
        y = numpy.full([shape[0], *shape[2:], shape[1]] if last else shape, numpy.nan, numpy.float32)
        parameters = (Slice * (len(arrays) - 1))(*map(view, arrays[1:]))
        self._check(self.library.atrous_pack(kernel, parameters, c_size_t(len(parameters)), byref(packed)))
        ends = (Slice * 1)(view(x)), c_size_t(1), (Slice * 1)(view(y)), c_size_t(1)
        self._check(self.library.atrous_run(packed, *ends, None, c_size_t(0)))
        self.library.atrous_packed_free(packed)
        self.library.atrous_kernel_free(kernel)
        return numpy.moveaxis(y, -1, 1) if last else y

    def _check(self, status):
        if status:
            raise RuntimeError(self.library.atrous_last_error().decode())


def view(array):
    return Slice(array.ctypes.data_as(POINTER(c_float)), array.size)


def compare(atrous, seed, number):
    """What is wrong with a layer, if anything."""
    choose = random.Random(f"{seed}/{number}")
    node = draw(choose)
    arrays = tensors(node, numpy.random.default_rng([seed, number]))
    way = choose.choice(atrous.targets), choose.choice(list(LAYOUTS)), choose.choice([1, 2])
    try:
        expected = by_runtime(node, arrays)
        shape = [node["x"][0], expected.shape[1], *output_shape(node)]
        output = atrous.run(spec(node), arrays, shape, *way)
        wrong = describe(output, expected)
    except Exception as error:  # Whatever goes wrong, it is the layer that has to be known.
        wrong = str(error)
    return wrong and f"layer {number}: {wrong}\n{json.dumps(node)}\n{spec(node)}\n{way}"


def describe(output, expected):
    if output.shape != expected.shape:
        return f"the shape is {output.shape}, not {expected.shape}"
    different = numpy.argwhere(output != expected)
    if len(different) == 0:
        return None
    first = tuple(different[0].tolist())
    return f"{len(different)} of {output.size} differ; {first} is {output[first]}, not {expected[first]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default=ROOT / "target" / "release" / "libatrous_capi.so")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--layers", type=int, default=1000)
    arguments = parser.parse_args()
    atrous = Atrous(arguments.library)
    numbers = range(arguments.first, arguments.first + arguments.layers)
    failures = [text for number in numbers if (text := compare(atrous, arguments.seed, number))]
    for failure in failures:
        print(failure, end="\n\n")
    print(f"{len(numbers) - len(failures)} of {len(numbers)} layers agree ({b', '.join(atrous.targets).decode()})")
    sys.exit(bool(failures))


main()
