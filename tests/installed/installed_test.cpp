// An installation holds all that it needs, wherever it lies.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "installed/installation.h"

namespace fs = std::filesystem;
using end_to_end::shell;
using installed::Installation;

namespace {

/// The folders in which the file's libraries are looked for.
std::vector<std::string> run_paths(const fs::path& file) {
  const auto read = shell(".", "readelf -d '" + file.string() + "' | sed -n 's/.*R.*PATH.*\\[\\(.*\\)\\].*/\\1/p'");
  std::vector<std::string> paths;
  std::istringstream text(read.output);
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    for (std::string path; std::getline(words, path, ':');) paths.push_back(path);
  }
  return paths;
}

/// Without line breaks, which CMake puts where it likes.
std::string on_one_line(const std::string& text) {
  std::string line;
  std::istringstream words(text);
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(installation)

BOOST_AUTO_TEST_CASE(names_no_folder_of_this_machine) {
  const auto& here = Installation::get();
  const auto found =
      shell(here.prefix(), "grep -rlF -e '" SOURCE_TREE "' -e '" BUILD_TREE "' -e '" +
                               fs::canonical(LIBTORCH).string() + "' -e '" + here.first_prefix().string() + "' .");
  BOOST_TEST(found.code == 1, "a folder of this machine is named in: " << found.output);
  size_t looked_at = 0;
  for (const auto& entry : fs::recursive_directory_iterator(here.prefix())) {
    const auto path = entry.path().string();
    const bool ours =
        path.find("/libtorch/") == std::string::npos && (path.ends_with(".so") || entry.path().filename() == "dlhost");
    if (!ours || !entry.is_regular_file()) continue;
    const auto paths = run_paths(entry.path());
    BOOST_TEST(paths.size() == 2U, path << " has " << paths.size() << " run paths");
    for (const auto& each : paths) BOOST_TEST(each.starts_with("$ORIGIN"), path << " looks in " << each);
    ++looked_at;
  }
  BOOST_TEST(looked_at >= 9U);  // dlhost, libdlsdk.so, seven plugins
}

BOOST_AUTO_TEST_CASE(finds_its_plugins_and_libraries_with_nothing_set) {
  const auto& here = Installation::get();
  const auto listed = shell("/", here.dlhost() + "list-plugins --strict --json");
  BOOST_REQUIRE_MESSAGE(listed.code == 0, listed.output);
  size_t plugins = 0;
  for (const auto& file : fs::recursive_directory_iterator(BUILD_TREE "/lib/dlhost/plugins")) {
    if (file.path().extension() != ".so") continue;
    const auto installed_file = here.prefix() / "lib/dlhost/plugins" / file.path().filename();
    BOOST_TEST(listed.says(installed_file.string()), installed_file << " is not in: " << listed.output);
    ++plugins;
  }
  BOOST_TEST(plugins >= 7U);
  const auto loaded =
      shell("/", "LD_DEBUG=libs " + here.dlhost() + "--version 2>&1 | grep 'calling init.*/libtorch_cpu.so'");
  BOOST_TEST(loaded.says("/lib/dlhost/libtorch/lib/libtorch_cpu.so"), loaded.output);
}

BOOST_AUTO_TEST_CASE(says_why_libtorch_cannot_be_had) {
  const auto& here = Installation::get();
  const fs::path source = fs::path(USERS_PLUGINS) / "optimizer";
  const auto refused = [&](const std::string& name, const std::string& arguments,
                           const std::vector<std::string>& parts) {
    const auto result = here.configure(source, name, arguments);
    BOOST_TEST(result.code != 0);
    for (const auto& part : parts)
      BOOST_TEST(on_one_line(result.output).find(part) != std::string::npos, part << " is not in: " << result.output);
  };
  refused("nowhere", "-DDLHOST_LIBTORCH=/nowhere",
          {"No LibTorch in DLHOST_LIBTORCH=/nowhere.", "Pass -DDLHOST_LIBTORCH=FOLDER"});

  // A newer one than that which dlhost was built with.
  const auto other = here.work() / "other";
  const auto made = shell(here.work(),
                          "mkdir -p other/include/torch/headeronly other/lib && touch other/lib/libtorch_cpu.so && "
                          "printf '#define TORCH_VERSION_MAJOR 99\\n#define TORCH_VERSION_MINOR 1\\n#define "
                          "TORCH_VERSION_PATCH 2\\n' > other/include/torch/headeronly/version.h");
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.output);
  refused("newer", "-DDLHOST_LIBTORCH=" + other.string(),
          {"dlhost was built with LibTorch 2.", "is 99.1.2. Plugins need the same version."});

  const auto libtorch = here.prefix() / "lib/dlhost/libtorch";
  fs::rename(libtorch, libtorch.string() + ".away");
  refused("away", "", {"No LibTorch in DLHOST_LIBTORCH=", "lib/dlhost/libtorch.", "or install dlhost again."});
  fs::rename(libtorch.string() + ".away", libtorch);
}

BOOST_AUTO_TEST_SUITE_END()
