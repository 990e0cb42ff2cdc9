"""The library from Python, with nothing but ctypes: `suite.py LIBRARY`."""

import ctypes
import sys
import threading
from ctypes import POINTER, byref, c_float, c_void_p
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "include"))
from atrous import Info, Options, Size, Slice, Tensor, load  # noqa: E402

INPUT, OUTPUT, PARAMETER = range(3)
OK, NULL, LENGTH = 0, 1, 9

library = load(sys.argv[1])


def check(status):
    assert status == OK, (status, library.atrous_last_error().decode())


def floats(values):
    return (c_float * len(values))(*values)


def slices(arrays):
    return (Slice * len(arrays))(*[Slice(ctypes.cast(array, POINTER(c_float)), len(array)) for array in arrays])


def tensors(kernel, kind, count):
    """Names and shapes."""
    result = []
    for index in range(count):
        tensor = Tensor()
        check(library.atrous_tensor(kernel, kind, index, byref(tensor)))
        result.append((tensor.name.decode(), tensor.shape[: tensor.rank]))
    return result


SPEC = b"""
net pair {
    input x: [1, 2, L];
    wide = conv(x) { channels: 3, kernel: 3, dilation: 2, padding: 2, bias, relu };
    narrow = conv(wide) { channels: 1, kernel: 1 };
    output narrow, wide;
}
"""
LENGTH_OF_X = 37
WEIGHT = [[[(o + 2 * i + k) % 5 - 2 for k in range(3)] for i in range(2)] for o in range(3)]
BIAS = [1, -1, 0]
MIX = [1, 2, -3]


def reference(x):
    """Both outputs by the definition."""

    def at(channel, position):
        return x[channel * LENGTH_OF_X + position] if 0 <= position < LENGTH_OF_X else 0

    def wide(o, position):
        taps = [WEIGHT[o][i][k] * at(i, position + 2 * k - 2) for i in range(2) for k in range(3)]
        return max(0, BIAS[o] + sum(taps))

    rows = [[wide(o, position) for position in range(LENGTH_OF_X)] for o in range(3)]
    narrow = [sum(factor * row[position] for factor, row in zip(MIX, rows)) for position in range(LENGTH_OF_X)]
    return narrow, sum(rows, [])


def series(seed):
    return [(seed * 31 + index * 7) % 11 - 5 for index in range(2 * LENGTH_OF_X)]


def run(packed, seed, scratch):
    arrays = [floats([float("nan")] * LENGTH_OF_X), floats([float("nan")] * 3 * LENGTH_OF_X)]
    inputs, outputs = slices([floats(series(seed))]), slices(arrays)
    length = len(scratch) if scratch else 0
    check(library.atrous_run(packed, inputs, 1, outputs, 2, scratch, length))
    assert tuple(list(array) for array in arrays) == reference(series(seed)), seed


def work(packed, thread, scratch_len, failures):
    """What each of several threads does: right and wrong calls, whose errors are its own."""
    try:
        scratch = floats([0] * scratch_len) if thread % 2 else None
        empty = slices([floats([0] * thread)])
        for number in range(50):
            run(packed, 100 * thread + number, scratch)
            outputs = slices([floats([0] * LENGTH_OF_X), floats([0] * 3 * LENGTH_OF_X)])
            assert library.atrous_run(packed, empty, 1, outputs, 2, None, 0) == LENGTH
            assert library.atrous_last_error().decode().endswith(f"found {thread}")
    except BaseException as error:
        failures.append(error)


def main():
    assert library.atrous_version() and library.atrous_last_error() == b""
    kernel, packed, info = c_void_p(), c_void_p(), Info()
    sizes = (Size * 1)(Size(b"L", LENGTH_OF_X))
    check(library.atrous_compile(SPEC, byref(Options(sizes=sizes, size_count=1, threads=2)), byref(kernel)))
    check(library.atrous_info(kernel, byref(info)))
    assert (info.name, info.input_count, info.output_count, info.parameter_count) == (b"pair", 1, 2, 3)
    assert (info.tuned_count, info.warning) == (0, b"")
    assert tensors(kernel, INPUT, 1) == [("x", [1, 2, LENGTH_OF_X])]
    assert tensors(kernel, OUTPUT, 2) == [("narrow", [1, 1, LENGTH_OF_X]), ("wide", [1, 3, LENGTH_OF_X])]
    parameters = [("wide.weight", [3, 2, 3]), ("wide.bias", [3]), ("narrow.weight", [1, 3, 1])]
    assert tensors(kernel, PARAMETER, 3) == parameters
    flat = [value for output in WEIGHT for row in output for value in row]
    check(library.atrous_pack(kernel, slices([floats(flat), floats(BIAS), floats(MIX)]), 3, byref(packed)))
    library.atrous_kernel_free(kernel)
    run(packed, 0, None)

    failures = []
    arguments = [(packed, thread, info.scratch_len, failures) for thread in range(1, 5)]
    threads = [threading.Thread(target=work, args=args) for args in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    # The errors of those threads are not of this one.
    assert library.atrous_last_error() == b""

    assert library.atrous_run(None, None, 0, None, 0, None, 0) == NULL
    assert library.atrous_last_error() == b"`packed` is null"
    library.atrous_packed_free(packed)
    library.atrous_kernel_free(None)
    print("all is well")


main()
