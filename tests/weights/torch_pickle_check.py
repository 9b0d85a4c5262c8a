"""torch_pickle_check.py FILE: what a file of torch.save holds, read by Python's own zipfile (sums checked) and pickle, with
stand-ins for the classes that torch.load allows. One line a tensor: name, type, storage, offset, shape, strides, bytes."""

import collections
import pickle
import sys
import zipfile


class Named(str):
    pass


def rebuild(storage, offset, size, stride, requires_grad, hooks):
    assert requires_grad is False and type(hooks) is collections.OrderedDict and not hooks
    return storage, offset, size, stride


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild
        assert module == "torch" and name.endswith("Storage"), (module, name)
        return Named(name)

    def persistent_load(self, identity):
        kind, storage, key, place, elements = identity
        assert kind == "storage" and place == "cpu"
        return storage, key, elements


with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    members = {name.split("/", 1)[1]: archive.getinfo(name) for name in archive.namelist()}
    assert archive.read(members["byteorder"]) == b"little"
    assert all(member.compress_type == zipfile.ZIP_STORED for member in members.values())
    state = Unpickler(archive.open(members["data.pkl"])).load()
    assert type(state) is collections.OrderedDict
    for name, ((storage, key, elements), offset, size, stride) in state.items():
        print(name, storage, key, elements, offset, list(size), list(stride), archive.read(members[f"data/{key}"]).hex())
