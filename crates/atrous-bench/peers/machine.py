"""What the machine is, and what it can do at the moment."""

import ctypes
import os
import platform
import time
from pathlib import Path

# About 0.1 ms of additions, and of multiply-adds.
ADDITIONS, ROUNDS = 1 << 19, 1 << 15


class Probe:
    """The clock and the multiply-add rate of one core, by the loops of the `atrous-bench` library."""

    def __init__(self, path):
        self.loops = ctypes.CDLL(str(path))
        for name in ("additions", "multiply_adds"):
            function = getattr(self.loops, f"atrous_bench_{name}")
            function.restype, function.argtypes = ctypes.c_uint64, [ctypes.c_uint64]

    def gigahertz(self):
        """The best of a few measurements; `None` where the library cannot tell."""
        return self._rate(self.loops.atrous_bench_additions, ADDITIONS) or None

    def gigamacs(self):
        """Billions of f32 multiply-adds per second that one core can do, the best of a few measurements."""
        return self._rate(self.loops.atrous_bench_multiply_adds, ROUNDS)

    def _rate(self, function, amount):
        return max(self._once(function, amount) for _ in range(3))

    def _once(self, function, amount):
        start = time.perf_counter_ns()
        done = function(amount)
        return done / (time.perf_counter_ns() - start)


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
