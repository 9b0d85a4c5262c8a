#include "core/torch_file.h"

#include <ATen/ops/empty.h>
#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <unordered_map>

#include "core/pickle_reader.h"
#include "core/safetensors_header.h"
#include "core/torch_storage.h"
#include "core/zip_file.h"
#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

using Kind = PickleValue::Kind;

/// torch/serialization.py: MAGIC_NUMBER, as a pickle holds it.
const std::string kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

constexpr const char* kRebuildTensor = "torch._utils _rebuild_tensor_v2";
constexpr const char* kRebuildParameter = "torch._utils _rebuild_parameter";

std::set<std::string> allowed_globals() {
  std::set<std::string> names = {"collections OrderedDict", kRebuildTensor, kRebuildParameter, "torch Size"};
  for (const auto& name : torch_storage_names()) names.insert("torch " + name);
  return names;
}

/// What a tensor of the state_dict is a view of.
struct View {
  StoredTensor stored;
  std::vector<int64_t> strides;
  int64_t begin = 0;  ///< of the view's first element, in the file
  int64_t bytes = 0;  ///< from there to the end of its last element
};

/// Where storages lie in the file, by key.
using Storages = std::map<std::string, ZipFile::Member>;

class StateDict {
 public:
  StateDict(const PosixFile& file, const Storages& storages) : file_(file), storages_(storages) {}

