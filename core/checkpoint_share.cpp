#include "core/checkpoint_share.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/shard_name.h"

namespace dl::host {
namespace {

constexpr size_t kSmallestCut = 4096;  // bytes

}  // namespace

CheckpointShare CheckpointShare::of(std::vector<int> ranks, int rank, bool sharded) {
  const auto index = static_cast<int>(std::find(ranks.begin(), ranks.end(), rank) - ranks.begin());
  return {std::move(ranks), index, sharded};
}

std::optional<CheckpointShare::Part> CheckpointShare::part(const Tensor& whole) const {
  if (!apart() || whole.dim() == 0 || whole.nbytes() < kSmallestCut)
    return leads() ? std::optional<Part>({whole, 0}) : std::nullopt;
  const auto count = static_cast<int64_t>(ranks.size());
  const int64_t each = whole.size(0) / count, more = whole.size(0) % count;
  const int64_t begin = index * each + std::min<int64_t>(index, more), rows = each + (index < more ? 1 : 0);
  if (rows == 0) return std::nullopt;
  return Part{whole.narrow(0, begin, rows), begin};
}

std::vector<int64_t> CheckpointShare::Part::offsets() const {
  std::vector<int64_t> offsets(static_cast<size_t>(tensor.dim()), 0);
  if (!offsets.empty()) offsets[0] = first_row;
  return offsets;
}

std::string CheckpointShare::file_name(const std::string& file) const {
  return apart() ? ShardName{file, index + 1, static_cast<int>(ranks.size())}.text() : file;
}

std::map<std::string, std::string> CheckpointShare::metadata_of(
    std::map<std::string, std::string> metadata, const std::map<std::string, std::vector<int64_t>>& offsets) const {
  if (!apart()) return metadata;
  auto info = nlohmann::json::object();
  for (const auto& [name, begin] : offsets) info[name] = {{kShardOffsets, begin}};
  metadata[kShardingInfo] = info.dump();
  metadata["DCP_VERSION"] = "1.0";
  metadata["format"] = "pt";
  return metadata;
}

bool CheckpointShare::owns(const std::string& file) const {
  const auto shard = parse_shard_name(file);
  return shard && apart() ? shard->number == index + 1 : leads();
}

}  // namespace dl::host
