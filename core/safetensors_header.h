#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dl::host {

/// One tensor of a safetensors file: its type, shape and bytes [begin, end), counted from the start of the data.
struct SafetensorsEntry {
  std::string name;
  c10::ScalarType dtype = c10::ScalarType::Float;
  std::vector<int64_t> shape;  ///< [] is a scalar; a 0 in it makes an empty tensor
  int64_t begin = 0;
  int64_t end = 0;

  int64_t numel() const;
};

/// The JSON at the start of a safetensors file (github.com/huggingface/safetensors, README "Format").
struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;        ///< in the header's order
  std::map<std::string, std::string> metadata;  ///< "__metadata__"
};

/// The format's limit of the header's length in bytes.
inline constexpr int64_t kSafetensorsMaxHeader = 100'000'000;

/// The tensors' bytes laid out without holes: `begin` and `end` are set. Wider element types come first, so that each
/// tensor starts at a multiple of its element size (PyTorch's reader needs that); the vector's order stays.
/// Throws Error for a name used twice, a negative size or more bytes than an int64 holds.
void lay_out(std::vector<SafetensorsEntry>& tensors);

/// The header as it stands in the file: its length (8 bytes, little endian), JSON, spaces up to a multiple of 64.
std::string format_safetensors_header(const SafetensorsHeader& header);

/// Reads the JSON of a header and checks all that the format demands: only its keys, each once; types; begin <= end;
/// bytes = elements × element size; no holes, no overlap, and `data_bytes` in all. Throws Error that names the tensor
/// and the byte numbers; `file` is put before each message. Safe on hostile input: time and memory are linear in its
/// size.
SafetensorsHeader parse_safetensors_header(std::string_view json, int64_t data_bytes, const std::string& file);

}  // namespace dl::host
