"""Tests of the harness itself; needs numpy and nothing else."""

import argparse
import itertools
import unittest
from dataclasses import replace

import numpy

import layers
import problem
import reference
import report
import rounds
import runtimes
from layers import Axis, Layer


class Table(unittest.TestCase):
    def test_output_sizes_are_pytorchs(self):
        for layer in itertools.chain.from_iterable(map(layers.table, layers.SUITES)):
            for axis in layer.axes:
                self.assertEqual(layers.output_size(axis, layer.transposed), axis.output, layer.name)

    def test_every_layer_has_a_spec(self):
        for suite in layers.SUITES:
            specs = layers.specs(suite)
            self.assertEqual(list(specs), [layer.name for layer in layers.table(suite)])
            for spec in specs.values():
                self.assertEqual((spec.count("layer layer_"), spec.count("{"), spec.count("}")), (1, 1, 1), spec)


class Runtimes(unittest.TestCase):
    def test_rust_is_compiled_for_one_suite(self):
        options = argparse.Namespace(suite="networks", threads=1, atrous="1", bench_library="none")
        found, missing = runtimes.open_all(["atrous-rust"], "nchw", options)
        self.assertEqual((found, missing), ({}, {"atrous-rust": "compiled only for the suite `layers`"}))


class Reference(unittest.TestCase):
    def test_reference_is_the_definition(self):
        random = numpy.random.default_rng(1)
        for index in range(120):
            layer = random_layer(random)
            task = problem.make(layer)
            expected, macs = by_definition(task)
            numpy.testing.assert_allclose(task.expected, expected, atol=1e-12, err_msg=f"{index}: {layer}")
            self.assertEqual(layer.useful_macs(), macs, layer)

    def test_errors_are_relative(self):
        expected = numpy.array([3.0, -4.0])
        self.assertEqual(reference.error(expected, expected), 0)
        self.assertAlmostEqual(reference.error(expected * 1.5, expected), 0.5)
        self.assertFalse(reference.error(numpy.array([numpy.nan, 0]), expected) < 1)


class Memory(unittest.TestCase):
    def test_arrays_are_aligned(self):
        for size in range(1, 40):
            self.assertEqual(problem.aligned((size,)).ctypes.data % problem.ALIGNMENT, 0)

    def test_all_compute_in_the_same_memory(self):
        task = problem.make(layers.table("layers")[0])
        for layout in ("nchw", "nhwc"):
            tensor, output = task.memory(layout)
            self.assertTrue((problem.from_layout(tensor, layout) == task.tensor).all())
            self.assertEqual(problem.from_layout(output, layout).shape, task.expected.shape)
            output.fill(0)
            again, cleared = task.memory(layout)
            self.assertTrue(again is tensor and cleared is output and numpy.isnan(output).all())

    def test_layouts_are_inverse(self):
        array = numpy.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
        for layout in ("nchw", "nhwc"):
            there = problem.to_layout(array, layout)
            self.assertTrue((problem.from_layout(there, layout) == array).all())
        self.assertEqual(there.shape, (2, 4, 5, 3))


class Peaks(unittest.TestCase):
    def test_the_loop_takes_as_long_as_a_layer(self):
        class Probe:
            calls = []

            def gigamacs(self, threads, nanoseconds):
                self.calls.append((threads, nanoseconds))
                return 1.0

        def called():
            return None

        subjects = [rounds.Subject(problem.Prepared(called, None)) for _ in range(2)]
        self.assertEqual(rounds._shortest([]), 0)
        self.assertEqual(rounds._shortest(subjects), min(time for subject in subjects for time in subject.times))
        self.assertEqual([len(subject.times) for subject in subjects], [1, 1])
        self.assertEqual(len(rounds._peaks(Probe(), 2, 700_000, 2_000_000)), 3)
        self.assertEqual(Probe.calls, [(2, 700_000)] * 3)
        self.assertEqual(len(rounds._peaks(Probe(), 1, 5_000_000, 2_000_000)), 1)


