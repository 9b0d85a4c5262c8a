#pragma once
#include <stdexcept>
#include <string>

#include "dl/abi.h"

namespace dl {

/// What went wrong and what to do about it, in words for the user. Throw it at borders (files, options, devices);
/// the host adds the place in the config, the rank and the step, and chooses the exit code.
class DL_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  Error(const Error&) = default;
  ~Error() override;
};

}  // namespace dl
