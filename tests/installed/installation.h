#pragma once
#include "end_to_end/program.h"

namespace installed {

/// What `cmake --install` made, moved to another place. One for all test cases, since it copies LibTorch.
class Installation {
 public:
  static const Installation& get();
  const std::filesystem::path& prefix() const { return prefix_; }
  /// Where it was installed at first: nothing may name it.
  const std::filesystem::path& first_prefix() const { return first_prefix_; }
  /// A folder for what is built against it.
  const std::filesystem::path& work() const { return work_; }

  /// Configures the project in `source` with `arguments`, as a user does, into work() / name.
  end_to_end::Result configure(const std::filesystem::path& source, const std::string& name,
                               const std::string& arguments = "") const;
  /// Configures and builds a folder of tests/installed; the folder with its plugins.
  std::filesystem::path build(const std::string& folder) const;
  /// The installed dlhost, with nothing in the environment that could tell it where plugins and libraries are.
  std::string dlhost(int ranks = 0) const;

 private:
  Installation();
  end_to_end::Scratch scratch_;
  std::filesystem::path first_prefix_, prefix_, work_;
};

}  // namespace installed
