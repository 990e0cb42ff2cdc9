"""What the machine is, and what it can do at the moment."""

import ctypes
import os
import platform
import time
from pathlib import Path

# About 0.1 ms.
ADDITIONS = 1 << 19

# Of multiply-adds no fewer nanoseconds than these are timed.
SHORTEST = 100_000


class Probe:
    """The clock of a core and the multiply-add rate of several, by the loops of the `atrous-bench` library."""

    def __init__(self, path):
        self.loops = ctypes.CDLL(str(path))
        function = self.loops.atrous_bench_additions
        function.restype, function.argtypes = ctypes.c_uint64, [ctypes.c_uint64]
        function = self.loops.atrous_bench_multiply_adds
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_size_t, ctypes.c_uint64]

    def gigahertz(self):
        """The best of a few measurements; `None` where the library cannot tell."""
        return max(self._additions() for _ in range(3)) or None

    def _additions(self):
        start = time.perf_counter_ns()
        done = self.loops.atrous_bench_additions(ADDITIONS)
        return done / (time.perf_counter_ns() - start)

    def gigamacs(self, threads, nanoseconds):
        """Billions of f32 multiply-adds per second that so many threads do together for so long."""
        return self.loops.atrous_bench_multiply_adds(threads, max(nanoseconds, SHORTEST))


def describe():
    """Facts for the head of a report, by name."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "caches": _caches(),
        "system": f"{_system()}, {platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def _processor():
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    model = fields.get("model name", platform.machine())
    numbers = [f"{name} {fields[key]}" for name, key in (("family", "cpu family"), ("model", "model")) if key in fields]
    return f"{model} ({', '.join(numbers)})" if numbers else model


def _caches():
    caches = []
    for directory in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((directory / field).read_text().strip() for field in ("level", "type", "size"))
        if kind != "Instruction":
            caches.append(f"L{level} {size}")
    return ", ".join(caches)


def _system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
