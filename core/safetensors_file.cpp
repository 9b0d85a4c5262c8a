#include "core/safetensors_file.h"

#include <ATen/ops/empty.h>
#include <fcntl.h>

#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(PosixFile::open(path, O_RDONLY)) {
  const std::string file = path.string();
  const int64_t size = file_.size();
  uint64_t length = 0;
  if (size < static_cast<int64_t>(sizeof length))
    throw Error(file + ": no safetensors file: it has " + std::to_string(size) +
                " bytes, the header's length alone takes 8");
  file_.read_at(&length, sizeof length, 0);
  if (length > static_cast<uint64_t>(kSafetensorsMaxHeader))
    throw Error(file + ": no safetensors file: the header's length in bytes 0 to 8 is " + std::to_string(length) +
                ", the format's limit is " + std::to_string(kSafetensorsMaxHeader));
  data_start_ = static_cast<int64_t>(sizeof length + length);
  if (data_start_ > size)
    throw Error(file + ": the header should be bytes 8 to " + std::to_string(data_start_) + ", but the file has " +
                std::to_string(size) + " bytes; it was cut off");

  std::string json(length, '\0');
  file_.read_at(json.data(), json.size(), sizeof length);
  header_ = parse_safetensors_header(json, size - data_start_, file);
  for (std::size_t i = 0; i < header_.tensors.size(); ++i) index_.emplace(header_.tensors[i].name, i);
}

const SafetensorsEntry& SafetensorsFile::entry(const std::string& name) const {
  if (const auto found = index_.find(name); found != index_.end()) return header_.tensors[found->second];
  std::vector<std::string> names;
  for (const auto& tensor : header_.tensors) names.push_back(tensor.name);
  throw Error(path().string() + ": has no tensor \"" + name + "\"" + did_you_mean(name, names));
}

Tensor SafetensorsFile::read(const std::string& name) const {
  const auto& stored = entry(name);
  Tensor tensor = at::empty(stored.shape, at::TensorOptions().dtype(stored.dtype));
  file_.read_at(tensor.mutable_data_ptr(), static_cast<std::size_t>(stored.end - stored.begin),
                data_start_ + stored.begin);
  return tensor;
}

Tensor SafetensorsFile::read_range(const std::string& name, int64_t first, int64_t count) const {
  const auto& stored = entry(name);
  if (first < 0 || count < 0 || first > stored.numel() || count > stored.numel() - first)
    throw Error(path().string() + ": tensor \"" + name + "\" has " + std::to_string(stored.numel()) +
                " elements, but " + std::to_string(count) + " from " + std::to_string(first) + " on were to be read");
  const auto element = static_cast<int64_t>(c10::elementSize(stored.dtype));
  Tensor tensor = at::empty({count}, at::TensorOptions().dtype(stored.dtype));
  file_.read_at(tensor.mutable_data_ptr(), static_cast<std::size_t>(count * element),
                data_start_ + stored.begin + first * element);
  return tensor;
}

}  // namespace dl::host
