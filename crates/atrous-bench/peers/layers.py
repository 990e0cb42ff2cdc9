"""The layers of the suites: their table, their specs, and their geometry."""

import re
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent.parent / "suite"

SUITES = ("layers", "networks")

# The suite whose layers Atrous' library has as compiled Rust.
COMPILED = "layers"

# What stands before the name of a row in the name of its spec.
PREFIX = "layer_"


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a layer."""

    input: int
    kernel: int
    stride: int
    dilation: int
    pad_lo: int
    pad_hi: int
    output_padding: int
    output: int


@dataclass(frozen=True)
class Layer:
    """A layer of batch 1 with a bias; axes are outermost first."""

    name: str
    transposed: bool
    groups: int
    channels_in: int
    channels_out: int
    axes: tuple

    @property
    def input_shape(self):
        """[N, C, S…]"""
        return (1, self.channels_in, *self.all("input"))

    @property
    def output_shape(self):
        """[N, C, S…]"""
        return (1, self.channels_out, *self.all("output"))

    @property
    def weight_shape(self):
        """PyTorch's: [O, I/g, K…], transposed [I, O/g, K…]."""
        outer, inner = self.channels_out, self.channels_in
        if self.transposed:
            outer, inner = inner, outer
        return (outer, inner // self.groups, *self.all("kernel"))

    @property
    def depthwise(self):
        """Whether each group has one input channel."""
        return self.groups > 1 and self.groups == self.channels_in

    def all(self, field):
        """One field of each axis."""
        return [getattr(axis, field) for axis in self.axes]

    def useful_macs(self):
        """Multiply-adds of which neither factor is padding or an inserted zero."""
        return self._macs(useful_pairs)

    def nominal_macs(self):
        """Taps times output positions, input positions when transposed: as papers count."""
        return self._macs(lambda axis, transposed: axis.kernel * (axis.input if transposed else axis.output))

    def _macs(self, pairs):
        count = self.channels_in // self.groups * self.channels_out
        for axis in self.axes:
            count *= pairs(axis, self.transposed)
        return count


def useful_pairs(axis, transposed):
    """Pairs of a tap and a position of the sum's outer side that meet a real number on the other side."""
    outer, inner = (axis.input, axis.output) if transposed else (axis.output, axis.input)
    reached = (axis.stride * o + axis.dilation * k - axis.pad_lo for o in range(outer) for k in range(axis.kernel))
    return sum(0 <= position < inner for position in reached)


def output_size(axis, transposed):
    """PyTorch's formulas."""
    covers = axis.dilation * (axis.kernel - 1) + 1
    padding = axis.pad_lo + axis.pad_hi
    if transposed:
        return (axis.input - 1) * axis.stride - padding + covers + axis.output_padding
    return (axis.input + padding - covers) // axis.stride + 1


def table(suite):
    """All layers of a suite in order."""
    lines = [line for line in (DIRECTORY / f"{suite}.tsv").read_text().splitlines() if not line.startswith("#")]
    columns = lines[0].split("\t")
    return [_layer(dict(zip(columns, line.split("\t"), strict=True))) for line in lines[1:]]


def _layer(row):
    fields = ["input", "kernel", "stride", "dilation", "pad_lo", "pad_hi", "output_padding", "output"]
    sizes = [[int(size) for size in row[field].split("x")] for field in fields]
    return Layer(
        name=row["name"],
        transposed=row["kind"] == "transposed",
        groups=int(row["groups"]),
        channels_in=int(row["channels_in"]),
        channels_out=int(row["channels_out"]),
        axes=tuple(Axis(*axis) for axis in zip(*sizes, strict=True)),
    )


def specs(suite):
    """The spec of each layer by its name in the table."""
    text = (DIRECTORY / f"{suite}.conv").read_text()
    found = re.findall(r"^(layer " + PREFIX + r"(\w+) \{.*?\})$", text, re.MULTILINE | re.DOTALL)
    return {name: spec for spec, name in found}
