"""That PyTorch opens what `dlhost export` writes, at torch.load's defaults, and shards. Usage: torch_load.py DLHOST."""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import torch.distributed.checkpoint as dcp
import torchvision

DLHOST = pathlib.Path(sys.argv[1]).resolve()
CONFIG = """
[data]
module = { type = "vision.Synthetic", params = { shape = [3, 32, 32], train_size = 8, validation_size = 0, test_size = 8 } }
batch_size = 4
[model]
module    = { type = "tasks.ImageClassification" }
network   = { type = "vision.ResNet18" }
optimizer = { type = "torch.SGD", params = { lr = 0.01 } }
loss      = { type = "torch.CrossEntropyLoss" }
[train]
num_epochs = 1
"""


def safetensors(path):
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    kinds = {"F32": torch.float32, "I64": torch.int64}
    return {name: torch.frombuffer(bytearray(data[end + entry["data_offsets"][0]:end + entry["data_offsets"][1]]),
                                   dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in json.loads(data[8:end]).items() if name != "__metadata__"}


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    (folder / "c.toml").write_text(CONFIG)
    for arguments in (["c.toml", "--run-dir", "r"], ["export", "r", "--out", "x.pt"], ["export", "r"]):
        subprocess.run([DLHOST, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    state, same = torch.load(folder / "x.pt"), safetensors(folder / "model.safetensors")
    assert type(state) is collections.OrderedDict and all(type(value) is torch.Tensor for value in state.values())
    assert state.keys() == same.keys() and all(torch.equal(state[name], same[name]) for name in state)
    assert state["bn1.num_batches_tracked"].dtype == torch.int64 and state["layer4.1.conv2.weight"].shape == (512, 512, 3, 3)
    layer = torch.nn.Linear(512, state["fc.bias"].numel())
    layer.load_state_dict({name: state["fc." + name] for name in ("weight", "bias")})
    # And back: what torch.save writes of it begins the same run.
    torch.save(state, folder / "back.pt", _use_new_zipfile_serialization=False)
    out = subprocess.run([DLHOST, "c.toml", "--init-from", "back.pt", "--set", "train.num_epochs=0", "--run-dir", "b"],
                         cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert f"begins with {len(state)} tensors of" in out, out
    # The computation, too: torchvision's network with these weights gives the same.
    subprocess.run([DLHOST, "export", "r", "--format", "torchscript"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    script, resnet = torch.jit.load(folder / "model.torchscript"), torchvision.models.resnet18()
    resnet.load_state_dict(state)
    images = torch.rand(5, 3, 32, 32)
    assert script.state_dict().keys() == state.keys()
    assert torch.allclose(script(images), resnet.eval()(images), rtol=1e-4, atol=1e-5)
    # The shards of three ranks, by PyTorch's distributed checkpoints.
    sharded = ["--set", "checkpoint.sharded=true", "--set", "data.batch_size=2", "--set", "data.drop_last=true"]
    subprocess.run(["mpirun", "--oversubscribe", "-n", "3", DLHOST, "c.toml", *sharded, "--run-dir", "s"], cwd=folder,
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run([DLHOST, "export", "s", "--out", "s.pt"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    last = folder / "s/checkpoints/last"
    assert (last / "model-00003-of-00003.safetensors").exists() and not (last / "model.safetensors").exists()
    expected = torch.load(folder / "s.pt")
    read = {name: torch.zeros_like(value) for name, value in expected.items()}
    dcp.load(read, storage_reader=dcp.HuggingFaceStorageReader(str(last)))
    assert all(torch.equal(read[name], value) for name, value in expected.items())
print(f"{len(state)} tensors, the same in both files")
