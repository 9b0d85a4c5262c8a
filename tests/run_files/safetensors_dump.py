"""safetensors_dump.py FILE: what the safetensors package reads in FILE, one line a tensor: name, type, shape, bytes."""

import json
import sys

import safetensors
import safetensors.numpy

with open(sys.argv[1], "rb") as file:
    data = file.read()
for name, tensor in sorted(safetensors.deserialize(data)):
    print(json.dumps(name), tensor["dtype"], json.dumps(tensor["shape"]), bytes(tensor["data"]).hex() or "-")

# The reader that maps the file checks it again, and gives the metadata.
with safetensors.safe_open(sys.argv[1], "numpy") as file:
    print("metadata", json.dumps(file.metadata(), sort_keys=True))

length = int.from_bytes(data[:8], "little")
header = json.loads(data[8 : 8 + length])
print("order", " ".join(json.dumps(name) for name in header if name != "__metadata__"))
print("data at a multiple of 64:", (8 + length) % 64 == 0)
SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2}
SIZES |= {"I32": 4, "U32": 4, "F32": 4, "C64": 8, "F64": 8, "I64": 8, "U64": 8}
aligned = all(
    entry["data_offsets"][0] % SIZES[entry["dtype"]] == 0 for name, entry in header.items() if name != "__metadata__"
)
print("every tensor aligned:", aligned)
