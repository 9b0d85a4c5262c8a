"""hostile_files.py FOLDER: files that look like those of torch.save and are not, by Python's pickle and zipfile alone."""

import collections
import os
import pathlib
import pickle
import struct
import sys
import types
import zipfile

folder = pathlib.Path(sys.argv[1])

# Stand-ins that pickle under the names of PyTorch's own.
torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
sys.modules.update({"torch": torch, "torch._utils": utils})


class FloatStorage:
    __module__ = "torch"


class QUInt8Storage:
    __module__ = "torch"


def _rebuild_tensor_v2(*arguments):
    return arguments


_rebuild_tensor_v2.__module__ = "torch._utils"
torch.FloatStorage, torch.QUInt8Storage, utils._rebuild_tensor_v2 = FloatStorage, QUInt8Storage, _rebuild_tensor_v2


class Tensor:
    def __init__(self, elements=4, offset=0, size=(4,), stride=(1,), key="0", kind=FloatStorage):
        self.storage = ("storage", kind, key, "cpu", elements)
        self.rest = (offset, size, stride, False, collections.OrderedDict())

    def __reduce__(self):
        return _rebuild_tensor_v2, (Storage(self.storage), *self.rest)


class Storage:
    def __init__(self, identity):
        self.identity = identity


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.identity if isinstance(value, Storage) else None


def dumped(value):
    import io

    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(value)
    return buffer.getvalue()


def write(name, value=None, data=bytes(16), pickled=None, method=zipfile.ZIP_STORED, extra=()):
    with zipfile.ZipFile(folder / name, "w", method) as archive:
        archive.writestr("archive/data.pkl", dumped(value) if pickled is None else pickled)
        archive.writestr("archive/data/0", data)
        for member in extra:
            archive.writestr(*member)


class Evil:
    def __reduce__(self):
        return os.system, (f"touch {folder}/ran",)


