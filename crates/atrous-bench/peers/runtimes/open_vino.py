"""OpenVINO: a convolution and the sum with its bias, which it fuses; its tensors are bound once."""

import numpy
import openvino
from openvino import opset13 as operations

from problem import Prepared


class OpenVino:
    title, layouts = "OpenVINO", ("nchw",)
    library, version = "OpenVINO", openvino.__version__.split("-")[0]

    def __init__(self, layout, options):
        self.core = openvino.Core()
        self.options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(options.threads),
            "ENABLE_CPU_PINNING": "NO",
        }

    def prepare(self, problem):
        layer = problem.layer
        tensor = operations.parameter(layer.input_shape, numpy.float32)
        sums = self._convolution(layer, tensor, problem.weight)
        bias = operations.constant(problem.bias.reshape(1, -1, *[1] * len(layer.axes)))
        return self._bind(operations.add(sums, bias), tensor, *problem.memory("nchw"))

    def _convolution(self, layer, tensor, weight):
        if layer.groups > 1:
            weight = weight.reshape(layer.groups, weight.shape[0] // layer.groups, *weight.shape[1:])
        weight = operations.constant(numpy.ascontiguousarray(weight))
        where = {
            "strides": layer.all("stride"),
            "dilations": layer.all("dilation"),
            "pads_begin": layer.all("pad_lo"),
            "pads_end": layer.all("pad_hi"),
        }
        if layer.transposed:
            kinds = (operations.convolution_backprop_data, operations.group_convolution_backprop_data)
            return kinds[layer.groups > 1](tensor, weight, **where, output_padding=layer.all("output_padding"))
        kinds = (operations.convolution, operations.group_convolution)
        return kinds[layer.groups > 1](tensor, weight, **where)

    def no_op(self):
        array = numpy.ones((1, 1, 1, 1), numpy.float32)
        tensor = operations.parameter(array.shape, numpy.float32)
        return self._bind(operations.relu(tensor), tensor, array, numpy.empty_like(array))

    def _bind(self, result, parameter, tensor, output):
        model = openvino.Model([result], [parameter])
        request = self.core.compile_model(model, "CPU", self.options).create_infer_request()
        request.set_input_tensor(openvino.Tensor(tensor, shared_memory=True))
        request.set_output_tensor(openvino.Tensor(output, shared_memory=True))
        # Shared outputs are not copied.
        return Prepared(lambda: request.infer(share_outputs=True), lambda: output, keep=(tensor, output))
