#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/posix_file.h"
#include "core/safetensors_header.h"
#include "dl/tensor.h"

namespace dl::host {

/// Name, type and shape of a tensor that will be written later.
struct TensorDeclaration {
  std::string name;
  c10::ScalarType dtype = c10::ScalarType::Float;
  std::vector<int64_t> shape;
};

/// Writes a safetensors file tensor by tensor, in any order, after all of them were declared: for a model that is never
/// whole in one place. Not thread safe. Throws Error that names the file and the tensor.
class SafetensorsWriter {
 public:
  /// Makes the file (an existing one is replaced) and writes the header. Names may not repeat nor be "__metadata__".
  SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorDeclaration>& tensors,
                    std::map<std::string, std::string> metadata = {});
  /// Without finish() the half-made file is removed.
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  /// `tensor` must have the declared type and shape; it may be of any device and strides (then one copy of it is made).
  void write(const std::string& name, const Tensor& tensor);
  /// fsync and close. Throws Error if a declared tensor was not written.
  void finish();

 private:
  std::filesystem::path path_;
  SafetensorsHeader header_;
  std::unordered_map<std::string, std::size_t> index_;  ///< name to place in header_.tensors
  std::vector<bool> written_;
  int64_t data_start_ = 0;
  std::optional<PosixFile> file_;  ///< empty once finished
};

}  // namespace dl::host
