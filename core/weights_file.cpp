#include "core/weights_file.h"

#include <fcntl.h>

#include <memory>

#include "core/checkpoint_share.h"
#include "core/safetensors_file.h"
#include "core/torch_file.h"

namespace dl::host {
namespace {

WeightsFile open_safetensors(const std::filesystem::path& path) {
  const auto file = std::make_shared<SafetensorsFile>(path);
  if (file->metadata().count(kShardingInfo))
    throw Error(path.string() + " is one of the shards of a checkpoint; `dlhost export` makes one file of them");
  WeightsFile weights{.path = path, .read = [file](const std::string& name) { return file->read(name); }};
  for (const auto& stored : file->tensors()) weights.tensors.push_back({stored.name, stored.dtype, stored.shape});
  return weights;
}

}  // namespace

WeightsFile open_weights(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path))
    throw Error(path.string() + " is a folder; name the file of weights in it, such as model.safetensors");
  const auto file = PosixFile::open(path, O_RDONLY);
  if (is_torch_file(file)) return open_torch_file(path);
  uint64_t length = 0;
  if (file.size() >= static_cast<int64_t>(sizeof length)) file.read_at(&length, sizeof length, 0);
  if (length > static_cast<uint64_t>(kSafetensorsMaxHeader))
    throw Error(path.string() +
                ": neither a safetensors file nor one of Python's torch.save: its first 8 bytes would " +
                "be a header's length of " + std::to_string(length));
  return open_safetensors(path);
}

}  // namespace dl::host
