"""What was measured, as Markdown."""

import math
import statistics
from collections import defaultdict

import layers

# Below this a call costs as much as what it does: the smallest call of the runtime is subtracted.
SHORT_MS = 0.1

# But no more than this share of the time, in case the smallest call was disturbed.
MOST_OVERHEAD = 0.5

# How many of the rows that compare worst are listed.
SLOWEST = 15

# Cores that the main thread may keep busy while it waits.
AWAKE = 0.05

# A clock further from the run's own makes a row doubtful.
CLOCK_TOLERANCE = 0.02

JIT = "atrous"
OURS = (JIT, "atrous-rust")
WINOGRAD = "ncnn-winograd"
FEW_CHANNELS, SMALL_GROUP = 8, 16
ORDERS = {"nchw": "Table A: channels first, in and out", "nhwc": "Table B: channels last, in and out"}

CLASS = (
    f"depthwise, at most {FEW_CHANNELS} channels in or out, groups of at most {SMALL_GROUP} channels, three axes, or "
    "transposed with another kernel or stride than 4 and 2"
)


def uncommon(layer):
    """Whether a layer is of the class that libraries seldom have code of its own for."""
    channels = min(layer.channels_in, layer.channels_out)
    small_groups = layer.groups > 1 and channels // layer.groups <= SMALL_GROUP
    k4s2 = set(layer.all("kernel")) == {4} and set(layer.all("stride")) == {2}
    return channels <= FEW_CHANNELS or small_groups or len(layer.axes) == 3 or (layer.transposed and not k4s2)


def markdown(run):
    """The report of a run: `{"head": facts, "results": [one per number of threads]}`."""
    parts = [_head(run)]
    known = {layer.name: layer for layer in layers.table(run["head"]["suite"])}
    for result in run["results"]:
        for table in result["tables"]:
            parts.append(_section(result, table, _of_one_thread(run, result, table), known))
    return "\n\n".join(parts) + "\n"


def _head(run):
    head = run["head"]
    versions, missing = {}, {}
    for result in run["results"]:
        for table in result["tables"]:
            versions.update((runtime["library"], runtime["version"]) for runtime in table["runtimes"])
            missing.update(table["missing"])
    versions.pop("Atrous", None)
    facts = [
        ("Machine", f"{head['processor']}, {head['cores']} cores, {head['caches']}"),
        ("System", f"{head['system']}, Python {head['python']}"),
        ("Atrous", head["atrous"]),
        ("Others", ", ".join(f"{title} {version}" for title, version in versions.items())),
        ("Date", head["date"]),
        ("Suite", f"`{head['suite']}`"),
        ("Command", f"`{head['command']}`"),
    ]
    if missing:
        facts.append(("Not there", "; ".join(f"{name}: {reason}" for name, reason in missing.items())))
    lines = [f"- {name}: {fact}" for name, fact in facts]
    return "\n".join(
        [
            "# Atrous beside other libraries",
            "",
            *lines,
            "",
            f"Times are the shortest of {head['passes'] * head['rounds']} interleaved visits of at least {head['visit_ms']:g} ms, "
            f"{head['rounds']} in each of {head['passes']} passes over all layers, in milliseconds; "
            "f32, batch 1, with bias; weights packed and memory allocated before. The best time of a row is bold. `README.md` "
            "beside this file says how everything is measured.",
            "",
            "- *Useful*: millions of multiply-adds of which neither factor is padding or an inserted zero. *Peak*: the share that "
            "they are of what fused multiply-adds in registers do in the same rounds, on as many threads and for as long as the fastest "
            "call took, for Atrous and for the best other.",
            "- *Ratio*: the best time of another library that multiplies directly, through the time of Atrous: above 1 Atrous is "
            "faster.",
            f"- †: under {SHORT_MS * 1e3:.0f} µs; what the smallest call of that library takes from Python is subtracted, "
            f"but never more than {MOST_OVERHEAD:.0%} of the time.",
            "- *Scaling*: the time on one thread through that on several; beside it, what the loop of multiply-adds gains.",
            f"- ‡: the clock of the core was more than {CLOCK_TOLERANCE:.0%} from that of the whole run.",
            "- *oneDNN plain* computes in the caller's memory order; *oneDNN any* in its own, and the reorders are timed.",
            f"- *The uncommon class*: {CLASS}.",
        ]
    )