  WeightsFile read(const PickleValue& top, std::unordered_map<std::string, View>& views) const {
    WeightsFile weights{.path = file_.path()};
    const auto& dict = find(top, weights.part);
    std::unordered_map<std::string, const PickleValue*> last;  // of a key that is there twice, Python keeps the last
    for (size_t i = 0; i < dict.items.size(); i += 2) {
      if (dict.items[i]->kind != Kind::text) fail("a name in the state_dict is no text");
      last[dict.items[i]->text] = dict.items[i + 1];
    }
    for (size_t i = 0; i < dict.items.size(); i += 2) {
      const auto& name = dict.items[i]->text;
      const auto found = last.find(name);
      if (found == last.end()) continue;
      if (const auto* tensor = tensor_in(*found->second)) {
        auto view = view_of(name, *tensor);
        weights.tensors.push_back(view.stored);
        views.emplace(name, std::move(view));
      } else {
        weights.others.push_back(name);
      }
      last.erase(found);
    }
    return weights;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(file_.path().string() + ": " + what); }
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    fail("tensor \"" + name + "\" " + what);
  }

  static const PickleValue* tensor_in(const PickleValue& value) {
    if (value.kind != Kind::call) return nullptr;
    if (value.text == kRebuildTensor) return &value;
    if (value.text != kRebuildParameter || value.items.empty()) return nullptr;
    const auto* data = value.items[0];
    return data->kind == Kind::call && data->text == kRebuildTensor ? data : nullptr;
  }
  static bool holds_tensors(const PickleValue& value) {
    if (value.kind != Kind::dict) return false;
    for (size_t i = 1; i < value.items.size(); i += 2)
      if (tensor_in(*value.items[i])) return true;
    return false;
  }

  const PickleValue& find(const PickleValue& top, std::string& part) const {
    if (top.kind != Kind::dict) fail("it holds no dict, so no state_dict; save with torch.save(model.state_dict(), …)");
    if (const auto* dict = top.find("state_dict"); dict && holds_tensors(*dict)) return part = "state_dict", *dict;
    if (holds_tensors(top)) return top;
    std::vector<std::string> names;
    const PickleValue* found = nullptr;
    for (size_t i = 0; i < top.items.size(); i += 2)
      if (top.items[i]->kind == Kind::text && holds_tensors(*top.items[i + 1])) {
        names.push_back(part = top.items[i]->text);
        found = top.items[i + 1];
      }
    if (names.empty()) fail("its dict holds no tensors, and no dict of tensors");
    if (names.size() > 1)
      fail("it holds several dicts of tensors (" + join(names) + "), and none is named \"state_dict\"; " +
           "in Python, save the one that is meant by itself");
    return *found;
  }

  std::vector<int64_t> integers(const std::string& name, const PickleValue& value) const {
    // torch.Size is a tuple's subclass.
    const auto& tuple =
        value.kind == Kind::call && value.text == "torch Size" && value.items.size() == 1 ? *value.items[0] : value;
    std::vector<int64_t> found;
    if (tuple.kind != Kind::tuple) fail(name, "has a shape that is no tuple");
    if (tuple.items.size() > 64) fail(name, "has " + std::to_string(tuple.items.size()) + " dimensions");
    for (const auto* item : tuple.items) {
      if (item->kind != Kind::integer || !item->text.empty() || item->integer < 0)
        fail(name, "has a shape or strides of other than numbers from 0 on");
      found.push_back(item->integer);
    }
    return found;
  }

  /// (storage, storage_offset, size, stride, requires_grad, backward_hooks[, metadata])
  View view_of(const std::string& name, const PickleValue& tensor) const {
    const auto& parts = tensor.items;
    if (parts.size() < 4 || parts[0]->kind != Kind::persistent || parts[1]->kind != Kind::integer)
      fail(name, "is not in the form that torch.save writes");
    const auto& storage = parts[0]->items;  // ("storage", type, key, location, elements[, view of another])
    if (storage.size() < 5 || storage[0]->text != "storage" || storage[1]->kind != Kind::global ||
        storage[2]->kind != Kind::text || storage[4]->kind != Kind::integer)
      fail(name, "has a storage that is not in the form that torch.save writes");
    if (storage.size() > 5 && storage[5]->kind != Kind::none)
      fail(name, "is in a storage that is a view of another one, as PyTorch before 0.4 wrote; save it anew");
    View view;
    const auto dtype = torch_storage_dtype(storage[1]->text);
    if (!dtype) fail(name, "has the storage type " + storage[1]->text + ", which is not read");
    view.stored = {name, *dtype, integers(name, *parts[2])};
    view.strides = integers(name, *parts[3]);
    if (view.strides.size() != view.stored.shape.size()) fail(name, "has not as many strides as sizes");
    const auto found = storages_.find(storage[2]->text);
    if (found == storages_.end()) fail(name, "is in the storage " + storage[2]->text + ", which the file lacks");
    place(view, parts[1]->integer, storage[4]->integer, found->second);
    return view;
  }

  /// Checks that every element lies in the storage, and that the file has the storage whole.
  void place(View& view, int64_t offset, int64_t elements, const ZipFile::Member& storage) const {
    const auto& [name, dtype, shape] = view.stored;
    const auto element = static_cast<int64_t>(c10::elementSize(dtype));
    if (elements < 0 || elements > storage.bytes / element)
      fail(name, "is in a storage of " + std::to_string(elements) + " elements, but the file has " +
                     std::to_string(storage.bytes) + " bytes of it");
    int64_t last = offset, numel = 1;
    bool outside = offset < 0;
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t reach = 0;
      outside |= __builtin_mul_overflow(std::max<int64_t>(shape[i] - 1, 0), view.strides[i], &reach);
      outside |= __builtin_add_overflow(last, reach, &last);
      outside |= __builtin_mul_overflow(numel, shape[i], &numel);
    }
    const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
    if (!empty && (outside || last >= elements))
      fail(name, "of shape " + c10::str(at::IntArrayRef(shape)) + " from element " + std::to_string(offset) +
                     " on does not lie in its storage of " + std::to_string(elements) + " elements");
    view.begin = empty ? storage.begin : storage.begin + offset * element;
    view.bytes = empty ? 0 : (last - offset + 1) * element;
  }

  const PosixFile& file_;
  const Storages& storages_;
};

Tensor read_view(const PosixFile& file, const View& view) {
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

const PickleValue& read_zip(const PosixFile& file, std::unique_ptr<PickleReader>& reader, Storages& storages) {
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
  reader = std::make_unique<PickleReader>(file, pickle.begin, pickle.begin + pickle.bytes, allowed_globals());
  return reader->read();
}

/// The storages follow the pickles, in the order of the last one: their number of elements, then these.
void find_storages(const PosixFile& file, const PickleValue& top, const PickleValue& keys, int64_t at,
                   Storages& storages) {
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

const PickleValue& read_legacy(const PosixFile& file, std::unique_ptr<PickleReader>& reader, Storages& storages) {
  const auto path = file.path().string();
  reader = std::make_unique<PickleReader>(file, 0, file.size(), allowed_globals());
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
  Storages storages;
  const auto& top = ZipFile::is_one(*file) ? read_zip(*file, reader, storages) : read_legacy(*file, reader, storages);
  const auto views = std::make_shared<std::unordered_map<std::string, View>>();
  auto weights = StateDict(*file, storages).read(top, *views);
  weights.read = [file, views](const std::string& name) { return read_view(*file, views->at(name)); };
  return weights;
}

}  // namespace dl::host
