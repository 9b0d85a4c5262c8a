"""Whole training runs as a plain PyTorch loop in float64: 50 steps of the CNN on real images, from the initial weights of
a checkpoint that dlhost wrote after one step with a learning rate of 0, in the order of the files (shuffle = false). Of
each run: the loss and the learning rate of every step; the trained weights (sum, sum of squares, first, last element);
loss and accuracy on the test images. Usage: training_run.py DLHOST (the program; it writes the checkpoint)."""
import pathlib
import subprocess
import sys
import tempfile

import numpy
import safetensors.torch
import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler

from oracle_lines import line, summary
from simple_cnn import CNN
from small_fashion_mnist import write

here = pathlib.Path(__file__).parent


def images_and_labels(folder, split):
    images = numpy.frombuffer((folder / f"{split}-images-idx3-ubyte").read_bytes(), numpy.uint8)[16:].copy()
    labels = numpy.frombuffer((folder / f"{split}-labels-idx1-ubyte").read_bytes(), numpy.uint8)[8:].copy()
    # ToTensor and Normalize of torchvision, in float32 as there.
    pixels = torch.from_numpy(images).float().div(255).sub(torch.tensor(0.2860)).div(torch.tensor(0.3530))
    return pixels.double().reshape(-1, 1, 28, 28), torch.from_numpy(labels).long()


def initial_weights(name, folder, *settings):
    run = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "run"
    command = [sys.argv[1], here / f"training_run_{name}.toml", "--run-dir", run]
    for setting in (f"data.root={folder}", "train.max_steps=1", "model.optimizer.params.lr=0", *settings):
        command += ["--set", setting]
    if name == "adamw":  # its schedule's rates would not be 0
        command += ["--set", "model.scheduler.params.max_lr=0"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return safetensors.torch.load_file(run / "checkpoints" / "last" / "model.safetensors")


def windows(samples, batch_size, accumulation):
    """[begin, end) of each step's samples, epoch by epoch."""
    epoch = 0
    while True:
        width = batch_size * accumulation(epoch)
        for begin in range(0, samples, width):
            yield epoch, begin, min(begin + width, samples)
        epoch += 1


def train(name, folder, batch_size, accumulation, make_optimizer, make_scheduler, by_epoch, label_smoothing):
    net = CNN().double()
    net.load_state_dict(initial_weights(name, folder))
    optimizer = make_optimizer(net.parameters(), foreach=False)
    scheduler = make_scheduler(optimizer)
    images, labels = images_and_labels(folder, "train")
    losses, rates, last_epoch = [], [], 0
    for epoch, begin, end in windows(len(labels), batch_size, accumulation):
        if by_epoch and epoch != last_epoch:
            scheduler.step()
        last_epoch = epoch
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images[begin:end]), labels[begin:end], label_smoothing=label_smoothing)
        loss.backward()
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        losses.append(loss.item())
        if len(losses) == 50:
            break
        if not by_epoch:
            scheduler.step()
    line(f"{name} losses", losses)
    line(f"{name} rates", rates)
    for key, value in net.state_dict().items():
        line(f"{name} {key}", summary(value))
    images, labels = images_and_labels(folder, "t10k")
    with torch.no_grad():
        logits = net(images)
    line(f"{name} test", [F.cross_entropy(logits, labels, label_smoothing=label_smoothing),
                          (logits.argmax(1) == labels).double().mean()])


# As training_run_NAME.toml has them.
RUNS = {
    "sgd": dict(
        batch_size=24, accumulation=lambda epoch: 1, by_epoch=True, label_smoothing=0.0,
        make_optimizer=lambda p, **how: torch.optim.SGD(
            p, lr=0.02, momentum=0.9, weight_decay=0.01, nesterov=True, **how),
        make_scheduler=lambda o: lr_scheduler.ExponentialLR(o, 0.8)),
    "adamw": dict(
        batch_size=12, accumulation=lambda epoch: 3 if epoch >= 1 else 1, by_epoch=False, label_smoothing=0.1,
        make_optimizer=lambda p, **how: torch.optim.AdamW(p, lr=0.003, weight_decay=0.05, **how),
        make_scheduler=lambda o: lr_scheduler.OneCycleLR(o, 0.003, total_steps=50)),
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        write(pathlib.Path(temporary))
        for name, run in RUNS.items():
            train(name, pathlib.Path(temporary), **run)
