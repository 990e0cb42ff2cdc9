"""Nodes that nobody thought of."""

from node import geometry, is_transposed, macs, output_shape, padding, same_total, scattered

MOST_MACS = 20_000_000


def draw(choose):
    """A node that ONNX Runtime can judge, not too large."""
    while True:
        node = sketch(choose)
        if min(output_shape(node)) >= 1 and is_judged(node) and macs(node) <= MOST_MACS:
            return node


def sketch(choose):
    """A node of any sizes, or of those that networks have."""
    transposed = choose.random() < 0.5
    rank = choose.choice([1, 2, 2, 3])
    draw_axis, draw_channels = choose.choice([(small_axis, small_channels), (real_axis, real_channels)])
    sizes, kernel, strides, dilations = map(list, zip(*(draw_axis(choose, rank, transposed) for _ in range(rank))))
    groups, group_inputs, group_outputs = draw_channels(choose)
    inputs, outputs = groups * group_inputs, groups * group_outputs
    attributes = {"strides": strides, "dilations": dilations, "group": groups}
    absent = {name for name, value in attributes.items() if value in (1, [1] * rank) and choose.random() < 0.5}
    attributes = {name: value for name, value in attributes.items() if name not in absent}
    if choose.random() < 0.5:
        attributes["kernel_shape"] = kernel
    if transposed and choose.random() < 0.5:
        attributes["output_padding"] = [choose.randrange(max(sides)) for sides in zip(strides, dilations)]
    node = {
        "operator": "ConvTranspose" if transposed else "Conv",
        "attributes": attributes,
        "padding_mode": "zeros",
        "activation": "none",
        "x": [choose.choice([1, 1, 1, 2, 3]), inputs, *sizes],
        "w": [inputs, group_outputs, *kernel] if transposed else [outputs, group_inputs, *kernel],
        "b": [outputs] if choose.random() < 0.5 else None,
    }
    draw_padding(choose, node)
    return node


def small_axis(choose, rank, _):
    """Input, kernel, stride and dilation: anything."""
    size, taps = [(40, 7), (12, 4), (6, 3)][rank - 1]
    step = lambda: max(1, choose.randint(1, 8) - 2)  # noqa: E731
    return choose.randint(1, size), choose.randint(1, taps), step(), step()


def real_axis(choose, rank, transposed):
    """The same as networks have them."""
    size = choose.randint(4, [600, 40, 12][rank - 1])
    if transposed:
        stride = choose.choice([1, 2, 2, 2, 3, 4, 8])
        taps = choose.choice([stride, 2 * stride, 2 * stride + 1, 3, 5])
        return size, taps, stride, choose.choice([1, 1, 1, 2])
    return size, choose.choice([1, 3, 3, 3, 5, 7]), choose.choice([1, 1, 1, 2]), choose.choice([1, 1, 1, 2, 4, 6])


def small_channels(choose):
    """Groups, and channels of one group."""
    return choose.choice([
        (1, choose.randint(1, 9), choose.randint(1, 20)),
        (choose.randint(2, 3), choose.randint(1, 3), choose.randint(1, 9)),
        (choose.randint(4, 9), choose.randint(2, 3), choose.randint(1, 3)),
        (choose.randint(2, 18), 1, choose.randint(1, 2)),
    ])  # fmt: skip


def real_channels(choose):
    """The same as networks have them."""
    wide = [1, 3, 8, 16, 21, 24, 32, 48, 64, 100]
    return choose.choice([
        (1, choose.choice(wide), choose.choice(wide)),
        (1, choose.choice(wide), choose.choice(wide)),
        (choose.choice([2, 4, 8]), choose.choice([4, 8, 12]), choose.choice([4, 8, 16])),
        (choose.choice([16, 24, 36, 64]), 1, 1),
    ])  # fmt: skip


def draw_padding(choose, node):
    attributes, axes = node["attributes"], geometry(node)
    ways = ["none", "pads", "pads", "pads", "cropping", "mode", "VALID", "SAME_UPPER", "SAME_LOWER", "shape"]
    way = choose.choice(ways)
    if way == "mode" and not is_transposed(node):
        node["padding_mode"] = choose.choice(["reflect", "replicate", "circular"])
        attributes["pads"] = [choose.randint(0, min(5, axis["input"] - 1)) for axis in axes * 2]
    elif way == "cropping":
        starts = [choose.randint(-min(3, axis["input"] - 1), 5) for axis in axes]
        # A crop leaves at least one position of the input.
        lefts = [axis["input"] + min(0, start) for axis, start in zip(axes, starts)]
        attributes["pads"] = starts + [choose.randint(-min(3, left - 1), 5) for left in lefts]
    elif way == "pads":
        attributes["pads"] = [choose.randint(0, max(5, (axis["covers"] + 1) // 2)) for axis in axes * 2]
    elif way == "shape" and is_transposed(node):
        # ONNX Runtime pads by no less than nothing, so that no larger outputs can be compared.
        reached = [scattered(axis) for axis in axes]
        attributes["output_shape"] = [choose.randint(max(1, size - 7), max(1, size)) for size in reached]
        if choose.random() < 0.5:
            attributes["auto_pad"] = choose.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    elif way in ("VALID", "SAME_UPPER", "SAME_LOWER"):
        attributes["auto_pad"] = way


def is_judged(node):
    """Whether ONNX Runtime takes a node as the standard means it. Of the same padding it refuses that of dilated
    layers, makes a larger output of transposed ones that would be padded by less than nothing, and crops the input of
    others, which the standard's own shape inference and TensorFlow leave whole."""
    if not node["attributes"].get("auto_pad", "").startswith("SAME"):
        return True
    if is_transposed(node):
        return min(map(min, padding(node))) >= 0
    return all(axis["dilation"] == 1 and same_total(axis) >= 0 for axis in geometry(node))
