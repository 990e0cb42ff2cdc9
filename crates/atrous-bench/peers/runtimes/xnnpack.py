"""XNNPACK, as LiteRT uses it: a model of one convolution, behind a padding that XNNPACK fuses with it where one is needed.

Layers of one axis are layers of two of which the outer has one position.
"""

import flatbuffers
import numpy
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as schema
from importlib.metadata import version as installed

from problem import Prepared, Unsupported, from_layout, to_layout

SAME, VALID = schema.Padding.SAME, schema.Padding.VALID
FLOAT32, INT32 = schema.TensorType.FLOAT32, schema.TensorType.INT32


class Xnnpack:
    title, layouts = "XNNPACK", ("nhwc",)
    library, version = "XNNPACK of LiteRT", installed("ai-edge-litert")

    def __init__(self, layout, options):
        self.threads = options.threads

    def prepare(self, problem):
        layer = problem.layer
        if len(layer.axes) == 3:
            raise Unsupported("no 3-D convolution")
        model = Model()
        tensor = model.tensor(_two_axes(problem.tensor))
        weight, bias = _two_axes(problem.weight), model.constant(problem.bias)
        if layer.transposed:
            output = _transposed(model, layer, tensor, weight, bias)
        else:
            output = _ordinary(model, layer, tensor, weight, bias)
        return self._interpret(model, output, problem.tensor, layer.output_shape)

    def no_op(self):
        model = Model()
        array = numpy.ones((1, 1, 1, 1), numpy.float32)
        tensor = model.tensor(array)
        output = model.node(schema.BuiltinOperator.RELU, 1, [tensor], array.shape)
        return self._interpret(model, output, array, array.shape)

    def _interpret(self, model, output, tensor, output_shape):
        interpreter = litert.Interpreter(model_content=model.finish(output), num_threads=self.threads)
        interpreter.allocate_tensors()
        if [node["op_name"] for node in interpreter._get_ops_details()][-1] != "DELEGATE":
            raise Unsupported("XNNPACK does not take this layer over from LiteRT")
        of_input, of_output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        interpreter.set_tensor(of_input["index"], to_layout(tensor, "nhwc").reshape(of_input["shape"]))
        channels_last = to_layout(numpy.empty(output_shape), "nhwc").shape

        def result():
            return from_layout(interpreter.get_tensor(of_output["index"]).reshape(channels_last), "nhwc")

        return Prepared(interpreter.invoke, result)


def _ordinary(model, layer, tensor, weight, bias):
    axes = _axes(layer)
    padding, tensor = _padding(model, layer, axes, tensor)
    if layer.depthwise:
        options, kind, version = schema.DepthwiseConv2DOptionsT(), "DEPTHWISE_CONV_2D", 2
        options.depthMultiplier = layer.channels_out // layer.channels_in
        # [1, K…, O]
        weight = numpy.moveaxis(weight, 0, -1)
    else:
        options, kind, version = schema.Conv2DOptionsT(), "CONV_2D", 1 if layer.groups == 1 else 6
        # [O, K…, I/g]
        weight = numpy.moveaxis(weight, 1, -1)
    options.padding = padding
    options.strideH, options.strideW = (axis[2] for axis in axes)
    options.dilationHFactor, options.dilationWFactor = (axis[3] for axis in axes)
    shape = (1, *(axis[6] for axis in axes), layer.channels_out)
    inputs = [tensor, model.constant(weight), bias]
    return model.node(getattr(schema.BuiltinOperator, kind), version, inputs, shape, options)


def _transposed(model, layer, tensor, weight, bias):
    if layer.groups > 1 or set(layer.all("dilation")) != {1}:
        raise Unsupported("no transposed convolution with groups or dilation")
    axes = _axes(layer)
    options = schema.TransposeConvOptionsT()
    options.strideH, options.strideW = (axis[2] for axis in axes)
    options.padding = _cropping(axes)
    # [O, K…, I]
    weight = numpy.moveaxis(weight.swapaxes(0, 1), 1, -1)
    shape = (1, *(axis[6] for axis in axes), layer.channels_out)
    inputs = [model.constant(numpy.array(shape, numpy.int32)), model.constant(weight), tensor, bias]
    return model.node(schema.BuiltinOperator.TRANSPOSE_CONV, 3, inputs, shape, options)


