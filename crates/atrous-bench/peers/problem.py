"""A layer with its numbers, as all runtimes get it."""

import math
from dataclasses import dataclass, field

import numpy

import reference

ALIGNMENT = 64


class Unsupported(Exception):
    """A runtime cannot compute a layer; the message says why."""


@dataclass(frozen=True)
class Problem:
    """`tensor` [N, C, S…], `weight` and `bias` in PyTorch's layout, and what should come out."""

    layer: object
    tensor: numpy.ndarray
    weight: numpy.ndarray
    bias: numpy.ndarray
    expected: numpy.ndarray
    _memory: dict = field(default_factory=dict)

    def memory(self, layout):
        """Input and output in an order of memory. All runtimes get the same: how long a layer takes may depend on which
        pages of memory the system gives, and none should have better ones. The output is full of NaNs."""
        if layout not in self._memory:
            output_shape = to_layout(numpy.empty(self.layer.output_shape), layout).shape
            self._memory[layout] = aligned_copy(to_layout(self.tensor, layout)), aligned(output_shape)
        tensor, output = self._memory[layout]
        output.fill(numpy.nan)
        return tensor, output


@dataclass(frozen=True)
class Prepared:
    """`call()` computes once, and nothing but; `output()` is what the last call gave, [N, C, S…].

    `keep` is memory that the call uses through pointers.
    """

    call: object
    output: object
    keep: object = None


def make(layer):
    """Random numbers, the same in every run; outputs are about as large as inputs."""
    random = numpy.random.default_rng(sum(layer.name.encode()))
    tensor = random.uniform(-1, 1, layer.input_shape).astype(numpy.float32)
    sums_of = math.prod(layer.weight_shape[1:])
    weight = (random.uniform(-1, 1, layer.weight_shape) / math.sqrt(sums_of)).astype(numpy.float32)
    bias = random.uniform(-1, 1, layer.channels_out).astype(numpy.float32)
    return Problem(layer, tensor, weight, bias, reference.convolve(layer, tensor, weight, bias))


def aligned(shape, dtype=numpy.float32):
    """An array of quiet NaNs that starts at a multiple of `ALIGNMENT` bytes."""
    count = math.prod(shape)
    item = numpy.dtype(dtype).itemsize
    raw = numpy.empty(count * item + ALIGNMENT, numpy.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    array = raw[start : start + count * item].view(dtype).reshape(shape)
    array.fill(numpy.nan)
    return array


def aligned_copy(array):
    """The same numbers, contiguous and aligned."""
    copy = aligned(array.shape, array.dtype)
    copy[...] = array
    return copy


def to_layout(array, layout):
    """[N, C, S…] in the order of memory."""
    return array if layout == "nchw" else numpy.moveaxis(array, 1, -1)


def from_layout(array, layout):
    """What `to_layout` was given."""
    return array if layout == "nchw" else numpy.moveaxis(array, -1, 1)
