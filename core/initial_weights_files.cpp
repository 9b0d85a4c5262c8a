#include "core/initial_weights_files.h"

#include <algorithm>

namespace dl::host {

std::map<std::string, std::filesystem::path> initial_weights_files(const TrainSettings& train,
                                                                   const std::vector<std::string>& networks,
                                                                   Problems& problems) {
  std::map<std::string, std::filesystem::path> files;
  const auto& given = train.init_from;
  const auto wrong = [&](const Value& at, const std::string& text) {
    problems.add(at.place, "train", "\"init_from\": " + text);
  };
  if (const auto* file = given.get_if<std::string>()) {
    if (file->empty()) return files;
    if (networks.size() > 1)
      wrong(given,
            "the config has several networks: { " + networks[0] + " = \"" + *file + "\", … } says which is meant");
    else if (!networks.empty())
      files[networks[0]] = *file;
  } else if (const auto* table = given.get_if<Value::Table>()) {
    for (const auto& [name, value, place] : *table)
      if (std::find(networks.begin(), networks.end(), name) == networks.end())
        problems.add(place, "train",
                     "\"init_from\": there is no network \"" + name + "\"" + did_you_mean(name, networks));
      else if (const auto* path = value.get_if<std::string>())
        files[name] = *path;
      else
        wrong(value, "expected a file, found " + value.text());
  } else {
    wrong(given, "expected a file, or { NETWORK = \"file\" }, found " + given.text());
  }
  return files;
}

}  // namespace dl::host
