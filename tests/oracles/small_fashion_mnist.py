"""The first 250 training and 50 test images of Fashion-MNIST (Debian: dataset-fashion-mnist) as a data set of its own:
IDX files in FOLDER. Usage: small_fashion_mnist.py FOLDER. Needs nothing but Python."""
import gzip
import pathlib
import struct
import sys

SOURCE = pathlib.Path("/usr/share/datasets/fashion-mnist")
COUNTS = {"train": 250, "t10k": 50}


def write(folder):
    for split, count in COUNTS.items():
        for name, header, row in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
            stem = f"{split}-{name}-ubyte"
            with gzip.open(SOURCE / f"{stem}.gz") as file:
                data = bytearray(file.read(header + count * row))
            data[4:8] = struct.pack(">I", count)
            (pathlib.Path(folder) / stem).write_bytes(data)


if __name__ == "__main__":
    write(sys.argv[1])
