"""Atrous' machine code, through its C interface."""

import sys
from ctypes import POINTER, byref, c_float, c_size_t, c_void_p
from pathlib import Path

import numpy

from layers import specs
from problem import Prepared, Unsupported, aligned, from_layout

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "atrous-capi" / "include"))
from atrous import Info, Options, Slice, load  # noqa: E402

FLOATS = POINTER(c_float)
LAYOUTS = {"nchw": 1, "nhwc": 2}

# A layer of one multiply-add.
SMALLEST = "layer smallest { input: [1, 1, 1], channels: 1, kernel: 1, bias }"


class AtrousJit:
    title, layouts = "Atrous JIT", ("nchw", "nhwc")
    library = "Atrous"

    def __init__(self, layout, options):
        self.layout, self.threads = layout, options.threads
        self.version = options.atrous
        self.api = load(options.capi)
        self.specs = specs(options.suite)

    def prepare(self, problem):
        tensor, output = problem.memory(self.layout)
        call, keep = self._load(self.specs[problem.layer.name], (problem.weight, problem.bias), tensor, output)
        return Prepared(call, lambda: from_layout(output, self.layout), keep)

    def no_op(self):
        one = numpy.ones((1, 1, 1), numpy.float32)
        output = aligned((1,))
        call, keep = self._load(SMALLEST, (one, one), one, output)
        return Prepared(call, lambda: output, keep)

    def _load(self, spec, parameters, tensor, output):
        """A call that computes `output` from `tensor`, and memory that it needs."""
        kernel, packed, info = c_void_p(), c_void_p(), Info()
        options = Options(layout=LAYOUTS[self.layout], threads=self.threads)
        self._check(self.api.atrous_compile(spec.encode(), byref(options), byref(kernel)))
        self._check(self.api.atrous_info(kernel, byref(info)))
        parameters = [numpy.ascontiguousarray(array) for array in parameters]
        slices = (Slice * len(parameters))(*map(_slice, parameters))
        self._check(self.api.atrous_pack(kernel, slices, c_size_t(len(parameters)), byref(packed)))
        scratch = aligned((info.scratch_len,))
        self.api.atrous_kernel_free(kernel)
        ends = (Slice * 1)(_slice(tensor)), c_size_t(1), (Slice * 1)(_slice(output)), c_size_t(1)
        arguments = (packed, *ends, scratch.ctypes.data_as(FLOATS), c_size_t(scratch.size))
        run = self.api.atrous_run
        self._check(run(*arguments))
        return (lambda: run(*arguments)), (tensor, scratch)

    def _check(self, status):
        if status:
            raise Unsupported(self.api.atrous_last_error().decode())


def _slice(array):
    return Slice(array.ctypes.data_as(FLOATS), array.size)
