#pragma once
/// Runs the program as a user does, and reads what it left behind.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "support/time_limit.h"

namespace end_to_end {

using dl::test::time_limit;

struct Result {
  int code = 0;        ///< exit code; 128 + signal
  std::string output;  ///< stdout and stderr together
  double seconds = 0;
  bool says(const std::string& text) const { return output.find(text) != std::string::npos; }
  int count(const std::string& text) const;
};

/// A folder of its own for each test case, removed at the end.
class Scratch : public TemporaryFolder {
 public:
  std::filesystem::path write(const std::string& name, const std::string& text) const;
};

/// `dlhost ARGUMENTS`, in `folder`; with ranks > 0 under mpirun. `environment`: "NAME=value …", put before the command.
Result dlhost(const std::filesystem::path& folder, const std::string& arguments, int ranks = 0,
              const std::string& environment = "");
/// A shell command.
Result shell(const std::filesystem::path& folder, const std::string& command);

/// A small classification on made-up data that runs in a second; `--set` changes it.
std::string small_config();
/// Two networks, two optimizers, noise by sample, and parameters that no step uses.
std::string gan_config();

/// The same, with a task that does `how` ("throw", "kill", "nan", "signal", …) at step 20 of one rank.
std::string faulty_config(int rank, const std::string& how);

/// The journal's values of one metric, by step.
std::map<long, double> journal(const std::filesystem::path& run, const std::string& metric);

}  // namespace end_to_end
