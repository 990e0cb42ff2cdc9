"""oneDNN through its C interface: in plain memory orders, and in those that it would choose, with the reorders timed."""

import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_uint, c_void_p
from pathlib import Path

from problem import Prepared, Unsupported, aligned, aligned_copy, from_layout

# Numbers of oneDNN's headers.
CPU, F32, FORWARD_INFERENCE, CONVOLUTION_DIRECT, DECONVOLUTION_DIRECT = 1, 3, 96, 1, 10
IN_ORDER = 1
ANY = 1
SOURCE, TARGET, WEIGHTS, BIAS = 1, 17, 33, 41
QUERY_SOURCE, QUERY_WEIGHTS, QUERY_TARGET = 129, 131, 133
MAX_DIMS = 12


class Argument(ctypes.Structure):
    _fields_ = [("arg", c_int), ("memory", c_void_p)]


class Version(ctypes.Structure):
    _fields_ = [("major", c_int), ("minor", c_int), ("patch", c_int), ("hash", c_char_p), ("cpu", c_uint), ("gpu", c_uint)]


LIBRARIES = Path(sys.prefix) / "lib"


def _open():
    """The library, and before it the ones that it needs and that the system does not know."""
    os.environ.setdefault("OCL_ICD_FILENAMES", str(LIBRARIES / "libintelocl.so"))
    needed = ["intlc.so.5", "irng.so", "imf.so", "svml.so", "tbb.so.12", "umf.so.1", "hwloc.so.15", "ur_loader.so.0"]
    for name in [*needed, "OpenCL.so.1", "sycl.so.9"]:
        ctypes.CDLL(str(LIBRARIES / f"lib{name}"), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(LIBRARIES / "libdnnl.so.3"))


LIBRARY = _open()
LIBRARY.dnnl_version.restype = POINTER(Version)
LIBRARY.dnnl_primitive_desc_query_md.restype = c_void_p
LIBRARY.dnnl_memory_desc_get_size.restype = ctypes.c_size_t


def _call(name, *arguments):
    status = getattr(LIBRARY, f"dnnl_{name}")(*arguments)
    if status:
        raise Unsupported(f"dnnl_{name} fails with status {status}" + " (unimplemented)" * (status == 3))


def _new(name, *arguments):
    handle = c_void_p()
    _call(name, byref(handle), *arguments)
    return handle


def _dims(sizes):
    return (c_int64 * MAX_DIMS)(*sizes)


