"""One process that times a suite on a number of threads, and writes what it finds as JSON.

`bench.py` starts it: libraries read the environment and the cores of the process when they are loaded.
"""

import argparse
import json
import os
import sys

# What a report says of a runtime.
FIELDS = ("title", "library", "version")


def main():
    options = json.loads(sys.argv[1], object_hook=lambda fields: argparse.Namespace(**fields))
    # Before any library starts its threads.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-options.threads :])
    import layers
    import machine
    import rounds
    import runtimes

    probe = machine.Probe(options.bench_library)
    chosen = [layer for layer in layers.table(options.suite) if layer.name in options.layers]
    settings = {name: getattr(options, name) for name in ("threads", "passes", "rounds", "visit_ms")}
    result = {**settings, "tables": []}
    for layout in options.layouts:
        opened, missing = runtimes.open_all(options.peers, layout, options)
        overheads = rounds.overheads(opened, options)
        passes = {layer: [] for layer in chosen}
        for number in range(options.passes):
            for index, layer in enumerate(chosen):
                place = f"[{number * len(chosen) + index + 1}/{options.passes * len(chosen)}]"
                print(f"{options.threads} thread(s), {layout} {place} {layer.name}", file=sys.stderr, flush=True)
                passes[layer].append(rounds.layer_pass(layer, opened, options, probe))
        rows = [rounds.layer_row(layer, of_layer) for layer, of_layer in passes.items()]
        table = {
            "layout": layout,
            "runtimes": [{"name": name, **{field: getattr(opened[name], field) for field in FIELDS}} for name in opened],
            "missing": missing,
            "overhead_ms": overheads,
            "awake": rounds.awake([one for of_layer in passes.values() for one in of_layer]),
            "rows": rows,
        }
        result["tables"].append(table)
    with open(options.json, "w") as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