class Judging(unittest.TestCase):
    """A runtime whose calls give what is expected, off by a factor or with a hole."""

    task = problem.make(layers.table("layers")[0])

    def prepared(self, factor, hole=0):
        output = numpy.empty(self.task.expected.shape, numpy.float32)
        result = (self.task.expected * factor).astype(numpy.float32)

        def call():
            output.flat[hole:] = result.flat[hole:]

        return problem.Prepared(call, lambda: output)

    def entry(self, prepared):
        class Runtime:
            def prepare(self, task):
                return prepared

        return rounds._prepare(Runtime(), self.task)

    def test_only_right_results_have_times(self):
        subject, entry = self.entry(self.prepared(1))
        self.assertTrue(subject and entry["error"] < rounds.WRONG)
        for factor in (1 + 2e-5, numpy.nan):
            subject, entry = self.entry(self.prepared(factor))
            self.assertIsNone(subject)
            self.assertIn("wrong result", entry["unsupported"])

    def test_what_is_not_written_is_seen_behind_the_rounds(self):
        self.assertLess(rounds._error_again(self.prepared(1), self.task.expected), rounds.WRONG)
        self.assertFalse(rounds._error_again(self.prepared(1, hole=1), self.task.expected) < rounds.WRONG)

    def test_threads_that_stay_awake_are_told(self):
        passes = [{"awake": {"atrous": [0.0, 0.01], "onnxruntime": [1.0]}}, {"awake": {"onnxruntime": [0.9, 0.2], "ncnn": []}}]
        awake = rounds.awake(passes)
        self.assertEqual(awake, {"atrous": 0.005, "onnxruntime": 0.9})
        titles = {"atrous": "Atrous JIT", "onnxruntime": "ONNX Runtime"}
        self.assertIn("median: ONNX Runtime 0.90.", report._awake({"awake": awake}, titles))
        self.assertEqual(report._awake({}, titles), "")

    def test_what_fails_in_one_pass_has_no_time(self):
        right = {"entries": {"atrous": {"prepare_ms": 1.0, "error": 0.0}}, "times": {"atrous": [1e6]}, "clocks": [], "peaks": [1]}
        wrong = {"entries": {"atrous": {"unsupported": "wrong"}}, "times": {}, "clocks": [], "peaks": [1]}
        for passes in ([right, wrong], [wrong, right]):
            row = rounds.layer_row(layers.table("layers")[0], passes)
            self.assertEqual(row["entries"], {"atrous": {"unsupported": "wrong"}})


class Report(unittest.TestCase):
    def test_short_times_are_without_the_call(self):
        entries = {"atrous": entry(0.05), "onnxruntime": entry(0.15)}
        cells = report.Cells({"overhead_ms": {"atrous": 0.01, "onnxruntime": 0.1}})
        row = {"layer": "x", "entries": entries}
        self.assertAlmostEqual(cells.time(row, "atrous"), 0.04)
        self.assertEqual(cells.time(row, "onnxruntime"), 0.15)
        self.assertAlmostEqual(report.Cells({"overhead_ms": {"atrous": 0.04}}).time(row, "atrous"), 0.025)
        self.assertEqual(cells.text(row, "atrous", cells.best(row, entries)), "**0.0400**†")

    def test_the_class_is_what_it_says(self):
        known = {layer.name: layer for layer in layers.table("layers")}
        for name in ("dw3x3_144_56", "3x3_64_3_128", "g32_512_14", "conv3d", "deconv_d2"):
            self.assertTrue(report.uncommon(known[name]), name)
        for name in ("3x3_64_64_56", "dec_k4s2_512_256_8", "dec_g4_k4s2_128_128_28", "wavenet_d64"):
            self.assertFalse(report.uncommon(known[name]), name)

    def test_passes_become_one_row(self):
        def measured(nanoseconds, prepare_ms, clock, peak):
            entries = {"atrous": {"prepare_ms": prepare_ms, "error": 0.0}, "xnnpack": {"unsupported": "no"}}
            return {"entries": entries, "times": {"atrous": nanoseconds}, "clocks": [clock], "peaks": [peak]}

        passes = [measured([3e6, 5e6], 2.0, 3.0, 50.0), measured([1e6], 1.0, 2.0, 60.0)]
        row = rounds.layer_row(layers.table("layers")[0], passes)
        expected = {"prepare_ms": 1.0, "error": 0.0, "min_ms": 1.0, "median_ms": 3.0}
        self.assertEqual(row["entries"], {"atrous": expected, "xnnpack": {"unsupported": "no"}})
        self.assertEqual((row["gigahertz"], row["gigamacs"]), (2.5, 60.0))

    def test_several_threads_are_compared_with_one(self):
        def result(threads, milliseconds, gigamacs):
            row = {"layer": layers.table("layers")[0].name, "entries": {"atrous": entry(milliseconds)}}
            row.update(gigahertz=3.7, gigamacs=gigamacs)
            runtimes = [{"name": "atrous", "title": "Atrous JIT", "library": "Atrous", "version": "1"}]
            table = {"layout": "nchw", "runtimes": runtimes, "missing": {}, "overhead_ms": {"atrous": 0.001}, "rows": [row]}
            return {"threads": threads, "tables": [table]}

        text = report.markdown({"head": head("layers"), "results": [result(1, 2.0, 50.0), result(2, 1.25, 80.0)]})
        self.assertIn("| peak, best other | scaling, Atrous JIT | scaling, the loop |", text)
        self.assertIn("| – | 51% | – | 1.60 | 1.60 |", text)
        self.assertNotIn("scaling", report.markdown({"head": head("layers"), "results": [result(2, 1.25, 80.0)]}))

    def test_losses_and_reasons_are_told(self):
        first, second = (layer.name for layer in layers.table("layers")[:2])
        slow = {"atrous": entry(2.0), "onnxruntime": entry(1.0), "ncnn-winograd": entry(0.5)}
        none = {"atrous": entry(1.0), "onnxruntime": {"unsupported": "no such thing"}, "ncnn-winograd": {"unsupported": "?"}}
        text = report.markdown(run_of("layers", {first: slow, second: none}))
        self.assertIn(f"| {first} | 51.4 | 2.00 | **1.00** | 0.50 | 44% | 87% |", text)
        self.assertIn("| Atrous JIT, all layers | 0.50 | 0 of 1 | 0.50 |", text)
        self.assertIn("Largest relative error of a layer: Atrous JIT 1.0e-07, ONNX Runtime 1.0e-07", text)
        self.assertIn(f"- ONNX Runtime, no such thing: {second}", text)
        self.assertIn("- Suite: `layers`", text)
        self.assertIn("- Not there: Xnnpack: not installed", text)
        self.assertIn(f"| {first} | 2.00 | 1.00 | 0.500 | 1.0e-07 | 0.25 |", text)

    def test_the_slowest_are_listed(self):
        names = [layer.name for layer in layers.table("networks")[: report.SLOWEST + 1]]
        rows = {name: {"atrous": entry(1.0), "onnxruntime": entry(2.0 + index)} for index, name in enumerate(names)}
        rows[names[-1]] = {"atrous": entry(2.0), "onnxruntime": entry(1.0), "ncnn-winograd": entry(0.5)}
        text = report.markdown(run_of("networks", rows))
        listed = text.split("### Slowest beside others\n\n")[1].split("\n\n")[0].splitlines()[2:]
        self.assertEqual([line.split(" | ")[0] for line in listed], [f"| {name}" for name in [names[-1], *names[:-2]]])
        self.assertRegex(listed[0], r"\| 0\.50 \| \d+% \| ONNX Runtime \|$")
        alone = report.markdown(run_of("networks", {names[0]: {"atrous": entry(1.0)}}))
        self.assertNotIn("Slowest", alone)


