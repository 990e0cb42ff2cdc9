"""ncnn: a net of one layer, in f32. Its Winograd convolutions round differently and are a runtime of their own."""

import tempfile
from pathlib import Path

import ncnn
import numpy

from problem import Prepared, Unsupported

# Where ncnn keeps the parameters of each axis, innermost first: width, height, depth.
KERNEL, DILATION, STRIDE = (1, 11, 21), (2, 12, 22), (3, 13, 23)
PAD_LO, PAD_HI, OUTPUT_PADDING = (4, 14, 24), (15, 16, 17), (18, 19, 20)
OUTPUTS, BIAS, WEIGHTS, GROUPS = 0, 5, 6, 7


class Ncnn:
    layouts = ("nchw",)
    library, version = "ncnn", ncnn.__version__

    def __init__(self, layout, options):
        self.threads = options.threads
        # Of all nets: they must outlive everything that is allocated by them.
        self.allocators = ncnn.UnlockedPoolAllocator(), ncnn.PoolAllocator()

    def prepare(self, problem):
        layer = problem.layer
        if self.winograd and (layer.transposed or layer.groups > 1 or layer.all("kernel") != [3, 3] or layer.all("stride") != [1, 1]):
            raise Unsupported("Winograd is for 3×3 kernels of stride 1")
        name = ("Deconvolution" if layer.transposed else "Convolution") + ("DepthWise" if layer.groups > 1 else "")
        name += {1: "1D", 2: "", 3: "3D"}[len(layer.axes)]
        parameters = {OUTPUTS: layer.channels_out, BIAS: 1, WEIGHTS: problem.weight.size}
        if layer.groups > 1:
            parameters[GROUPS] = layer.groups
        fields = {KERNEL: "kernel", DILATION: "dilation", STRIDE: "stride", PAD_LO: "pad_lo", PAD_HI: "pad_hi"}
        if layer.transposed:
            fields[OUTPUT_PADDING] = "output_padding"
        for keys, field in fields.items():
            parameters.update(zip(keys, reversed(layer.all(field))))
        # A tag of four zero bytes says that the weights are f32.
        constants = numpy.zeros(1, numpy.float32), _weight(layer, problem.weight), problem.bias
        constants = b"".join(numpy.ascontiguousarray(array).tobytes() for array in constants)
        return self._load(name, parameters, constants, problem.tensor, layer.output_shape)

    def no_op(self):
        return self._load("ReLU", {}, b"", numpy.ones((1, 1, 1, 1), numpy.float32), (1, 1, 1, 1))

    def _load(self, name, parameters, constants, tensor, output_shape):
        net = self._net()
        parameters = " ".join(f"{key}={value}" for key, value in sorted(parameters.items()))
        layers = f"7767517\n2 2\nInput input 0 1 input\n{name} layer 1 1 input output {parameters}\n"
        with tempfile.TemporaryDirectory() as directory:
            files = [Path(directory) / name for name in ("param", "bin")]
            files[0].write_text(layers)
            files[1].write_bytes(constants)
            if net.load_param(str(files[0])) or net.load_model(str(files[1])):
                raise Unsupported(f"ncnn has no {name} with these parameters")
        # A copy of ncnn's own starts each channel at a multiple of 16 bytes, as its layers expect.
        mat = ncnn.Mat(tensor[0]).clone()
        last = []

        def call():
            extractor = net.create_extractor()
            extractor.input("input", mat)
            failed, output = extractor.extract("output")
            if failed:
                raise Unsupported(f"ncnn's {name} fails with {failed}")
            last[:] = [output]

        return Prepared(call, lambda: numpy.array(last[0]).reshape(output_shape), keep=net)

    def _net(self):
        net = ncnn.Net()
        net.opt.blob_allocator, net.opt.workspace_allocator = self.allocators
        net.opt.num_threads = self.threads
        net.opt.use_vulkan_compute = False
        net.opt.use_winograd_convolution = self.winograd
        for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_packed", "bf16_storage"):
            setattr(net.opt, f"use_{option}", False)
        return net


class NcnnDirect(Ncnn):
    title, winograd = "ncnn", False


class NcnnWinograd(Ncnn):
    title, winograd = "ncnn Winograd", True


def _weight(layer, weight):
    """[O, I/g, K…]; transposed it is [G, O/g, I/g, K…]."""
    if not layer.transposed:
        return weight
    grouped = weight.reshape(layer.groups, -1, *weight.shape[1:])
    return grouped.swapaxes(1, 2)
