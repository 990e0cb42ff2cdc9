"""Nodes of ONNX: operator, attributes, and the shapes of input, weight and bias; with the padding mode and the
activation of Atrous' language."""

import math


def of_layer(layer):
    """The node of a layer that `atrous build --emit json` writes."""
    transposed, groups = layer["transposed"], layer["groups"]
    inputs, outputs = layer["input_channels"], layer["output_channels"]
    each = lambda field: [axis[field] for axis in layer["axes"]]  # noqa: E731
    attributes = {"kernel_shape": each("kernel"), "strides": each("stride"), "dilations": each("dilation")}
    attributes |= {"group": groups, "pads": [sides[end] for end in (0, 1) for sides in each("padding")]}
    if transposed:
        attributes["output_padding"] = each("output_padding")
    return {
        "operator": "ConvTranspose" if transposed else "Conv",
        "attributes": attributes,
        "padding_mode": layer["padding_mode"],
        "activation": layer["activation"],
        "x": [layer["batch"], inputs, *each("input")],
        "w": [inputs, outputs // groups, *each("kernel")]
        if transposed
        else [outputs, inputs // groups, *each("kernel")],
        "b": [outputs] if layer["bias"] else None,
    }


def is_transposed(node):
    return node["operator"] == "ConvTranspose"


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
    auto_pad = attributes.get("auto_pad", "NOTSET")
    if "output_shape" in attributes:
        totals = [scattered(axis) - size for axis, size in zip(axes, attributes["output_shape"])]
    elif auto_pad.startswith("SAME") and is_transposed(node):
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
    if is_transposed(node):
        return [scattered(axis) - sum(sides) for axis, sides in zip(geometry(node), padding(node))]
    rooms = [axis["input"] + sum(sides) - axis["covers"] for axis, sides in zip(geometry(node), padding(node))]
    return [room // axis["stride"] + 1 for room, axis in zip(rooms, geometry(node))]


def macs(node):
    """Multiply-adds as a paper counts them."""
    sizes = node["x"][2:] if is_transposed(node) else output_shape(node)
    return math.prod([node["x"][0], *sizes, *node["w"]])


def terms(node):
    """Products, and the bias, that one output is the sum of at most."""
    axes = geometry(node)
    if not is_transposed(node):
        return math.prod(node["w"][1:]) + bool(node["b"])
    # Taps that meet one output are so far apart.
    apart = [axis["stride"] // math.gcd(axis["stride"], axis["dilation"]) for axis in axes]
    taps = math.prod(-(-axis["kernel"] // step) for axis, step in zip(axes, apart))
    return node["w"][0] // node["attributes"].get("group", 1) * taps + bool(node["b"])


def spec(node, name):
    """The same as the text of a spec, without what is the default."""
    attributes, axes = node["attributes"], geometry(node)
    each = lambda field: one_if_equal([axis[field] for axis in axes])  # noqa: E731
    groups = attributes.get("group", 1)
    words = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}
    word = words.get(attributes.get("auto_pad")) if "output_shape" not in attributes else None
    fields = [
        ("input", node["x"], None),
        ("channels", node["w"][1] * groups if is_transposed(node) else node["w"][0], None),
        ("kernel", each("kernel"), None),
        ("stride", each("stride"), 1),
        ("dilation", each("dilation"), 1),
        ("padding", word or padding(node), [[0, 0]] * len(axes)),
        ("padding_mode", node["padding_mode"], "zeros"),
        ("output_padding", each("output_padding"), 0),
        ("groups", groups, 1),
    ]
    lines = [f"{field}: {value}" for field, value, default in fields if value != default]
    lines += [flag for flag, is_set in [("transposed", is_transposed(node)), ("bias", node["b"])] if is_set]
    return "\n".join([f"layer {name} {{", *(f"    {line}," for line in lines), "}"])


def one_if_equal(numbers):
    return numbers[0] if len(set(numbers)) == 1 else numbers
