"""The runs of training_run.py in less precision: torch.autocast in bfloat16 and, with a GradScaler, in float16, and all in
bfloat16. Of each run: the loss of every step, loss and accuracy on the test images; of float16 the loss scale after every
step and how many were left out. "float32 adamw": for comparison. Usage: precision.py DLHOST (the program; it writes the
initial weights)."""
import contextlib
import pathlib
import tempfile

import torch
import torch.nn.functional as F
from torch import nn

from oracle_lines import line
from simple_cnn import CNN
from small_fashion_mnist import write
from training_run import RUNS, images_and_labels, initial_weights, windows

torch.set_num_threads(1)


class MLP(nn.Sequential):
    """vision.MLP with width = 64."""
    def __init__(self):
        super().__init__(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x):
        return super().forward(x.flatten(1))


def train(key, name, folder, precision, net, settings=(), scaler=None):
    run = RUNS[name]
    dtype = torch.bfloat16 if precision == "bf16-true" else torch.float32
    autocast = {"bf16": torch.bfloat16, "16": torch.float16}.get(precision)
    forward = lambda: torch.autocast("cpu", autocast) if autocast else contextlib.nullcontext()
    net = net.to(dtype)
    net.load_state_dict(initial_weights(name, folder, f"engine.precision={precision}", *settings))
    # The fused SGD goes wrong where the first step is left out: it takes its momentum as there.
    optimizer = run["make_optimizer"](net.parameters(), **(dict(foreach=False) if scaler else dict(fused=True)))
    scheduler = run["make_scheduler"](optimizer)
    images, labels = images_and_labels(folder, "train")
    images = images.to(dtype)
    losses, scales, skipped, last_epoch = [], [], 0, 0
    for epoch, begin, end in windows(len(labels), run["batch_size"], run["accumulation"]):
        if run["by_epoch"] and epoch != last_epoch:
            scheduler.step()
        last_epoch = epoch
        optimizer.zero_grad()
        mean = 0.0
        for first in range(begin, end, run["batch_size"]):
            last = min(first + run["batch_size"], end)
            with forward():
                loss = F.cross_entropy(net(images[first:last]), labels[first:last], label_smoothing=run["label_smoothing"])
            share = (last - first) / (end - begin)
            (scaler.scale(loss * share) if scaler else loss * share).backward()
            mean += loss.item() * share
        if scaler:
            scaler.unscale_(optimizer)
            skipped += any(not p.grad.isfinite().all() for p in net.parameters())
            scaler.step(optimizer)
            scaler.update()
            scales.append(scaler.get_scale())
        else:
            optimizer.step()
        losses.append(mean)
        if len(losses) == 50:
            break
        if not run["by_epoch"]:
            scheduler.step()
    line(f"{key} losses", losses)
    if scaler:
        line(f"{key} scales", scales)
        line(f"{key} skipped", [skipped])
    images, labels = images_and_labels(folder, "t10k")
    with torch.no_grad(), forward():
        logits = net(images.to(dtype))
        line(f"{key} test", [F.cross_entropy(logits, labels, label_smoothing=run["label_smoothing"]),
                             (logits.argmax(1) == labels).double().mean()])


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    write(folder)
    train("float32 adamw", "adamw", folder, "32", CNN())
    train("bfloat16 autocast sgd", "sgd", folder, "bf16", CNN())
    train("bfloat16 autocast adamw", "adamw", folder, "bf16", CNN())
    train("bfloat16 true adamw", "adamw", folder, "bf16-true", CNN())
    # Begins with a scale that overflows; grows again after each 8 steps that do not.
    train("float16 sgd", "sgd", folder, "16", MLP(),
          ("model.network.type=vision.MLP", "model.network.params={ in_features = 784, width = 64 }"),
          torch.amp.GradScaler("cpu", init_scale=2.0**24, growth_interval=8))
