"""safetensors_make.py FILE: writes a file of every type with the safetensors package."""

import sys

import numpy
import safetensors
import safetensors.numpy

arrays = {
    "bool": numpy.array([True, False, True]),
    "u8": numpy.array([0, 255], numpy.uint8),
    "i8": numpy.array([-128, 127], numpy.int8),
    "i16": numpy.array([-32768, 5], numpy.int16),
    "u16": numpy.array([65535], numpy.uint16),
    "f16": numpy.array([1.5, -0.25], numpy.float16),
    "i32": numpy.array([[-5, 7], [2**31 - 1, 0]], numpy.int32),
    "u32": numpy.array([2**32 - 1], numpy.uint32),
    "f32": numpy.array([0.1, -3e38], numpy.float32),
    "c64": numpy.array([1 + 2j], numpy.complex64),
    "f64": numpy.array([0.1, 5e-324], numpy.float64),
    "i64": numpy.array([-(2**63), 2**63 - 1], numpy.int64),
    "u64": numpy.array([2**64 - 1], numpy.uint64),
    "scalar": numpy.array(42.0, numpy.float32),
    "empty": numpy.zeros((0, 4), numpy.float32),
    'odd "name" é/\n': numpy.array([1.0], numpy.float32),
}
safetensors.numpy.save_file(arrays, sys.argv[1], metadata={"format": "np", "key": 'va"lue'})

# numpy has no bfloat16, so these go in as bytes.
bf16, f8 = numpy.frombuffer(bytes.fromhex("c03f80bf"), numpy.uint8), numpy.frombuffer(bytes.fromhex("38b8"), numpy.uint8)
raw = {
    "bf16": safetensors.TensorSpec(dtype="bfloat16", shape=[2], data_ptr=bf16.ctypes.data, data_len=bf16.nbytes),
    "f8": safetensors.TensorSpec(dtype="float8_e4m3fn", shape=[2], data_ptr=f8.ctypes.data, data_len=f8.nbytes),
}
safetensors.serialize_file(raw, sys.argv[1] + ".raw", None)
