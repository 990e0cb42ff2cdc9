"""The runtimes that are timed.

Each is a class whose objects have

- `name`, by which it is chosen, and `title`, by which it is reported;
- `layout`, the memory order of its inputs and outputs;
- `version`, of what computes;
- `prepare(problem)`, which packs the weights and gives a `Prepared`, or raises `Unsupported`;
- `no_op()`, which gives the smallest call that the runtime can do: what it costs to call it at all.
"""

import importlib

# Module and class, in the order of the rounds.
CLASSES = [
    ("atrous_jit", "AtrousJit"),
    ("atrous_rust", "AtrousRust"),
    ("onnx_runtime", "OnnxRuntime"),
    ("one_dnn", "OneDnnPlain"),
    ("one_dnn", "OneDnnAny"),
    ("open_vino", "OpenVino"),
    ("ncnn_net", "NcnnDirect"),
    ("ncnn_net", "NcnnWinograd"),
    ("one_dnn", "OneDnnNhwc"),
    ("xnnpack", "Xnnpack"),
]


def open_all(wanted, layout, options):
    """The runtimes of a memory order, and why others could not be opened: `([runtime], {name: reason})`."""
    found, missing = [], {}
    for module, name in CLASSES:
        try:
            kind = getattr(importlib.import_module(f"runtimes.{module}"), name)
            if layout in kind.layouts and (not wanted or kind.name in wanted):
                found.append(kind(layout, options))
        except (ImportError, OSError, AttributeError) as error:
            missing[name] = str(error)
    return found, missing
