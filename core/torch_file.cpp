#include "core/torch_file.h"

#include <ATen/ops/empty.h>
#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "core/safetensors_header.h"
#include "core/torch_state_dict.h"
#include "core/torch_storage.h"
#include "dl/error.h"

namespace dl::host {
namespace {

using Kind = PickleValue::Kind;

/// torch/serialization.py: MAGIC_NUMBER, as a pickle holds it.
const std::string kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

Tensor read_view(const PosixFile& file, const TorchView& view) {
  const auto options = at::TensorOptions().dtype(view.stored.dtype);
  const auto element = static_cast<int64_t>(c10::elementSize(view.stored.dtype));
  Tensor flat = at::empty({view.bytes / element}, options);
  file.read_at(flat.mutable_data_ptr(), static_cast<size_t>(view.bytes), view.begin);
  if (view.bytes == 0) return flat.new_empty(view.stored.shape);
  return flat.as_strided(view.stored.shape, view.strides).contiguous();
}

/// The folder in the zip file that holds all members has any name.
std::string folder_of(const ZipFile& zip, const std::string& path) {
  for (const auto& [name, member] : zip.members())
    if (name == "data.pkl" || name.ends_with("/data.pkl")) return name.substr(0, name.size() - 8);
  throw Error(path + ": a zip file, but not one of torch.save: it has no data.pkl");
}

const PickleValue& read_zip(const PosixFile& file, std::unique_ptr<PickleReader>& reader, TorchStorages& storages) {
  const auto path = file.path().string();
  const ZipFile zip(file);
  const auto folder = folder_of(zip, path);
  for (const auto& [name, member] : zip.members()) {
    if (name.starts_with(folder + "code/") || name == folder + "constants.pkl")
      throw Error(path + ": a TorchScript archive (torch.jit.save), which holds a program, not a state_dict; in " +
                  "Python: torch.save(torch.jit.load(FILE).state_dict(), …)");
    if (member.compressed)
      throw Error(path + ": its member " + name + " is compressed; torch.save writes members as they are: save it " +
                  "again with that");
    if (name.starts_with(folder + "data/")) storages[name.substr(folder.size() + 5)] = member;
  }
  if (const auto found = zip.members().find(folder + "byteorder"); found != zip.members().end()) {
    std::string order(static_cast<size_t>(std::min<int64_t>(found->second.bytes, 16)), '\0');
    file.read_at(order.data(), order.size(), found->second.begin);
    if (order != "little")
      throw Error(path + ": its numbers are in " + order + "-endian order; this reads little-endian ones");
  }
  const auto& pickle = zip.members().at(folder + "data.pkl");
  reader = std::make_unique<PickleReader>(file, pickle.begin, pickle.begin + pickle.bytes,
                                          TorchStateDict::allowed_globals());
  return reader->read();
}

/// The storages follow the pickles, in the order of the last one: their number of elements, then these.
void find_storages(const PosixFile& file, const PickleValue& top, const PickleValue& keys, int64_t at,
                   TorchStorages& storages) {
  const auto path = file.path().string();
  // Only the tensors know the element type of their storage.
  std::map<std::string, int64_t> element_bytes;
  std::set<const PickleValue*> seen;
  std::vector<const PickleValue*> left = {&top};
  while (!left.empty()) {
    const auto* value = left.back();
    left.pop_back();
    if (!seen.insert(value).second) continue;
    if (value->kind == Kind::persistent && value->items.size() >= 3)
      if (const auto dtype = torch_storage_dtype(value->items[1]->text))
        element_bytes[value->items[2]->text] = static_cast<int64_t>(c10::elementSize(*dtype));
    left.insert(left.end(), value->items.begin(), value->items.end());
  }
  const auto size = file.size();
  for (const auto* key : keys.items) {
    const auto known = element_bytes.find(key->text);
    if (known == element_bytes.end()) throw Error(path + ": nothing says what is in its storage " + key->text);
    int64_t elements = 0, bytes = 0;
    if (at > size - 8) throw Error(path + ": its storage " + key->text + " is missing; the file was cut off");
    file.read_at(&elements, sizeof elements, at);
    at += 8;
    if (elements < 0 || __builtin_mul_overflow(elements, known->second, &bytes) || bytes > size - at)
      throw Error(path + ": its storage " + key->text + " should have " + std::to_string(elements) +
                  " elements from byte " + std::to_string(at) + " on, but the file has " + std::to_string(size) +
                  " bytes; it was cut off");
    storages[key->text] = {at, bytes};
    at += bytes;
  }
}

const PickleValue& read_legacy(const PosixFile& file, std::unique_ptr<PickleReader>& reader, TorchStorages& storages) {
  const auto path = file.path().string();
  reader = std::make_unique<PickleReader>(file, 0, file.size(), TorchStateDict::allowed_globals());
  if (reader->read().text != kMagic)
    throw Error(path + ": a pickle, but not one of torch.save: it does not begin with PyTorch's number");
  if (const auto version = reader->read().integer; version != 1001)
    throw Error(path + ": version " + std::to_string(version) + " of torch.save's form before zip files; 1001 is read");
  if (const auto* little = reader->read().find("little_endian"); !little || little->integer != 1)
    throw Error(path + ": its numbers are in big-endian order; this reads little-endian ones");
  const auto& top = reader->read();
  const auto& keys = reader->read();
  find_storages(file, top, keys, reader->position(), storages);
  return top;
}

}  // namespace

bool is_torch_file(const PosixFile& file) {
  if (ZipFile::is_one(file)) return true;
  unsigned char start[8] = {};
  if (file.size() < static_cast<int64_t>(sizeof start)) return false;
  file.read_at(start, sizeof start, 0);
  // Both a safetensors file's length and a pickle may begin like this; but these bytes of a pickle make no length.
  uint64_t length = 0;
  std::memcpy(&length, start, sizeof length);
  return start[0] == 0x80 && start[1] >= 2 && start[1] <= 5 && length > static_cast<uint64_t>(kSafetensorsMaxHeader);
}

WeightsFile open_torch_file(const std::filesystem::path& path) {
  const auto file = std::make_shared<PosixFile>(PosixFile::open(path, O_RDONLY));
  std::unique_ptr<PickleReader> reader;
  TorchStorages storages;
  const auto& top = ZipFile::is_one(*file) ? read_zip(*file, reader, storages) : read_legacy(*file, reader, storages);
  const auto views = std::make_shared<std::unordered_map<std::string, TorchView>>();
  auto weights = TorchStateDict(*file, storages).read(top, *views);
  weights.read = [file, views](const std::string& name) { return read_view(*file, views->at(name)); };
  return weights;
}

}  // namespace dl::host