good = collections.OrderedDict(w=Tensor())
write("good.pt", good)
write("system.pt", {"w": Tensor(), "x": Evil()})
write("eval.pt", pickled=b"\x80\x02c__builtin__\neval\nX\x03\x00\x00\x001+1\x85R.")
write("stack_global.pt", pickled=b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.")
write("instance.pt", pickled=b"\x80\x02(ios\nsystem\n.")
write("new_object.pt", pickled=b"\x80\x02ccollections\nOrderedDict\n)\x81.")
write("extension.pt", pickled=b"\x80\x02\x82\x01.")
write("call_of_a_text.pt", pickled=b"\x80\x02X\x01\x00\x00\x00a)R.")
write("no_stop.pt", pickled=b"\x80\x02}")
write("long_text.pt", pickled=b"\x80\x02X\xff\xff\xff\x7fabc.")
write("longer_text.pt", pickled=b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.")
write("negative_text.pt", pickled=b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.")
write("empty_stack.pt", pickled=b"\x80\x02.")
write("no_mark.pt", pickled=b"\x80\x02u.")
write("pop_under_mark.pt", pickled=b"\x80\x02}(R.")
write("unknown_memo.pt", pickled=b"\x80\x02h\x05.")
write("protocol_0.pt", pickled=b"(dp0\n.")
write("list.pt", [1, 2])
write("no_tensors.pt", {"epoch": 1})
write("deep.pt", pickled=b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".")
write("compressed.pt", good, method=zipfile.ZIP_DEFLATED)
write("outside.pt", {"w": Tensor(offset=1)})
write("far_outside.pt", {"w": Tensor(size=(2**40, 2**40), stride=(2**40, 1))})
write("negative_offset.pt", {"w": Tensor(offset=-1)})
write("negative_size.pt", {"w": Tensor(size=(-4,))})
write("negative_stride.pt", {"w": Tensor(stride=(-1,), offset=3)})
write("fraction.pt", {"w": Tensor(size=(4.0,))})
write("other_rank.pt", {"w": Tensor(stride=(1, 1))})
write("large_storage.pt", {"w": Tensor(elements=2**62)})
write("short_data.pt", good, data=bytes(15))
write("missing_data.pt", {"w": Tensor(key="1")})
write("quantised.pt", {"w": Tensor(kind=QUInt8Storage)})
write("unnamed.pt", {7: Tensor()})
write("twice.pt", good, extra=[("archive/data/0", bytes(16))])
with zipfile.ZipFile(folder / "no_pickle.pt", "w") as archive:
    archive.writestr("notes.txt", "nothing")

# Broken after it was written.
whole = (folder / "good.pt").read_bytes()
(folder / "cut.pt").write_bytes(whole[:-30])
(folder / "cut_to_20.pt").write_bytes(whole[:20])
at = whole.rindex(b"PK\x05\x06")
(folder / "far_list.pt").write_bytes(whole[: at + 16] + struct.pack("<I", 2**31) + whole[at + 20 :])
first = whole.index(b"PK\x01\x02")
(folder / "far_member.pt").write_bytes(whole[: first + 42] + struct.pack("<I", len(whole) - 10) + whole[first + 46 :])
(folder / "large_member.pt").write_bytes(whole[: first + 20] + struct.pack("<II", 2**30, 2**30) + whole[first + 28 :])
(folder / "encrypted.pt").write_bytes(whole[: first + 8] + struct.pack("<H", 1) + whole[first + 10 :])

# The list's place and each member's as zip64 has them, as a file beyond 4 GB does.
entries, position, list64 = [], first, b""
while whole[position : position + 4] == b"PK\x01\x02":
    name_bytes = struct.unpack("<H", whole[position + 28 : position + 30])[0]
    stored, size = struct.unpack("<II", whole[position + 20 : position + 28])
    offset = struct.unpack("<I", whole[position + 42 : position + 46])[0]
    extra = struct.pack("<HHQQQ", 1, 24, size, stored, offset)
    list64 += (whole[position : position + 20] + b"\xff" * 8 + struct.pack("<HH", name_bytes, len(extra))
               + whole[position + 32 : position + 42] + b"\xff" * 4 + whole[position + 46 : position + 46 + name_bytes] + extra)
    position += 46 + name_bytes


def zip64(place, entries_at=first, size=len(list64)):
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2, 2, size, entries_at)
    locator = struct.pack("<IIQI", 0x07064B50, 0, place, 1)
    return whole[:first] + list64 + end64 + locator + b"PK\x05\x06" + bytes(4) + b"\xff" * 12 + bytes(2)


(folder / "zip64.pt").write_bytes(zip64(first + len(list64)))
(folder / "zip64_far.pt").write_bytes(zip64(2**60))
(folder / "zip64_large.pt").write_bytes(zip64(first + len(list64), size=2**63 - 1))

# The form before zip files.
magic, info = 0x1950A86A20F9469CFC6C, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}


def old(name, value=good, start=magic, version=1001, system=info, keys=("0",), tail=struct.pack("<q", 4) + bytes(16)):
    (folder / name).write_bytes(b"".join(map(dumped, (start, version, system, value, list(keys)))) + tail)


class OldTensor(Tensor):
    def __init__(self, view=None, **others):
        super().__init__(**others)
        self.storage += (view,)


good_old = {"w": OldTensor()}
old("old_good.pt", good_old)
old("old_system.pt", {"w": OldTensor(), "x": Evil()})
old("old_magic.pt", good_old, start=2**70)
old("old_version.pt", good_old, version=1000)
old("old_big_endian.pt", good_old, system=dict(info, little_endian=False))
old("old_view.pt", {"w": OldTensor(view=("9", 0, 4))})
old("old_cut.pt", good_old, tail=struct.pack("<q", 4) + bytes(15))
old("old_no_storage.pt", good_old, tail=b"")
old("old_large.pt", good_old, tail=struct.pack("<q", 2**62) + bytes(16))
old("old_negative.pt", good_old, tail=struct.pack("<q", -1) + bytes(16))
old("old_key.pt", good_old, keys=("5",))
