"""Layers by Atrous' machine code and by ONNX Runtime.

    cargo build --release -p atrous-capi -p atrous-cli
    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python against_runtime.py --layers 5000
    venv/bin/python against_runtime.py --specs ../../specs/networks/*.conv

draws random layers, each for one target, memory order and number of threads; and takes all layers of some specs, each
for every target in both memory orders on two threads. Data are small integers, on which both have to agree to the last
bit; for layers of specs also real numbers, on which they may differ as `tolerance` says.

A layer is drawn by the seed and its number alone: `--seed 3 --first 71 --layers 1` draws one again, and with
`--keep ../../specs/regressions` it becomes a spec, which the tests of specs run on.
"""

import argparse
import itertools
import json
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy

from drawing import draw
from executors import LAYOUTS, ROOT, Atrous, by_runtime, named_activation
from node import of_layer, output_shape, spec, terms

# Half of the distance between 1 and the next number.
ROUNDING = 2.0**-24
# Of activations that are series, relative to the value or to 1: as in tests/src/differential.rs.
OF_ACTIVATION = {name: 4e-6 for name in ("sigmoid", "tanh", "silu", "gelu", "hardswish")}
STEEPEST = {"silu": 1.1, "gelu": 1.13, "hardswish": 1.5}


def tensors(node, draw_tensor):
    """Input, weight and, if there is one, bias."""
    shapes = [(node["x"], 3), (node["w"], 2), (node["b"], 3)]
    return [draw_tensor(shape, most) for shape, most in shapes if shape]


def integers(node, numbers):
    """Tensors of which every partial sum is exact."""
    assert 6 * terms(node) < 2**24, "sums of that many integers are not exact"
    return tensors(node, lambda shape, most: numbers.integers(-most, most + 1, shape).astype(numpy.float32))


def reals(node, numbers):
    """Tensors of which outputs are about as large as inputs."""
    x, w, *b = tensors(node, lambda shape, _: numbers.uniform(-1, 1, shape).astype(numpy.float32))
    return [x, w * numpy.float32(math.sqrt(3 / terms(node))), *b]


def tolerance(node, arrays, expected, sums_are_exact):
    """How far each output of one may be from that of the other.

    A sum of n terms is off by at most n·u·Σ|w·x|, where u is ROUNDING; since roundings go either way, hardly ever by
    more than 2·√n·u·Σ|w·x|, which for n up to 4 is no less. Two sums differ by twice that. An activation makes more of
    it where it is steep, and adds its own."""
    name, _ = named_activation(node)
    own = OF_ACTIVATION.get(name, 0.0) * numpy.maximum(1, numpy.abs(expected))
    if sums_are_exact:
        return own
    magnitudes = by_runtime(node | {"activation": "none"}, [numpy.abs(array) for array in arrays])
    return STEEPEST.get(name, 1) * 4 * math.sqrt(terms(node)) * ROUNDING * magnitudes + own


def differences(atrous, node, text, arrays, ways, sums_are_exact=True):
    """What is wrong, by way; and the largest difference as a share of what is allowed."""
    try:
        expected = by_runtime(node, arrays)
        allowed = tolerance(node, arrays, expected, sums_are_exact)
    except Exception as error:
        return [f"ONNX Runtime: {error}"], 0.0
    shape, wrong, largest = [node["x"][0], expected.shape[1], *output_shape(node)], [], 0.0
    for way in ways:
        try:
            text_of_way, share = compare(atrous.run(text, arrays, shape, *way), expected, allowed)
        except Exception as error:  # Whatever goes wrong, it is the layer that has to be known.
            text_of_way, share = str(error), 0.0
        wrong += [f"{way}: {text_of_way}"] if text_of_way else []
        largest = max(largest, share)
    return wrong, largest


def compare(output, expected, allowed):
    """What is wrong, if anything, and the largest difference as a share of what is allowed."""
    if output.shape != expected.shape:
        return f"the shape is {output.shape}, not {expected.shape}", 0.0
    apart = numpy.abs(output.astype(numpy.float64) - expected)
    share = float(numpy.max(numpy.divide(apart, allowed, out=numpy.zeros_like(apart), where=allowed > 0)))
    different = numpy.argwhere(~(apart <= allowed))
    if len(different) == 0:
        return None, share
    first = tuple(different[0].tolist())
    return f"{len(different)} of {output.size} differ; {first} is {output[first]}, not {expected[first]}", share


def drawn_layer(atrous, seed, number, keep):
    """What is wrong with a layer, if anything."""
    choose = random.Random(f"{seed}/{number}")
    node = draw(choose)
    arrays = integers(node, numpy.random.default_rng([seed, number]))
    way = choose.choice(atrous.targets), choose.choice(list(LAYOUTS)), choose.choice([1, 2])
    name = f"drawn_{seed}_{number}"
    text = spec(node, name)
    if keep:
        (keep / f"{name}.conv").write_text(f"// Layer {number} of seed {seed}: say here what is interesting.\n{text}\n")
    wrong, _ = differences(atrous, node, text, arrays, [way])
    return wrong and f"layer {number}: {wrong[0]}\n{json.dumps(node)}\n{text}"


def drawn_layers(atrous, arguments):
    """What is wrong with which."""
    numbers = range(arguments.first, arguments.first + arguments.layers)
    found = [drawn_layer(atrous, arguments.seed, number, arguments.keep) for number in numbers]
    failures = list(filter(None, found))
    print(f"{len(numbers) - len(failures)} of {len(numbers)} layers agree")
    return failures


def layers_of(path, command):
    """All layers of a spec, as `atrous build` has them."""
    built = subprocess.run([command, "build", path, "--emit", "json"], capture_output=True, text=True)
    if built.returncode:
        sys.exit(built.stderr)
    return json.loads(built.stdout)


def layers_of_spec(atrous, seed, path, lines):
    """What is wrong with which of a spec."""
    ways = list(itertools.product(atrous.targets, LAYOUTS, [2]))
    failures, largest, of = [], 0.0, ""
    for index, line in enumerate(lines):
        node, text, name = of_layer(line["layer"]), line["spec"], line["layer"]["name"]
        numbers = numpy.random.default_rng([seed, index])
        wrong, _ = differences(atrous, node, text, integers(node, numbers), ways)
        wrong_reals, share = differences(atrous, node, text, reals(node, numbers), ways, sums_are_exact=False)
        failures += [f"{path}: {text}{what}" for what in wrong + wrong_reals][:1]
        largest, of = max((largest, of), (share, name))
    agreeing = f"{len(lines) - len(failures)} of {len(lines)} layers agree"
    print(f"{Path(path).stem}: {agreeing}; of real numbers to {largest:.3f} of what is allowed ({of})", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capi", default=ROOT / "target" / "release" / "libatrous_capi.so")
    parser.add_argument("--command", default=ROOT / "target" / "release" / "atrous")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--layers", type=int, default=1000, help="how many to draw")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="write each drawn layer there as a spec")
    parser.add_argument("--specs", nargs="+", metavar="FILE", help="take the layers of these specs, and draw none")
    arguments = parser.parse_args()
    atrous = Atrous(arguments.capi)
    print(f"for {b', '.join(atrous.targets).decode()}")
    if arguments.specs:
        specs = [(path, layers_of(path, arguments.command)) for path in arguments.specs]
        failures = [text for path, lines in specs for text in layers_of_spec(atrous, arguments.seed, path, lines)]
    else:
        failures = drawn_layers(atrous, arguments)
    for failure in failures:
        print(f"\n{failure}")
    sys.exit(bool(failures))


main()
