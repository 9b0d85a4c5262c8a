#include "core/same_plugins.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file_checksum.h"

namespace dl::host {
namespace {

using Json = nlohmann::json;

/// Every rank's files, by rank.
std::vector<std::vector<ProgramFile>> gather(const std::vector<ProgramFile>& files, Communicator& control) {
  auto json = Json::array();
  for (const auto& file : files) json.push_back({file.name, file.file, file.sum});
  const auto text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  auto bytes = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr<uint8_t>(), text.data(), text.size());
  const auto all = control.all_gather_rows(bytes, "the plugins' sums");
  const std::string lines(reinterpret_cast<const char*>(all.const_data_ptr<uint8_t>()),
                          static_cast<size_t>(all.numel()));
  std::vector<std::vector<ProgramFile>> out;
  for (size_t begin = 0; begin < lines.size();) {
    const auto end = lines.find('\n', begin);
    auto& own = out.emplace_back();
    for (const auto& item : Json::parse(lines.substr(begin, end - begin))) own.push_back({item[0], item[1], item[2]});
    begin = end + 1;
  }
  return out;
}

std::string ranks_text(const std::vector<size_t>& ranks) {
  constexpr size_t kShown = 8;
  std::vector<std::string> words;
  for (size_t i = 0; i < std::min(ranks.size(), kShown); ++i) words.push_back(std::to_string(ranks[i]));
  return (ranks.size() == 1 ? "rank " : "ranks ") + join(words) + (ranks.size() > kShown ? ", …" : "");
}

/// What one rank holds under a name.
struct Held {
  std::string sum, file;  // empty: nothing
};

/// "host b (rank 2) has /p/vision.so with the sum 0123…".
std::string odd_ones(const std::map<std::pair<std::string, std::string>, std::vector<size_t>>& ranks_of,
                     const std::vector<Held>& held, const std::string& usual) {
  std::vector<std::string> out;
  for (const auto& [key, ranks] : ranks_of) {
    if (key.first == usual) continue;
    const auto& own = held[ranks.front()];
    out.push_back("host " + key.second + " (" + ranks_text(ranks) + ") has " +
                  (own.sum.empty() ? "not opened it" : own.file + " with the sum " + own.sum));
  }
  return join(out, "; ");
}

std::string compare(const std::string& name, const std::vector<Held>& held, const std::vector<std::string>& hosts) {
  std::map<std::string, size_t> counts;
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> ranks_of;  // by sum and host
  for (size_t rank = 0; rank < held.size(); ++rank) {
    ++counts[held[rank].sum];
    ranks_of[{held[rank].sum, hosts.at(rank)}].push_back(rank);
  }
  if (counts.size() < 2) return "";
  std::string usual = held[0].sum;  // rank 0's where no sum has the majority
  for (const auto& [sum, count] : counts)
    if (count > counts[usual]) usual = sum;
  const auto of_usual = std::find_if(held.begin(), held.end(), [&](const Held& own) { return own.sum == usual; });
  return (name == "dlhost" ? "dlhost itself" : "the plugin \"" + name + "\"") +
         " is not the same on all ranks: " + odd_ones(ranks_of, held, usual) + "; the other " +
         std::to_string(counts[usual]) + (counts[usual] == 1 ? " rank has " : " ranks have ") +
         (usual.empty() ? "not opened it" : of_usual->file + " with the sum " + usual);
}

}  // namespace

std::vector<ProgramFile> program_files(const Registry& registry) {
  std::vector<ProgramFile> out;
  std::error_code error;
  if (const auto self = std::filesystem::read_symlink("/proc/self/exe", error); !error)
    out.push_back({"dlhost", self.string(), file_checksum(self)});
  for (const auto* plugin : registry.loaded())
    out.push_back({plugin->name, plugin->file.string(), file_checksum(plugin->file)});
  return out;
}

void check_same_plugins(const std::vector<ProgramFile>& files, Communicator& control) {
  const auto all = gather(files, control);
  const auto hosts = control.hosts();
  std::set<std::string> names;
  for (const auto& own : all)
    for (const auto& file : own) names.insert(file.name);
  std::vector<std::string> problems;
  for (const auto& name : names) {
    std::vector<Held> held(all.size());
    for (size_t rank = 0; rank < all.size(); ++rank)
      for (const auto& file : all[rank])
        if (file.name == name) held[rank] = {file.sum, file.file};
    if (auto problem = compare(name, held, hosts); !problem.empty()) problems.push_back(std::move(problem));
  }
  if (!problems.empty())
    throw PluginError(PluginState::incompatible,
                      join(problems, "\n") + "\ninstall the same dlhost and the same plugins on every host");
}

}  // namespace dl::host
