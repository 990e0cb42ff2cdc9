"""Timing in interleaved rounds: every subject has a visit in each, so that all meet the same machine."""

import gc
import statistics
import time

import machine
import problem
import reference

# More than f32 rounds to in any sane order of summation: a result that is further away is another result.
WRONG = 1e-5

# Long enough for the waiting threads of one runtime to go to sleep before the next one is timed.
REST = 0.01

# Nanoseconds of calls after which the system has moved threads that it woke on one core to several.
SETTLING = 8_000_000


class Subject:
    """A prepared layer of one runtime, and the times of its calls in nanoseconds."""

    def __init__(self, prepared):
        self.call = prepared.call
        self.prepared = prepared
        self.times = []
        # How many cores its threads still keep busy at the end of each pause behind a visit.
        self.awake = []

    def visit(self, nanoseconds, settling):
        """Calls that are not timed, at least one and for at least so long; then others that are."""
        end = time.perf_counter_ns() + settling
        self.call()
        while time.perf_counter_ns() < end:
            self.call()
        end = time.perf_counter_ns() + nanoseconds
        stop = 0
        while stop < end:
            start = time.perf_counter_ns()
            self.call()
            stop = time.perf_counter_ns()
            self.times.append(stop - start)


def run(subjects, options, each_round):
    """All visits; `each_round` is called before every round."""
    gc.collect()
    gc.disable()
    for _ in range(options.rounds):
        each_round()
        for subject in subjects:
            subject.visit(int(options.visit_ms * 1e6), SETTLING if options.threads > 1 else 0)
            if options.threads > 1:
                subject.awake.append(_rest())
    gc.enable()


def _rest():
    """Waits for REST, and says how many cores this process kept busy in the last quarter of it."""
    time.sleep(REST * 3 / 4)
    start, busy = time.perf_counter_ns(), time.process_time_ns()
    time.sleep(REST / 4)
    return (time.process_time_ns() - busy) / (time.perf_counter_ns() - start)


def overheads(runtimes, options):
    """Milliseconds of the smallest call of each runtime; all by name."""
    subjects = {name: Subject(runtime.no_op()) for name, runtime in runtimes.items()}
    run(subjects.values(), options, lambda: None)
    return {name: min(subject.times) / 1e6 for name, subject in subjects.items()}


def layer_pass(layer, runtimes, options, probe):
    """What all runtimes do with a layer in one pass: nanoseconds, errors, reasons why not; and what the machine did."""
    task = problem.make(layer)
    subjects, entries = {}, {}
    for name, runtime in runtimes.items():
        subject, entries[name] = _prepare(runtime, task)
        if subject:
            subjects[name] = subject
    clocks, peaks = [], []
    visit = int(options.visit_ms * 1e6)

    def each_round():
        clocks.append(probe.gigahertz())
        peaks.extend(_peaks(probe, options.threads, _shortest(subjects.values()), visit))

    run(subjects.values(), options, each_round)
    for name, subject in subjects.items():
        error = _error_again(subject.prepared, task.expected)
        if not error < WRONG:
            entries[name] = {"unsupported": f"wrong result after it was timed: relative error {error:.1e}", "error": error}
    times = {name: subject.times for name, subject in subjects.items() if "unsupported" not in entries[name]}
    awake = {name: subject.awake for name, subject in subjects.items()}
    clocks = [clock for clock in clocks if clock]
    return {"entries": entries, "times": times, "awake": awake, "clocks": clocks, "peaks": peaks}


def _shortest(subjects):
    """Nanoseconds of the shortest call so far, of one that is made now if there was none."""
    for subject in subjects:
        if not subject.times:
            subject.visit(0, 0)
    return min((min(subject.times) for subject in subjects), default=0)


def _peaks(probe, threads, nanoseconds, visit):
    """A visit to the machine's own loop: where others disturb it, it does less in a long time than in a short one, so that
    only one that takes as long as a layer says what the layer could have reached."""
    return [probe.gigamacs(threads, nanoseconds) for _ in range(1 + visit // max(nanoseconds, machine.SHORTEST))]


def awake(passes):
    """The median of how many cores each runtime kept busy behind its visits; none where it was not asked."""
    found = {}
    for one in passes:
        for name, shares in one["awake"].items():
            found.setdefault(name, []).extend(shares)
    return {name: statistics.median(shares) for name, shares in found.items() if shares}


def layer_row(layer, passes):
    """The passes of a layer as one row: the shortest and the median time of each runtime in all of them. What a runtime
    cannot do in one of them has no time."""
    entries = dict(passes[0]["entries"])
    for one in passes:
        entries.update((name, entry) for name, entry in one["entries"].items() if "unsupported" in entry)
    for name in [name for name, entry in entries.items() if "unsupported" not in entry]:
        times = [time for one in passes for time in one["times"].get(name, [])]
        entries[name].update(
            min_ms=min(times) / 1e6,
            median_ms=statistics.median(times) / 1e6,
            prepare_ms=min(one["entries"][name].get("prepare_ms", float("inf")) for one in passes),
        )
    clocks = [clock for one in passes for clock in one["clocks"]]
    return {
        "layer": layer.name,
        "entries": entries,
        "gigahertz": statistics.median(clocks) if clocks else None,
        "gigamacs": max(peak for one in passes for peak in one["peaks"]),
    }


def _prepare(runtime, task):
    """A subject whose output is right, and its entry; or no subject, and an entry that says why."""
    start = time.perf_counter()
    try:
        prepared = runtime.prepare(task)
        milliseconds = (time.perf_counter() - start) * 1e3
        prepared.call()
        error = reference.error(prepared.output(), task.expected)
    except problem.Unsupported as reason:
        return None, {"unsupported": str(reason)}
    if not error < WRONG:
        return None, {"unsupported": f"wrong result: relative error {error:.1e}", "error": error}
    return Subject(prepared), {"prepare_ms": milliseconds, "error": error}


def _error_again(prepared, expected):
    """The error of one more call, over an output of NaNs."""
    prepared.output()[...] = float("nan")
    prepared.call()
    return reference.error(prepared.output(), expected)
