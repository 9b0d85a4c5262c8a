#include "core/shard_name.h"

#include <cstdio>
#include <regex>

namespace dl::host {

std::string ShardName::text() const {
  const auto dot = file.rfind('.');
  char place[40];
  std::snprintf(place, sizeof place, "-%05d-of-%05d", number, count);
  return file.substr(0, dot) + place + file.substr(dot);
}

std::optional<ShardName> parse_shard_name(const std::string& name) {
  static const std::regex form(R"((.+)-(\d{5,9})-of-(\d{5,9})(\.safetensors))");
  std::smatch match;
  if (!std::regex_match(name, match, form)) return std::nullopt;
  ShardName shard{match[1].str() + match[4].str(), std::stoi(match[2]), std::stoi(match[3])};
  if (shard.number < 1 || shard.number > shard.count) return std::nullopt;
  return shard;
}

}  // namespace dl::host
