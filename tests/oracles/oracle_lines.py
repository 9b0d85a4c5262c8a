"""What the oracles share: how a line is written, and the inputs, which tests make by the same formula (oracle.h)."""
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
