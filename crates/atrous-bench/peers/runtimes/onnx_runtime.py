"""ONNX Runtime: a model of one node, its tensors bound once."""

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from problem import Prepared


class OnnxRuntime:
    title, layouts = "ONNX Runtime", ("nchw",)
    library, version = "ONNX Runtime", onnxruntime.__version__

    def __init__(self, layout, options):
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = options.threads
        self.options.inter_op_num_threads = 1
        self.options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        self.options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        # Threads spin for so many microseconds, and not for several times the pause after them.
        self.options.add_session_config_entry("session.intra_op.spin_duration_us", "5000")
        self.options.log_severity_level = 3

    def prepare(self, problem):
        layer = problem.layer
        attributes = {
            "kernel_shape": layer.all("kernel"),
            "strides": layer.all("stride"),
            "dilations": layer.all("dilation"),
            "pads": layer.all("pad_lo") + layer.all("pad_hi"),
            "group": layer.groups,
        }
        if layer.transposed:
            attributes["output_padding"] = layer.all("output_padding")
        kind = "ConvTranspose" if layer.transposed else "Conv"
        node = helper.make_node(kind, ["input", "weight", "bias"], ["output"], **attributes)
        constants = {"weight": problem.weight, "bias": problem.bias}
        return self._bind(node, constants, *problem.memory("nchw"))

    def no_op(self):
        tensor = numpy.ones((1, 1, 1, 1), numpy.float32)
        return self._bind(helper.make_node("Relu", ["input"], ["output"]), {}, tensor, numpy.empty_like(tensor))

    def _bind(self, node, constants, tensor, output):
        arrays = {"input": tensor, "output": output}
        shapes = {name: array.shape for name, array in arrays.items()}
        values = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
        constants = [numpy_helper.from_array(array, name) for name, array in constants.items()]
        graph = helper.make_graph([node], "layer", [values["input"]], [values["output"]], constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        session = onnxruntime.InferenceSession(model.SerializeToString(), self.options, ["CPUExecutionProvider"])
        binding = session.io_binding()
        for name, bind in (("input", binding.bind_input), ("output", binding.bind_output)):
            bind(name, "cpu", 0, numpy.float32, shapes[name], arrays[name].ctypes.data)
        run = session.run_with_iobinding
        return Prepared(lambda: run(binding), lambda: output, keep=arrays)