class Cells:
    """The times of a table, with what is subtracted from them."""

    def __init__(self, table):
        self.overhead = table["overhead_ms"]

    def time(self, row, name):
        """Milliseconds, or `None`."""
        time = row["entries"].get(name, {}).get("min_ms")
        if time is not None and time < SHORT_MS:
            return time - min(self.overhead[name], MOST_OVERHEAD * time)
        return time

    def text(self, row, name, best):
        time = self.time(row, name)
        if time is None:
            return "–"
        text = _number(time)
        mark = "†" if row["entries"][name]["min_ms"] < SHORT_MS else ""
        return (f"**{text}**" if time == best else text) + mark

    def best(self, row, names):
        """The shortest time of these runtimes, or `None`."""
        name = self.fastest(row, names)
        return name and self.time(row, name)

    def fastest(self, row, names):
        """Which of these runtimes has the shortest time, or `None`."""
        timed = [name for name in names if self.time(row, name) is not None]
        return min(timed, key=lambda name: self.time(row, name), default=None)


def _of_one_thread(run, result, table):
    """The table of the same memory order on one thread, for a result on more; `None` where there is none."""
    results = [one for one in run["results"] if one["threads"] == 1 and result["threads"] > 1]
    tables = [one for result in results for one in result["tables"] if one["layout"] == table["layout"]]
    return tables[0] if tables else None


def _section(result, table, alone, known):
    count = result["threads"]
    titles = {runtime["name"]: runtime["title"] for runtime in table["runtimes"]}
    direct = {name: title for name, title in titles.items() if name != WINOGRAD}
    clock = statistics.median([row["gigahertz"] for row in table["rows"] if row["gigahertz"]] or [0])
    peak = max(row["gigamacs"] for row in table["rows"])
    parts = [
        f"## {ORDERS[table['layout']]}, {count} thread{'s' * (count > 1)}",
        f"Peak: {peak:.1f} billion multiply-adds per second, at {clock:.2f} GHz. The smallest "
        f"call in µs: {', '.join(f'{titles[name]} {ms * 1e3:.1f}' for name, ms in table['overhead_ms'].items())}.",
        _speeds(table, alone, known, direct, clock),
        _errors(table, titles),
        _awake(table, titles),
        _means(table, known, direct),
        _reasons(table, titles),
        _slowest(table, known, direct),
    ]
    if WINOGRAD in titles:
        parts.append(_winograd(table, titles))
    parts += ["### Details", _details(table, titles)]
    return "\n\n".join(part for part in parts if part)


def _speeds(table, alone, known, titles, clock):
    """One line for each layer; `alone` is the same table of one thread, where `table` is of more."""
    cells = Cells(table)
    others = [name for name in titles if name not in OURS]
    ours = [name for name in titles if name in OURS]
    header = ["layer", "useful", *titles.values(), *(f"ratio, {titles[name]}" for name in ours)]
    header += [f"peak, {titles[name]}" for name in ours] + ["peak, best other"]
    header += [f"scaling, {name}" for name in [*(titles[name] for name in ours), "the loop"] if alone]
    before = {row["layer"]: row for row in alone["rows"]} if alone else {}
    lines = []
    for row in table["rows"]:
        macs = known[row["layer"]].useful_macs()
        best = cells.best(row, titles)
        best_other = cells.best(row, others)
        doubtful = row["gigahertz"] and abs(row["gigahertz"] / clock - 1) > CLOCK_TOLERANCE
        line = [row["layer"] + "‡" * bool(doubtful), _number(macs / 1e6)]
        line += [cells.text(row, name, best) for name in titles]
        line += [_ratio(best_other, cells.time(row, name)) for name in ours]
        line += [_share(macs, cells.time(row, name), row) for name in ours] + [_share(macs, best_other, row)]
        if alone:
            line += _scaling(before.get(row["layer"]), row, ours)
        lines.append(line)
    return _table(header, lines)


def _scaling(before, row, names):
    """How many times the speed of one thread a layer has on several: of these runtimes, and of the loop."""
    if not before:
        return ["–"] * (len(names) + 1)
    time = lambda row, name: row["entries"].get(name, {}).get("min_ms")
    scaling = [_ratio(time(before, name), time(row, name)) for name in names]
    return scaling + [f"{row['gigamacs'] / before['gigamacs']:.2f}"]


def _errors(table, titles):
    """The largest error of each runtime over all layers."""
    errors = defaultdict(list)
    for row in table["rows"]:
        for name, entry in row["entries"].items():
            if "min_ms" in entry:
                errors[name].append(entry["error"])
    worst = ", ".join(f"{titles[name]} {max(of):.1e}" for name, of in errors.items())
    return f"Largest relative error of a layer: {worst}."


def _awake(table, titles):
    """Which libraries disturb the one after them: their threads are busy when their pause is over."""
    disturbing = {name: cores for name, cores in table.get("awake", {}).items() if cores > AWAKE}
    listed = ", ".join(f"{titles[name]} {cores:.2f}" for name, cores in disturbing.items())
    return listed and f"Cores that were still busy when the next library began, in the median: {listed}."


