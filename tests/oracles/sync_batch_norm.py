"""Batch norm over the whole batch, in float64: what synchronised batch norm over ranks that share the batch must give.
Each layer normalises two batches in training mode (the second with a backward pass) and the first one in evaluation
mode."""
import torch
from torch import nn

from oracle_lines import hashed, line


def record(key, layer, shape):
    layer = layer.double()
    with torch.no_grad():
        if layer.affine:
            layer.weight.copy_(1 + 0.5 * hashed(layer.weight.shape, "weight"))
            layer.bias.copy_(0.1 * hashed(layer.bias.shape, "bias"))
    first = 2 * hashed(shape, "first") + 0.5
    second = hashed(shape, "second").square().requires_grad_()
    layer(first)
    y = layer(second)
    y.backward(hashed(shape, "dy"))
    line(f"{key} y", y.detach().flatten())
    line(f"{key} dx", second.grad.flatten())
    if layer.affine:
        line(f"{key} dweight", layer.weight.grad)
        line(f"{key} dbias", layer.bias.grad)
    if layer.track_running_stats:
        line(f"{key} running_mean", layer.running_mean)
        line(f"{key} running_var", layer.running_var)
        line(f"{key} num_batches_tracked", [layer.num_batches_tracked])
        line(f"{key} eval", layer.eval()(first).flatten())


record("2d", nn.BatchNorm2d(3), [7, 3, 2, 3])
record("2d cumulative", nn.BatchNorm2d(3, eps=1e-3, momentum=None), [7, 3, 2, 3])
record("2d plain", nn.BatchNorm2d(3, affine=False, track_running_stats=False), [7, 3, 2, 3])
record("1d", nn.BatchNorm1d(4), [7, 4])
record("1d length", nn.BatchNorm1d(2, momentum=0.3), [7, 2, 5])
record("3d", nn.BatchNorm3d(2, affine=False), [7, 2, 2, 1, 3])
