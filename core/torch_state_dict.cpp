#include "core/torch_state_dict.h"

#include <algorithm>

#include "core/torch_storage.h"
#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

using Kind = PickleValue::Kind;

constexpr const char* kRebuildTensor = "torch._utils _rebuild_tensor_v2";
constexpr const char* kRebuildParameter = "torch._utils _rebuild_parameter";

const PickleValue* tensor_in(const PickleValue& value) {
  if (value.kind != Kind::call) return nullptr;
  if (value.text == kRebuildTensor) return &value;
  if (value.text != kRebuildParameter || value.items.empty()) return nullptr;
  const auto* data = value.items[0];
  return data->kind == Kind::call && data->text == kRebuildTensor ? data : nullptr;
}

bool holds_tensors(const PickleValue& value) {
  if (value.kind != Kind::dict) return false;
  for (size_t i = 1; i < value.items.size(); i += 2)
    if (tensor_in(*value.items[i])) return true;
  return false;
}

}  // namespace

std::set<std::string> TorchStateDict::allowed_globals() {
  std::set<std::string> names = {"collections OrderedDict", kRebuildTensor, kRebuildParameter, "torch Size"};
  for (const auto& name : torch_storage_names()) names.insert("torch " + name);
  return names;
}

void TorchStateDict::fail(const std::string& what) const { throw Error(file_.path().string() + ": " + what); }

void TorchStateDict::fail(const std::string& name, const std::string& what) const {
  fail("tensor \"" + name + "\" " + what);
}

WeightsFile TorchStateDict::read(const PickleValue& top, std::unordered_map<std::string, TorchView>& views) const {
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

const PickleValue& TorchStateDict::find(const PickleValue& top, std::string& part) const {
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

std::vector<int64_t> TorchStateDict::integers(const std::string& name, const PickleValue& value) const {
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

TorchView TorchStateDict::view_of(const std::string& name, const PickleValue& tensor) const {
  const auto& parts = tensor.items;
  if (parts.size() < 4 || parts[0]->kind != Kind::persistent || parts[1]->kind != Kind::integer)
    fail(name, "is not in the form that torch.save writes");
  const auto& storage = parts[0]->items;  // ("storage", type, key, location, elements[, view of another])
  if (storage.size() < 5 || storage[0]->text != "storage" || storage[1]->kind != Kind::global ||
      storage[2]->kind != Kind::text || storage[4]->kind != Kind::integer)
    fail(name, "has a storage that is not in the form that torch.save writes");
  if (storage.size() > 5 && storage[5]->kind != Kind::none)
    fail(name, "is in a storage that is a view of another one, as PyTorch before 0.4 wrote; save it anew");
  TorchView view;
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

void TorchStateDict::place(TorchView& view, int64_t offset, int64_t elements, const ZipFile::Member& storage) const {
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

}  // namespace dl::host
