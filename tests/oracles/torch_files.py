"""Writes torch_files/: files of torch.save in its forms. Usage: torch_files.py FOLDER. Values are pattern(shape, salt)."""
import collections
import pathlib
import sys
import zipfile

import torch
from oracle_lines import pattern

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)


def network():
    """The names of tests/weights' network: a linear layer and a batch norm."""
    net = torch.nn.Sequential(collections.OrderedDict(linear=torch.nn.Linear(3, 3), norm=torch.nn.BatchNorm1d(3)))
    state = net.state_dict()
    for salt, tensor in enumerate(state.values(), 1):
        tensor.copy_(pattern(tensor.shape, salt, dtype=tensor.dtype) if tensor.is_floating_point() else torch.tensor(7))
    return state


def every_kind():
    big = pattern([4, 6], 1, dtype=torch.float32)
    return collections.OrderedDict(
        whole=big, transposed=big.t(), row=big[2], column=big[:, 1], shared=big,
        half=pattern([3], 2).half(), bfloat16=pattern([3], 2).bfloat16(), double=pattern([2, 2], 3),
        long=torch.tensor([-(2**62), 5]), int=torch.tensor([-7], dtype=torch.int32),
        short=torch.tensor([-8], dtype=torch.int16), char=torch.tensor([-9], dtype=torch.int8),
        byte=torch.tensor([200], dtype=torch.uint8), bool=torch.tensor([True, False]),
        complex=torch.tensor([1 + 2j]), scalar=torch.tensor(2.5), empty=torch.zeros(0, 4),
        expanded=torch.tensor([3.0]).expand(2, 2), parameter=torch.nn.Parameter(pattern([5], 4, dtype=torch.float32)))


torch.save(network(), folder / "network.pt")
torch.save(network(), folder / "network_old.pt", _use_new_zipfile_serialization=False)
torch.save({f"network.{name}": tensor.double() if tensor.is_floating_point() else tensor
            for name, tensor in network().items()}, folder / "prefixed.pt")
torch.save(every_kind(), folder / "kinds.pt")
torch.save(every_kind(), folder / "kinds_old.pt", _use_new_zipfile_serialization=False)
torch.save(every_kind(), folder / "kinds_protocol_5.pt", pickle_protocol=5)
torch.save({"epoch": 3, "global_step": 120, "pytorch-lightning_version": "2.5.0", "loops": {"fit": {"done": [1, 2.5, None]}},
            "state_dict": {f"network.{name}": tensor for name, tensor in network().items()},
            "optimizer_states": [{"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(3, 3)}},
                                  "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "amsgrad": False, "params": [0]}]}],
            "hyper_parameters": {"lr": 0.1}}, folder / "lightning.ckpt")
torch.save({"model_state_dict": network(), "loss": 0.25}, folder / "one_dict.pt")
torch.save({"generator": network(), "discriminator": network()}, folder / "two_dicts.pt")
torch.save(torch.nn.Linear(2, 2), folder / "module.pt")
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(folder / "torchscript.pt"))

# What a big-endian machine writes.
with zipfile.ZipFile(folder / "network.pt") as little, zipfile.ZipFile(folder / "big_endian.pt", "w") as big:
    for name in little.namelist():
        big.writestr(name, b"big" if name.endswith("/byteorder") else little.read(name))
