"""safetensors_accepts.py FILE…: prints the files that the safetensors package reads."""

import sys

import safetensors

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        data = file.read()
    try:
        safetensors.deserialize(data)
    except safetensors.SafetensorError:
        continue
    print(path.rsplit("/", 1)[-1])