def run_of(suite, rows):
    """A run on one thread that found these entries of layers."""
    runtimes = [("atrous", "Atrous JIT"), ("onnxruntime", "ONNX Runtime"), ("ncnn-winograd", "ncnn Winograd")]
    table = {
        "layout": "nchw",
        "runtimes": [{"name": name, "title": title, "library": title, "version": "1"} for name, title in runtimes],
        "missing": {"Xnnpack": "not installed"},
        "overhead_ms": {name: 0.001 for name, _ in runtimes},
        "rows": [{"layer": name, "entries": of, "gigahertz": 3.7, "gigamacs": 59.0} for name, of in rows.items()],
    }
    return {"head": head(suite), "results": [{"threads": 1, "tables": [table]}]}


def head(suite):
    facts = dict.fromkeys(["processor", "cores", "caches", "system", "python", "atrous", "date", "command"], "x")
    return {**facts, "suite": suite, "passes": 1, "rounds": 3, "visit_ms": 2}


def entry(milliseconds):
    return {"min_ms": milliseconds, "median_ms": milliseconds, "error": 1e-7, "prepare_ms": 1.0}


def random_layer(random):
    """One to three axes, transposed or not, with groups, and padding on either side."""
    pick = lambda low, high: int(random.integers(low, high + 1))
    while True:
        transposed, groups, rank = bool(pick(0, 1)), pick(1, 3), pick(1, 3)
        axes = []
        for _ in range(rank):
            stride, dilation = pick(1, 3), pick(1, 3)
            extra = pick(0, max(stride, dilation) - 1) if transposed else 0
            axis = Axis(pick(1, 5), pick(1, 3), stride, dilation, pick(0, 2), pick(0, 2), extra, 0)
            axes.append(replace(axis, output=layers.output_size(axis, transposed)))
        if min(axis.output for axis in axes) > 0:
            return Layer("random", transposed, groups, groups * pick(1, 2), groups * pick(1, 2), tuple(axes))


def by_definition(task):
    """The output, one product at a time, and the number of products."""
    layer, products = task.layer, 0
    output = numpy.zeros(layer.output_shape)
    output += task.bias.reshape(1, -1, *[1] * len(layer.axes))
    inputs, outputs = layer.channels_in // layer.groups, layer.channels_out // layer.groups
    source, target = (layer.all("input"), layer.all("output")) if layer.transposed else (layer.all("output"), layer.all("input"))
    for here, taps in itertools.product(_positions(source), _positions(layer.all("kernel"))):
        there = tuple(axis.stride * o + axis.dilation * k - axis.pad_lo for axis, o, k in zip(layer.axes, here, taps))
        if not all(0 <= position < size for position, size in zip(there, target)):
            continue
        read, written = (here, there) if layer.transposed else (there, here)
        for group, i, o in itertools.product(range(layer.groups), range(inputs), range(outputs)):
            ends = (group * inputs + i, o) if layer.transposed else (group * outputs + o, i)
            factor = float(task.weight[(*ends, *taps)])
            output[(0, group * outputs + o, *written)] += factor * float(task.tensor[(0, group * inputs + i, *read)])
            products += 1
    return output, products


def _positions(sizes):
    return itertools.product(*map(range, sizes))


def main():
    unittest.main(module=__name__, argv=["self-test"], verbosity=1)


if __name__ == "__main__":
    main()
