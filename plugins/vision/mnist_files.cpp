#include "mnist_files.h"

#include <filesystem>
#include <vector>

#include "dl/error.h"
#include "dl/problems.h"

namespace vision {
namespace fs = std::filesystem;
namespace {

constexpr std::array kStems = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                               "t10k-labels-idx1-ubyte"};

/// The file, or "" where `folder` has it neither plain nor compressed.
std::string find_in(const fs::path& folder, const std::string& stem) {
  std::error_code ignored;
  for (const char* ending : {"", ".gz"})
    if (auto path = folder / (stem + ending); fs::is_regular_file(path, ignored)) return path.string();
  return "";
}

}  // namespace

MnistFiles find_mnist_files(const std::string& root, const std::string& name, const std::string& system_folder,
                            const std::string& remedy) {
  std::vector<std::string> folders;
  if (!root.empty()) folders = {root, (fs::path(root) / name / "raw").string()};
  if (!system_folder.empty()) folders.push_back(system_folder);

  for (const auto& folder : folders) {
    std::array<std::string, kStems.size()> found;
    std::string missing;
    bool any = false;
    for (size_t i = 0; i < kStems.size(); ++i) {
      found[i] = find_in(folder, kStems[i]);
      any = any || !found[i].empty();
      if (found[i].empty() && missing.empty()) missing = kStems[i];
    }
    if (!any) continue;
    if (!missing.empty())
      throw dl::Error(name + ": " + folder + " has other files of the data set, but no " + missing + " or " + missing +
                      ".gz; " + remedy);
    return {found[0], found[1], found[2], found[3]};
  }
  const std::string places = folders.empty() ? "nowhere, since [data] root is not set" : dl::join(folders);
  throw dl::Error(name + ": no file " + kStems[0] + " or " + kStems[0] + ".gz; looked in: " + places + "; " + remedy);
}

}  // namespace vision
