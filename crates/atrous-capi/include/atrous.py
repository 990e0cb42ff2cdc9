"""`atrous.h` for Python's ctypes."""

import ctypes
from ctypes import POINTER, Structure, c_char_p, c_float, c_int, c_size_t, c_uint32, c_uint64, c_void_p


class Size(Structure):
    _fields_ = [("name", c_char_p), ("size", c_size_t)]


class Options(Structure):
    _fields_ = [
        ("sizes", POINTER(Size)),
        ("size_count", c_size_t),
        ("layout", c_uint32),
        ("target", c_char_p),
        ("threads", c_size_t),
        ("tuning", c_char_p),
        ("memory_limit", c_uint64),
        ("deny_slow", c_uint32),
    ]


class Info(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("target", c_char_p),
        ("layout", c_uint32),
        ("threads", c_size_t),
        ("input_count", c_size_t),
        ("output_count", c_size_t),
        ("parameter_count", c_size_t),
        ("packed_len", c_size_t),
        ("scratch_len", c_size_t),
        ("tuned_count", c_size_t),
        ("warning", c_char_p),
        ("memory", c_uint64),
    ]


class Tensor(Structure):
    _fields_ = [("name", c_char_p), ("shape", POINTER(c_size_t)), ("rank", c_size_t), ("len", c_size_t)]


class Slice(Structure):
    """AtrousSlice and AtrousSliceMut."""

    _fields_ = [("data", POINTER(c_float)), ("len", c_size_t)]


def load(path):
    """The shared library, whose functions know their types."""
    library = ctypes.CDLL(str(path))
    library.atrous_last_error.restype = library.atrous_version.restype = c_char_p
    library.atrous_compile.argtypes = [c_char_p, POINTER(Options), POINTER(c_void_p)]
    library.atrous_info.argtypes = [c_void_p, POINTER(Info)]
    library.atrous_tensor.argtypes = [c_void_p, c_uint32, c_size_t, POINTER(Tensor)]
    library.atrous_pack.argtypes = [c_void_p, POINTER(Slice), c_size_t, POINTER(c_void_p)]
    library.atrous_run.argtypes = [
        c_void_p, POINTER(Slice), c_size_t, POINTER(Slice), c_size_t, POINTER(c_float), c_size_t,
    ]  # fmt: skip
    for function in ["compile", "info", "tensor", "pack", "run"]:
        getattr(library, "atrous_" + function).restype = c_int
    for function in ["kernel_free", "packed_free"]:
        getattr(library, "atrous_" + function).argtypes = [c_void_p]
        getattr(library, "atrous_" + function).restype = None
    return library