def _means(table, known, titles):
    """Geometric means of the ratios, and in how many rows Atrous is faster."""
    cells = Cells(table)
    others = [name for name in titles if name not in OURS]
    lines = []
    for name in titles:
        if name not in OURS:
            continue
        every = lambda layer: True
        choices = [("all layers", every, others), ("the uncommon class", uncommon, others)]
        if any(cells.time(row, WINOGRAD) for row in table["rows"]):
            choices.append(("all layers, Winograd convolutions counted", every, [*others, WINOGRAD]))
        for label, chosen, against in choices:
            rows = [row for row in table["rows"] if chosen(known[row["layer"]])]
            pairs = [(cells.best(row, against), cells.time(row, name)) for row in rows]
            ratios = [other / own for other, own in pairs if other and own]
            if ratios:
                mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
                faster = sum(ratio > 1 for ratio in ratios)
                line = [f"{titles[name]}, {label}", f"{mean:.2f}", f"{faster} of {len(ratios)}", f"{min(ratios):.2f}"]
                lines.append(line)
    return _table(["geometric mean of the ratio to the best other", "ratio", "faster", "worst ratio"], lines)


def _reasons(table, titles):
    """Why there is no time, one line for each runtime and reason."""
    found = defaultdict(list)
    for row in table["rows"]:
        for name, entry in row["entries"].items():
            if "unsupported" in entry and name != WINOGRAD:
                found[titles[name], entry["unsupported"]].append(row["layer"])
    return "\n".join(f"- {title}, {reason}: {', '.join(of)}" for (title, reason), of in found.items())


def _slowest(table, known, titles):
    """The layers on which machine code compares worst with the best other library."""
    cells = Cells(table)
    others = [name for name in titles if name not in OURS]
    found = []
    for row in table["rows"]:
        own, best = cells.time(row, JIT), cells.fastest(row, others)
        if own and best:
            ratio = cells.time(row, best) / own
            share = _share(known[row["layer"]].useful_macs(), own, row)
            found.append((ratio, [row["layer"], f"{ratio:.2f}", share, titles[best]]))
    if not found:
        return ""
    lines = [line for _, line in sorted(found)[:SLOWEST]]
    return "### Slowest beside others\n\n" + _table(["layer", "ratio, Atrous JIT", "peak, Atrous JIT", "best other"], lines)


def _winograd(table, titles):
    """The layers that ncnn computes by Winograd's method, which has fewer multiply-adds and larger errors."""
    cells = Cells(table)
    rows = [row for row in table["rows"] if cells.time(row, WINOGRAD)]
    if not rows:
        return ""
    others = [name for name in titles if name not in (*OURS, WINOGRAD)]
    ours = [name for name in titles if name in OURS]
    header = ["layer", *(titles[name] for name in ours), "best direct", titles[WINOGRAD], "its error"]
    header += [f"ratio, {titles[name]}" for name in ours]
    lines = []
    for row in rows:
        fast, direct = cells.time(row, WINOGRAD), cells.best(row, others)
        line = [row["layer"], *(cells.text(row, name, None) for name in ours), _number(direct) if direct else "–"]
        line += [cells.text(row, WINOGRAD, None), f"{row['entries'][WINOGRAD]['error']:.1e}"]
        lines.append(line + [_ratio(fast, cells.time(row, name)) for name in ours])
    return "### Beside Winograd convolutions\n\n" + _table(header, lines)


def _details(table, titles):
    """Accuracy, preparation and median of every time."""
    text = (
        "Relative error in 10⁻⁷ (root mean square against f64) · time to prepare the layer in ms, compilation and packing "
        "included · median time in ms."
    )
    lines = []
    for row in table["rows"]:
        line = [row["layer"]]
        for name in titles:
            entry = row["entries"].get(name, {})
            known = "min_ms" in entry
            cell = lambda: f"{entry['error'] * 1e7:.1f} · {_number(entry['prepare_ms'])} · {_number(entry['median_ms'])}"
            line.append(cell() if known else "–")
        lines.append(line)
    return text + "\n\n" + _table(["layer", *titles.values()], lines)


def _ratio(other, own):
    return f"{other / own:.2f}" if other and own else "–"


def _share(macs, time, row):
    """Which part of the multiply-adds that the machine can do these are, if they take so many milliseconds."""
    return f"{macs / (time * 1e6) / row['gigamacs']:.0%}" if time else "–"


def _number(value):
    """Three digits or more."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def _table(header, lines):
    if not lines:
        return ""
    rule = ["---"] + ["--:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *lines])
