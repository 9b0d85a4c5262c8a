#include "installed/installation.h"

#include <boost/test/unit_test.hpp>

namespace installed {
namespace fs = std::filesystem;
using end_to_end::Result;
using end_to_end::shell;

const Installation& Installation::get() {
  static const Installation installation;
  return installation;
}

Installation::Installation()
    : first_prefix_(scratch_.path() / "installed here"),
      prefix_(scratch_.path() / "moved to there"),
      work_(scratch_.path() / "work") {
  fs::create_directory(work_);
  // Stripped: debug information names sources.
  const auto made = shell(work_, CMAKE " --install " BUILD_TREE " --strip --prefix '" + first_prefix_.string() + "'");
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.output);
  fs::rename(first_prefix_, prefix_);
}

Result Installation::configure(const fs::path& source, const std::string& name, const std::string& arguments) const {
  return shell(work_, CONFIGURE " -S " + source.string() + " -B " + name + " '-DCMAKE_PREFIX_PATH=" + prefix_.string() +
                          "' " + arguments);
}

fs::path Installation::build(const std::string& folder) const {
  const auto configured = configure(fs::path(USERS_PLUGINS) / folder, folder);
  BOOST_REQUIRE_MESSAGE(configured.code == 0, configured.output);
  // For ccache the paths are the same in every run.
  const auto built = shell(work_, "CCACHE_BASEDIR='" + scratch_.path().string() + "' " CMAKE " --build " + folder);
  BOOST_REQUIRE_MESSAGE(built.code == 0, built.output);
  return work_ / folder / "lib/dlhost/plugins";
}

std::string Installation::dlhost(int ranks) const {
  std::string command = "env -u DLHOST_PLUGIN_PATH -u LD_LIBRARY_PATH ";
  if (ranks > 0) command += "mpirun --oversubscribe -n " + std::to_string(ranks) + " ";
  return command + "'" + (prefix_ / "bin/dlhost").string() + "' ";
}

}  // namespace installed
