#pragma once
#include <optional>
#include <string>

namespace dl::host {

/// The name of one of the files that hold the rows of `file` ("model.safetensors") together:
/// "model-00002-of-00004.safetensors", as on the Hugging Face Hub.
struct ShardName {
  std::string file;
  int number = 1;  ///< from 1
  int count = 1;

  std::string text() const;
};

/// Nothing where `name` is not of that form.
std::optional<ShardName> parse_shard_name(const std::string& name);

}  // namespace dl::host
