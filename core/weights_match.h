#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/weights_file.h"
#include "dl/backend.h"

namespace dl::host {

/// How the names of a file fit those of a network.
struct WeightsMatch {
  std::map<std::string, std::string> taken;  ///< the network's names that the file has, each with its name there
  std::vector<std::string> missing, misfits, unexpected;  ///< one text each

  /// One line each, as they are listed in an error; "" where everything fits.
  std::string differences() const;
};

/// Looks; reads and changes nothing. `tied`: tied_names() of the network: a tensor is also found under its further
/// names. `prefix`: what each name in the file begins with; others are not looked at. `converts`: a tensor of another
/// floating type fits. All ranks.
WeightsMatch match_weights(Backend& backend, const std::string& network, const std::map<std::string, std::string>& tied,
                           const WeightsFile& file, const std::string& prefix, bool converts);

}  // namespace dl::host
