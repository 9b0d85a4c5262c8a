#include "core/checkpoint_tensors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/checkpoint_share.h"
#include "core/shard_name.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

/// The shards in place of `file`, in order; empty where there are none.
std::vector<fs::path> shards_of(const fs::path& folder, const std::string& file) {
  std::vector<ShardName> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (auto shard = parse_shard_name(entry.path().filename().string()); shard && shard->file == file)
      found.push_back(std::move(*shard));
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.text() < b.text(); });
  std::vector<fs::path> paths;
  for (const auto& shard : found) {
    if (shard.count != found[0].count)
      throw Error((folder / shard.text()).string() + " is one of " + std::to_string(shard.count) + " shards, and " +
                  found[0].text() + " beside it is one of " + std::to_string(found[0].count));
    paths.push_back(folder / shard.text());
  }
  for (int number = 1; !found.empty() && number <= found[0].count; ++number)
    if (const auto path = folder / ShardName{file, number, found[0].count}.text(); !fs::exists(path))
      throw Error(path.string() + " is missing: there are " + std::to_string(found.size()) + " of " +
                  std::to_string(found[0].count) + " shards");
  return paths;
}

}  // namespace

bool CheckpointTensors::exists(const fs::path& folder, const std::string& file) {
  return fs::exists(folder / file) || !shards_of(folder, file).empty();
}

CheckpointTensors::CheckpointTensors(const fs::path& folder, const std::string& file) : path_(folder / file) {
  auto paths = fs::exists(path_) ? std::vector<fs::path>() : shards_of(folder, file);
  if (paths.empty()) paths = {path_};
  for (const auto& path : paths) {
    shards_.emplace_back(path);
    add(shards_.size() - 1);
  }
  check();
}

void CheckpointTensors::add(size_t shard) {
  const auto& file = shards_[shard];
  nlohmann::json info;
  for (const auto& [key, value] : file.metadata())
    if (key == kShardingInfo)
      info = nlohmann::json::parse(value, nullptr, false);
    else
      metadata_[key] = value;
  for (const auto& stored : file.tensors()) {
    int64_t first = 0;
    if (!info.is_null()) {
      const auto found = info.is_object() ? info.find(stored.name) : info.end();
      const auto wrong = [&] {
        return Error(file.path().string() + ": " + kShardingInfo + " of \"" + stored.name +
                     "\" does not say at which row it begins");
      };
      if (found == info.end() || !found->is_object() || !found->contains(kShardOffsets)) throw wrong();
      const auto& begin = (*found)[kShardOffsets];
      if (!begin.is_array() || begin.size() != stored.shape.size()) throw wrong();
      for (size_t i = 0; i < begin.size(); ++i)
        if (!begin[i].is_number_integer() || (i > 0 && begin[i] != 0)) throw wrong();
      if (!begin.empty()) first = begin[0].get<int64_t>();
    }
    const auto [at, added] = index_.try_emplace(stored.name, tensors_.size());
    if (added) {
      tensors_.push_back({stored.name, stored.dtype, stored.shape});
      rows_.emplace_back();
    }
    const auto& known = tensors_[at->second];
    auto shape = stored.shape;
    if (!shape.empty() && known.shape.size() == shape.size()) shape[0] = known.shape[0];
    if (known.dtype != stored.dtype || known.shape != shape)
      throw Error(file.path().string() + ": \"" + stored.name + "\" is of another type or shape than in " +
                  shards_[rows_[at->second][0].shard].path().filename().string());
    rows_[at->second].push_back({shard, first, stored.shape.empty() ? 1 : stored.shape[0]});
  }
}

/// Each tensor's rows follow one another.
void CheckpointTensors::check() {
  for (size_t i = 0; i < tensors_.size(); ++i) {
    auto& rows = rows_[i];
    std::sort(rows.begin(), rows.end(), [](const Rows& a, const Rows& b) { return a.first < b.first; });
    int64_t next = 0;
    for (const auto& part : rows) {
      if (part.first != next || part.count > std::numeric_limits<int64_t>::max() - next)
        throw Error(shards_[part.shard].path().string() + ": its rows of \"" + tensors_[i].name + "\" begin with row " +
                    std::to_string(part.first) + ", but the shards before it end at row " + std::to_string(next));
      next += part.count;
    }
    if (!tensors_[i].shape.empty()) tensors_[i].shape[0] = next;
  }
}

const StoredTensor& CheckpointTensors::entry(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) throw Error(path_.string() + " has no tensor \"" + name + "\"");
  return tensors_[found->second];
}

Tensor CheckpointTensors::read(const std::string& name) const {
  const auto& stored = entry(name);
  const auto& rows = rows_[index_.at(name)];
  if (rows.size() == 1) return shards_[rows[0].shard].read(name);
  auto whole = at::empty(stored.shape, stored.dtype);
  for (const auto& part : rows) whole.narrow(0, part.first, part.count).copy_(shards_[part.shard].read(name));
  return whole;
}

}  // namespace dl::host
