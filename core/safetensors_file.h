#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/posix_file.h"
#include "core/safetensors_header.h"
#include "dl/tensor.h"

namespace dl::host {

/// An open safetensors file, its header checked whole against the format and the file's size before anything is read
/// (see parse_safetensors_header). Reading is thread safe. Errors name the file, the tensor and the byte numbers.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const std::vector<SafetensorsEntry>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  bool contains(const std::string& name) const { return index_.count(name) != 0; }
  /// Throws Error that names the nearest tensor where there is none of that name.
  const SafetensorsEntry& entry(const std::string& name) const;

  /// A new contiguous CPU tensor of the stored type and shape.
  Tensor read(const std::string& name) const;
  /// Elements [first, first + count) of the tensor seen flat (row-major), as a new 1-D CPU tensor: what a rank needs
  /// that holds a piece. Reads only those bytes.
  Tensor read_range(const std::string& name, int64_t first, int64_t count) const;

 private:
  PosixFile file_;
  SafetensorsHeader header_;
  std::unordered_map<std::string, std::size_t> index_;
  int64_t data_start_ = 0;
};

}  // namespace dl::host
