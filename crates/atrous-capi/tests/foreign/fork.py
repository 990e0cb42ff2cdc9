"""What a child of fork may do with its parent's kernels: `fork.py LIBRARY`."""

import ctypes
import os
import sys
import time
from ctypes import POINTER, byref, c_float, c_void_p
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "include"))
from atrous import Options, Slice, load  # noqa: E402

SPEC = b"layer copy { input: [1, 16, 80, 80], channels: 16, kernel: 1 }"
CHANNELS, LENGTH = 16, 16 * 80 * 80

library = load(sys.argv[1])


def check(status):
    assert status == 0, (status, library.atrous_last_error().decode())


def slices(array):
    return byref(Slice(ctypes.cast(array, POINTER(c_float)), len(array)))


def run(packed):
    """A run that several threads share."""
    values, output = (c_float * LENGTH)(*[i % 101 for i in range(LENGTH)]), (c_float * LENGTH)()
    check(library.atrous_run(packed, slices(values), 1, slices(output), 1, None, 0))
    assert list(output) == list(values)


def places():
    """The cores on which each thread of the library may run."""
    threads = [int(name) for name in os.listdir("/proc/self/task") if int(name) != os.getpid()]
    return {thread: os.sched_getaffinity(thread) for thread in threads}


def run_on(core, packed):
    """A run on a core, which the other threads would have to leave."""
    os.sched_setaffinity(0, {core})
    run(packed)


def free(kernel, packed):
    library.atrous_packed_free(packed)
    library.atrous_kernel_free(kernel)
    # Freeing has no status.
    assert library.atrous_last_error() == b"", library.atrous_last_error().decode()


def in_child(work):
    """Whether a child has done the work."""
    process = os.fork()
    if process == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), flush=True)
        os._exit(1)
    return os.waitpid(process, 0)[1] == 0


def main():
    kernel, packed, cores = c_void_p(), c_void_p(), os.sched_getaffinity(0)
    check(library.atrous_compile(SPEC, byref(Options(threads=2)), byref(kernel)))
    weight = [float(row == column) for row in range(CHANNELS) for column in range(CHANNELS)]
    check(library.atrous_pack(kernel, slices((c_float * len(weight))(*weight)), 1, byref(packed)))
    run(packed)
    # Until the other thread sleeps.
    time.sleep(0.1)
    before = places()
    assert len(before) == 1, before
    for core in cores:
        assert in_child(lambda: run_on(core, packed))
        assert places() == before, (places(), before)
    assert in_child(lambda: free(kernel, packed))
    run(packed)
    free(kernel, packed)
    print("all is well")


main()
