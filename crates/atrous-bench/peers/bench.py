"""Times Atrous beside other libraries, layer by layer, and writes a report. See README.md beside this directory."""

import argparse
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import layers
import runtimes

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LAYOUTS = ["nchw", "nhwc"]

# Where the report of each suite belongs.
REPORTS = {"layers": "RESULTS.md", "networks": "NETWORKS.md"}

ENVIRONMENT = {
    # numpy is not to keep threads of its own.
    "OPENBLAS_NUM_THREADS": "1",
    # The threads of GNU OpenMP, which ncnn uses, spin for a few milliseconds and not for more than the pause after them.
    "GOMP_SPINCOUNT": "100000",
}


def main():
    options = parse()
    if options.list:
        return list_layers(options.suite)
    if options.self_test:
        import self_test

        return self_test.main()
    chosen = [layer.name for layer in layers.table(options.suite) if re.search(options.layers, layer.name)]
    if not chosen:
        sys.exit(f"no layer of the suite {options.suite} matches {options.layers!r}; --list has their names")
    rust = not options.peers or "atrous-rust" in options.peers
    libraries = build(compiled=rust and options.suite == layers.COMPILED)
    results = [work(options, threads, chosen, libraries) for threads in options.threads]
    run = {"head": head(options), "results": results}
    if options.json:
        options.json.write_text(json.dumps(run, indent=1))
    import report

    options.output.write_text(report.markdown(run))
    print(f"wrote {options.output}", file=sys.stderr)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--suite", choices=layers.SUITES, default="layers", help="the layers that are timed")
    parser.add_argument("--layers", metavar="REGEX", default="", help="only layers whose names match")
    parser.add_argument("--threads", type=numbers, default=[1, 2], help="numbers of threads, one run for each")
    parser.add_argument("--layout", choices=[*LAYOUTS, "both"], default="both", help="memory order of all tensors")
    parser.add_argument("--passes", type=positive, default=1, help="how often all layers are visited in rounds")
    parser.add_argument("--rounds", type=positive, default=30, help="visits of each library")
    parser.add_argument("--visit-ms", type=float, default=2.0, help="how long a visit lasts at least")
    parser.add_argument("--peers", type=names, default=[], help="only these, such as atrous,onnxruntime,ncnn")
    parser.add_argument("--quick", action="store_true", help="3 rounds: whether it works, not how fast it is")
    parser.add_argument("--output", type=Path, help="the report, if not RESULTS.md or NETWORKS.md")
    parser.add_argument("--json", type=Path, help="all that was measured")
    parser.add_argument("--list", action="store_true", help="print names and multiply-adds of the layers, and stop")
    parser.add_argument("--self-test", action="store_true", help="test the harness itself, and stop")
    options = parser.parse_args()
    options.output = options.output or HERE.parent / REPORTS[options.suite]
    if options.quick:
        options.passes, options.rounds = 1, 3
    options.layouts = LAYOUTS if options.layout == "both" else [options.layout]
    available = len(os.sched_getaffinity(0))
    if max(options.threads) > available:
        sys.exit(f"--threads {max(options.threads)}: this process may use {available} cores")
    return options


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def numbers(text):
    return [positive(number) for number in text.split(",")]


def names(text):
    for name in text.split(","):
        if name not in runtimes.NAMES:
            raise argparse.ArgumentTypeError(f"there is no {name}, but {', '.join(runtimes.NAMES)}")
    return text.split(",")


def list_layers(suite):
    """Name, useful and nominal multiply-adds of each layer."""
    for layer in layers.table(suite):
        print(layer.name, layer.useful_macs(), layer.nominal_macs(), sep="\t")


def build(compiled):
    """Builds both libraries of Atrous, and says where they are, by the name of their package."""
    command = ["cargo", "build", "--release", "--message-format=json-render-diagnostics"]
    command += ["-p", "atrous-capi", "-p", "atrous-bench"]
    if compiled:
        command += ["--features", "atrous-bench/compiled"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if built.returncode:
        sys.exit(f"cannot build Atrous: {shlex.join(command)}")
    found = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and "cdylib" in message["target"]["crate_types"]:
            files = [file for file in message["filenames"] if Path(file).suffix in (".so", ".dylib", ".dll")]
            found[message["target"]["name"].replace("_", "-")] = files[0]
    return found


def work(options, threads, chosen, libraries):
    """What one process finds with so many threads."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "result.json"
        task = {
            "suite": options.suite,
            "threads": threads,
            "passes": options.passes,
            "rounds": options.rounds,
            "visit_ms": options.visit_ms,
            "layers": chosen,
            "layouts": options.layouts,
            "peers": options.peers,
            "atrous": version(),
            "capi": libraries["atrous-capi"],
            "bench_library": libraries["atrous-bench"],
            "json": str(output),
        }
        environment = {**ENVIRONMENT, "OMP_NUM_THREADS": str(threads), **os.environ}
        command = [sys.executable, str(HERE / "worker.py"), json.dumps(task)]
        if status := subprocess.run(command, env=environment).returncode:
            sys.exit(f"the measurement on {threads} thread(s) ended with status {status}")
        return json.loads(output.read_text())


def head(options):
    """What a reader needs to know of a run, by name."""
    import machine

    arguments = [argument for argument in sys.argv[1:]]
    return {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "crates/atrous-bench/peers/bench.py", *arguments]),
        "suite": options.suite,
        "atrous": version(),
        "passes": options.passes,
        "rounds": options.rounds,
        "visit_ms": options.visit_ms,
        **machine.describe(),
    }


def version():
    """Of Atrous, with its commit, and whether files differ from it."""
    number = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    command = ["git", "describe", "--always", "--exclude=*", "--abbrev=10", "--dirty= and uncommitted changes"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return f"{number} ({commit.stdout.strip()})" if commit.returncode == 0 else number


if __name__ == "__main__":
    main()
