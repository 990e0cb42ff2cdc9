"""The runtimes that are timed.

Each is a class whose objects have

- `title`, by which it is reported;
- `library`, the name of what computes, and `version`, its version;
- `layouts`, the memory orders of inputs and outputs that it can have;
- `prepare(problem)`, which packs the weights and gives a `Prepared`, or raises `Unsupported`;
- `no_op()`, which gives the smallest call that the runtime can do: what it costs to call it at all.
"""

import importlib

# Name, module and class, in the order of the rounds.
CLASSES = [
    ("atrous", "atrous_jit", "AtrousJit"),
    ("atrous-rust", "atrous_rust", "AtrousRust"),
    ("onnxruntime", "onnx_runtime", "OnnxRuntime"),
    ("onednn", "one_dnn", "OneDnnPlain"),
    ("onednn-any", "one_dnn", "OneDnnAny"),
    ("openvino", "open_vino", "OpenVino"),
    ("ncnn", "ncnn_net", "NcnnDirect"),
    ("ncnn-winograd", "ncnn_net", "NcnnWinograd"),
    ("xnnpack", "xnnpack", "Xnnpack"),
]

NAMES = list(dict.fromkeys(name for name, *_ in CLASSES))


def open_all(wanted, layout, options):
    """The runtimes of a memory order by name, and why others could not be opened: `({name: runtime}, {name: reason})`."""
    found, missing = {}, {}
    for name, module, kind in CLASSES:
        if wanted and name not in wanted:
            continue
        try:
            kind = getattr(importlib.import_module(f"runtimes.{module}"), kind)
            if layout in kind.layouts:
                found[name] = kind(layout, options)
        except (ImportError, OSError) as error:
            missing[name] = str(error)
    return found, missing
