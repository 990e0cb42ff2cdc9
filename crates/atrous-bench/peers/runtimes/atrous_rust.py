"""Atrous' compiled Rust, from the `atrous-bench` library with its feature `compiled`."""

import ctypes
from ctypes import POINTER, c_char_p, c_float, c_int, c_size_t, c_void_p

import numpy

from layers import COMPILED, PREFIX, table
from problem import Prepared, Unsupported, aligned, from_layout

FLOATS = POINTER(c_float)


class AtrousRust:
    title, layouts = "Atrous Rust", ("nchw", "nhwc")
    library = "Atrous"

    def __init__(self, layout, options):
        if options.suite != COMPILED:
            raise OSError(f"compiled only for the suite `{COMPILED}`")
        self.layout, self.threads = layout, options.threads
        self.version = options.atrous
        self.api = ctypes.CDLL(str(options.bench_library))
        function = self.api.atrous_bench_name
        function.restype, function.argtypes = c_char_p, [c_size_t]
        function = self.api.atrous_bench_count
        function.restype, function.argtypes = c_size_t, []
        function = self.api.atrous_bench_pack
        function.restype, function.argtypes = c_void_p, [c_size_t, c_size_t, FLOATS, c_size_t, FLOATS, c_size_t]
        function = self.api.atrous_bench_run
        function.restype, function.argtypes = c_int, [c_void_p, FLOATS, c_size_t, FLOATS, c_size_t]
        names = (self.api.atrous_bench_name(index).decode() for index in range(self.api.atrous_bench_count()))
        self.indices = {name: index for index, name in enumerate(names)}
        if not self.indices:
            raise OSError(f"{options.bench_library} is built without the feature `compiled`")

    def prepare(self, problem):
        layer = self._pack(problem.layer, problem.weight, problem.bias)
        tensor, output = problem.memory(self.layout)
        arguments = (layer, *_slice(tensor), *_slice(output))
        run = self.api.atrous_bench_run
        if run(*arguments):
            raise Unsupported("the layer does not run")
        return Prepared(lambda: run(*arguments), lambda: from_layout(output, self.layout), keep=tensor)

    def no_op(self):
        """A call that comes back at once, because it gives no numbers where the layer wants some."""
        layer = table(COMPILED)[0]
        packed = self._pack(layer, *(numpy.zeros(shape) for shape in (layer.weight_shape, layer.channels_out)))
        empty = aligned((0,))
        arguments = (packed, *_slice(empty), *_slice(empty))
        run = self.api.atrous_bench_run
        return Prepared(lambda: run(*arguments), lambda: empty)

    def _pack(self, layer, weight, bias):
        """A layer with its weights. It stays until the process ends."""
        index = self.indices.get(f"{PREFIX}{layer.name}_{self.layout}")
        if index is None:
            raise Unsupported("the library was built from another suite")
        weight, bias = (numpy.ascontiguousarray(array, numpy.float32) for array in (weight, bias))
        packed = self.api.atrous_bench_pack(index, self.threads, *_slice(weight), *_slice(bias))
        if not packed:
            raise Unsupported("the weights cannot be packed")
        return c_void_p(packed)


def _slice(array):
    """Where an array is, and how many numbers it has."""
    return array.ctypes.data_as(FLOATS), c_size_t(array.size)
