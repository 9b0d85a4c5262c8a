"""What the oracles share: how a line is written, and the inputs, which tests make by the same formula (oracle.h)."""
import numpy
import torch


def line(key, values):
    print(f"{key}: " + " ".join(repr(float(v)) for v in values))


def pattern(shape, salt, scale=8.0, dtype=torch.float64):
    """Element i is ((salt i i + 7 i + 5 salt) mod 13 - 6) / scale: exact, in bfloat16 too if scale is a power of 2."""
    count = 1
    for length in shape:
        count *= length
    values = [((salt * i * i + 7 * i + 5 * salt) % 13 - 6) / scale for i in range(count)]
    return torch.tensor(values, dtype=dtype).reshape(shape)


def summary(tensor):
    """Sum, sum of squares, first and last element."""
    values = tensor.detach().double().flatten()
    return [values.sum(), values.square().sum(), values[0], values[-1]]


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def hashed(shape, name):
    """Element i of the tensor `name`: uniform in [-1, 1), from SplitMix64 of FNV-1a(name) + i; exact. For large tensors."""
    count = int(numpy.prod(shape, dtype=numpy.int64))
    x = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15) + numpy.uint64(fnv1a(name))
    x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    x = (x ^ (x >> numpy.uint64(31))) >> numpy.uint64(11)
    return torch.from_numpy(x.astype(numpy.float64) * 2.0**-52 - 1).reshape(shape)
