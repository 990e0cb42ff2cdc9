"""Convolutions by their definition, in f64: the judge of every output."""

import itertools

import numpy


def convolve(layer, tensor, weight, bias):
    """The output [N, C, S…] of a layer; all arrays in PyTorch's layout."""
    tensor, weight, bias = (array.astype(numpy.float64) for array in (tensor, weight, bias))
    sums = _transposed(layer, tensor, weight) if layer.transposed else _ordinary(layer, tensor, weight)
    shape = layer.output_shape
    return sums.reshape(shape) + bias.reshape(1, -1, *[1] * len(layer.axes))


def _ordinary(layer, tensor, weight):
    """Sums [G, O/g, S…]: for each tap, its weights times the inputs that it meets."""
    padding = [(0, 0), (0, 0)] + [(axis.pad_lo, axis.pad_hi) for axis in layer.axes]
    padded = numpy.pad(tensor, padding)[0]
    sums = numpy.zeros((layer.groups, layer.channels_out // layer.groups, *layer.all("output")))
    for tap in _taps(layer):
        met = tuple(_steps(axis, k, axis.output) for axis, k in zip(layer.axes, tap))
        inputs = padded[(slice(None), *met)].reshape(layer.groups, layer.channels_in // layer.groups, -1)
        weights = weight[(..., *tap)].reshape(layer.groups, -1, inputs.shape[1])
        sums += (weights @ inputs).reshape(sums.shape)
    return sums


def _transposed(layer, tensor, weight):
    """Sums [G, O/g, S…]: each tap scatters its weights times the inputs; padding crops what is scattered."""
    ends = [(axis.input - 1) * axis.stride + axis.dilation * (axis.kernel - 1) + 1 for axis in layer.axes]
    ends = [max(end, axis.pad_lo + axis.output) for end, axis in zip(ends, layer.axes)]
    sums = numpy.zeros((layer.groups, layer.channels_out // layer.groups, *ends))
    inputs = tensor[0].reshape(layer.groups, layer.channels_in // layer.groups, -1)
    for tap in _taps(layer):
        met = tuple(_steps(axis, k, axis.input) for axis, k in zip(layer.axes, tap))
        weights = weight[(..., *tap)].reshape(layer.groups, inputs.shape[1], -1).transpose(0, 2, 1)
        products = weights @ inputs
        sums[(slice(None), slice(None), *met)] += products.reshape(*sums.shape[:2], *layer.all("input"))
    inside = tuple(slice(axis.pad_lo, axis.pad_lo + axis.output) for axis in layer.axes)
    return sums[(slice(None), slice(None), *inside)]


def _taps(layer):
    return itertools.product(*(range(axis.kernel) for axis in layer.axes))


def _steps(axis, tap, count):
    """`count` positions of an axis, from a tap on."""
    start = tap * axis.dilation
    return slice(start, start + (count - 1) * axis.stride + 1, axis.stride)


def error(output, expected):
    """The root mean square of the differences, as a share of the expected numbers' own."""
    difference = output.astype(numpy.float64) - expected
    return float(numpy.sqrt(numpy.mean(difference**2) / numpy.mean(expected**2)))