class OneDnn:
    """`plain` says whether the convolution works in the caller's memory order or in one of its own choice."""

    library, version = "oneDNN", "{0.major}.{0.minor}.{0.patch}".format(LIBRARY.dnnl_version().contents)

    def __init__(self, layout, options):
        self.layout = layout
        self.engine = _new("engine_create", CPU, c_int(0))
        self.stream = _new("stream_create", self.engine, c_int(IN_ORDER))

    def prepare(self, problem):
        layer = problem.layer
        weight = _weight(layer, problem.weight)
        tensor, output = problem.memory(self.layout)
        arrays = [tensor, aligned_copy(weight), aligned_copy(problem.bias), output]
        shapes = (layer.input_shape, weight.shape, problem.bias.shape, layer.output_shape)
        orders = [_permutation(len(shape), self.layout if index in (0, 3) else "nchw") for index, shape in enumerate(shapes)]
        memories = [self._caller(*of) for of in zip(arrays, shapes, orders)]
        convolution = self._convolution(layer, shapes, memories)
        steps, inner = [], []
        for (memory, description), query in zip(memories[:2], (QUERY_SOURCE, QUERY_WEIGHTS)):
            inner.append(self._reordered(memory, description, convolution, query, steps))
        weights_reorders = [step for step in steps if step[1][0].memory == memories[1][0].value]
        for step in weights_reorders:
            self._execute([step])
            steps.remove(step)
        after = []
        target = self._reordered(*memories[3], convolution, QUERY_TARGET, after, back=True)
        roles = zip((SOURCE, WEIGHTS, BIAS, TARGET), (*inner, memories[2][0], target))
        steps.append(_step(_new("primitive_create", convolution), roles))
        steps += after

        return Prepared(lambda: self._execute(steps), lambda: from_layout(output, self.layout), keep=arrays)

    def no_op(self):
        """A reorder of one number."""
        arrays = [aligned((1,)), aligned((1,))]
        (source, description), (target, _) = [self._caller(array, (1,), (0,)) for array in arrays]
        step = self._reorder(source, description, target, description)
        return Prepared(lambda: self._execute([step]), lambda: arrays[1], keep=arrays)

    def _execute(self, steps):
        for primitive, arguments, count in steps:
            _call("primitive_execute", primitive, self.stream, count, arguments)
        _call("stream_wait", self.stream)

    def _caller(self, array, shape, order):
        """The memory of an array, and its description."""
        strides = [0] * len(shape)
        stride = 1
        for dimension in reversed(order):
            strides[dimension] = stride
            stride *= shape[dimension]
        description = _new("memory_desc_create_with_strides", c_int(len(shape)), _dims(shape), F32, _dims(strides))
        return _new("memory_create", description, self.engine, c_void_p(array.ctypes.data)), description

    def _convolution(self, layer, shapes, memories):
        """The description of the convolution; weights are always in an order of its choice."""
        any_order = [_new("memory_desc_create_with_tag", c_int(len(shape)), _dims(shape), F32, ANY) for shape in shapes]
        own = [description for _, description in memories]
        source, target = (own[0], own[3]) if self.plain else (any_order[0], any_order[3])
        pad_hi = [axis.pad_hi - axis.output_padding for axis in layer.axes]
        where = [layer.all("stride"), [d - 1 for d in layer.all("dilation")], layer.all("pad_lo"), pad_hi]
        where = [_dims(sizes) for sizes in where]
        kind, algorithm = "convolution", CONVOLUTION_DIRECT
        if layer.transposed:
            kind, algorithm = "deconvolution", DECONVOLUTION_DIRECT
        of = (FORWARD_INFERENCE, algorithm, source, any_order[1], own[2], target, *where, None)
        return _new(f"{kind}_forward_primitive_desc_create", self.engine, *of)

    def _reordered(self, memory, description, convolution, query, steps, back=False):
        """The memory in the order that the convolution wants, and into `steps` the reorder that this takes."""
        wanted = c_void_p(LIBRARY.dnnl_primitive_desc_query_md(convolution, query, c_int(0)))
        if LIBRARY.dnnl_memory_desc_equal(wanted, description):
            return memory
        inner = _new("memory_create", wanted, self.engine, c_void_p(-1))
        ends = (inner, wanted, memory, description) if back else (memory, description, inner, wanted)
        steps.append(self._reorder(*ends))
        return inner

    def _reorder(self, source, source_description, target, target_description):
        ends = (source_description, self.engine, target_description, self.engine)
        primitive = _new("primitive_create", _new("reorder_primitive_desc_create", *ends, None))
        return _step(primitive, [(SOURCE, source), (TARGET, target)])


class OneDnnPlain(OneDnn):
    title, layouts, plain = "oneDNN plain", ("nchw", "nhwc"), True


class OneDnnAny(OneDnn):
    title, layouts, plain = "oneDNN any", ("nchw", "nhwc"), False


def _step(primitive, roles):
    roles = [Argument(role, memory) for role, memory in roles]
    return primitive, (Argument * len(roles))(*roles), c_int(len(roles))


def _permutation(rank, layout):
    """Dimensions in the order of memory, outermost first."""
    return range(rank) if layout == "nchw" else (0, *range(2, rank), 1)


def _weight(layer, weight):
    """[O, I, K…], with groups [G, O/g, I/g, K…], transposed or not."""
    grouped = weight.reshape(layer.groups, -1, *weight.shape[1:])
    if layer.transposed:
        grouped = grouped.swapaxes(1, 2)
    return grouped if layer.groups > 1 else grouped[0]