def _axes(layer):
    """`(input, kernel, stride, dilation, pad_lo, pad_hi, output)` of two axes."""
    fields = ("input", "kernel", "stride", "dilation", "pad_lo", "pad_hi", "output")
    axes = [tuple(getattr(axis, field) for field in fields) for axis in layer.axes]
    return [(1, 1, 1, 1, 0, 0, 1)] * (2 - len(axes)) + axes


def _padding(model, layer, axes, tensor):
    """`SAME` where that is what the layer wants, else `VALID` behind a node that pads."""
    if all(_same(output, stride, dilation, kernel, size) == (lo, hi) for size, kernel, stride, dilation, lo, hi, output in axes):
        return SAME, tensor
    if all((lo, hi) == (0, 0) for *_, lo, hi, _ in axes):
        return VALID, tensor
    pads = [(lo, hi) for *_, lo, hi, _ in axes]
    shape = (1, *(axis[0] + lo + hi for axis, (lo, hi) in zip(axes, pads)), layer.channels_in)
    pads = model.constant(numpy.array([(0, 0), *pads, (0, 0)], numpy.int32))
    return VALID, model.node(schema.BuiltinOperator.PAD, 1, [tensor, pads], shape)


def _same(output, stride, dilation, kernel, size):
    """What TensorFlow's `SAME` pads at the start and the end."""
    total = max(0, (output - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return (total // 2, total - total // 2) if output == -(-size // stride) else None


def _cropping(axes):
    """`SAME` or `VALID`, whichever crops the output of a transposed layer as the layer wants."""
    whole = [(size - 1) * stride + kernel for size, kernel, stride, *_ in axes]
    if all((lo, whole) == (0, output) for (*_, lo, _, output), whole in zip(axes, whole)):
        return VALID
    totals = [max(0, whole - output) for (*_, output), whole in zip(axes, whole)]
    same = [output == size * stride and lo == total // 2 for (size, _, stride, _, lo, _, output), total in zip(axes, totals)]
    if all(same):
        return SAME
    raise Unsupported("LiteRT's padding, SAME or VALID, is not this layer's")


def _two_axes(array):
    """[…, …, K…] with two axes."""
    return array if array.ndim == 4 else array[:, :, None]


class Model:
    """A LiteRT model that grows node by node."""

    def __init__(self):
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators, self.codes = [], [], []
        self.buffers = [schema.BufferT()]

    def tensor(self, array):
        """The input, given one that is channels first."""
        self.input = self._add(to_layout(array, "nhwc").shape, FLOAT32)
        return self.input

    def constant(self, array):
        buffer = schema.BufferT()
        buffer.data = numpy.frombuffer(numpy.ascontiguousarray(array).tobytes(), numpy.uint8)
        self.buffers.append(buffer)
        return self._add(array.shape, INT32 if array.dtype == numpy.int32 else FLOAT32, len(self.buffers) - 1)

    def node(self, kind, version, inputs, shape, options=None):
        """The tensor that a node computes."""
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, min(kind, 127), version
        self.codes.append(code)
        node = schema.OperatorT()
        node.opcodeIndex = len(self.codes) - 1
        node.inputs, node.outputs = inputs, [self._add(shape, FLOAT32)]
        if options is not None:
            node.builtinOptions = options
            node.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self.graph.operators.append(node)
        return node.outputs[0]

    def finish(self, output):
        """The model as bytes."""
        self.graph.inputs, self.graph.outputs = [self.input], [output]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [self.graph], self.buffers, self.codes
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _add(self, shape, kind, buffer=0):
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, buffer
        tensor.name = f"tensor{len(self.graph.tensors)}".encode()
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1
