"""Debian's FashionMNIST files (package dataset-fashion-mnist) as Python's gzip reads them: by split and index the label,
the sum of the pixels and the sum of pixel * (position + 1); then normalised pixels as torchvision's ToTensor and
Normalize give them (float32), of the first training image's row 14. Usage: fashion_mnist.py FOLDER"""
import gzip
import pathlib
import sys

import numpy
import torch

from oracle_lines import line

folder = pathlib.Path(sys.argv[1])


def values(name, skip, shape):
    return numpy.frombuffer(gzip.open(folder / name).read(), numpy.uint8)[skip:].reshape(shape)


for split, stem in (("train", "train"), ("test", "t10k")):
    images = values(f"{stem}-images-idx3-ubyte.gz", 16, (-1, 784)).astype(numpy.int64)
    labels = values(f"{stem}-labels-idx1-ubyte.gz", 8, (-1,))
    line(f"{split} size", [len(labels)])
    line(f"{split} labels", numpy.bincount(labels))
    for index in (0, 1, len(labels) // 2, len(labels) - 1):
        image = images[index]
        line(f"{split} {index}", [labels[index], image.sum(), (image * numpy.arange(1, 785)).sum()])
    if split == "train":
        row = torch.from_numpy(images[0].reshape(28, 28)[14].astype(numpy.uint8)).to(torch.float32).div(255)
        line("normalized row", row.sub(torch.tensor(0.2860)).div(torch.tensor(0.3530)))
