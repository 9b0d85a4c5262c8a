#include "core/safetensors_header.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_set>

#include "core/safetensors_dtype.h"
#include "dl/error.h"

namespace dl::host {

static_assert(std::endian::native == std::endian::little, "safetensors holds little-endian numbers");

namespace {

constexpr std::size_t kDataAlignment = 64;

}  // namespace

int64_t SafetensorsEntry::numel() const { return (end - begin) / static_cast<int64_t>(c10::elementSize(dtype)); }

void lay_out(std::vector<SafetensorsEntry>& tensors) {
  std::unordered_set<std::string> names;
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return c10::elementSize(tensors[a].dtype) > c10::elementSize(tensors[b].dtype);
  });
  int64_t end = 0;
  for (const std::size_t index : order) {
    auto& tensor = tensors[index];
    if (tensor.name == "__metadata__")
      throw Error("a tensor can't have the name \"__metadata__\" in a safetensors file");
    if (!names.insert(tensor.name).second) throw Error("two tensors have the name \"" + tensor.name + "\"");
    safetensors_dtype(tensor.dtype);
    const auto bytes = tensor_bytes(tensor.shape, tensor.dtype);
    tensor.begin = end;
    if (!bytes || __builtin_add_overflow(end, *bytes, &end))
      throw Error("tensor \"" + tensor.name + "\"" + " has a negative size or is too large");
    tensor.end = end;
  }
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
  using nlohmann::json;
  std::string text(sizeof(uint64_t), '\0');
  try {
    // Put together by hand: an ordered JSON object looks for equal keys one by one.
    const char* separator = "{";
    const auto add = [&](const std::string& name, const std::string& value) {
      text += separator + json(name).dump() + ":" + value;
      separator = ",";
    };
    if (!header.metadata.empty()) add("__metadata__", json(header.metadata).dump());
    for (const auto& tensor : header.tensors)
      add(tensor.name, "{\"dtype\":\"" + safetensors_dtype(tensor.dtype) + "\",\"shape\":" + json(tensor.shape).dump() +
                           ",\"data_offsets\":[" + std::to_string(tensor.begin) + "," + std::to_string(tensor.end) +
                           "]}");
    text += *separator == '{' ? "{}" : "}";
  } catch (const json::exception& e) {
    throw Error(std::string("a tensor's name or the metadata is not UTF-8: ") + e.what());
  }
  text.resize((text.size() + kDataAlignment - 1) / kDataAlignment * kDataAlignment, ' ');
  const uint64_t length = text.size() - sizeof(uint64_t);
  if (length > static_cast<uint64_t>(kSafetensorsMaxHeader))
    throw Error("the header would have " + std::to_string(length) + " bytes; the format's limit is " +
                std::to_string(kSafetensorsMaxHeader) + ": write several files");
  std::memcpy(text.data(), &length, sizeof length);
  return text;
}

}  // namespace dl::host
