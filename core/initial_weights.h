#pragma once
#include <functional>
#include <string>

#include "core/settings.h"
#include "core/weights.h"
#include "dl/backend.h"

namespace dl::host {

/// Sets the networks' weights from the files of `[train] init_from`, converted to the run's precision. Strict, unless
/// `init_partial`: names that are missing, unexpected or of another shape are an Error, which lists them, before
/// anything is overwritten. `say` gets a line a file, `warn` what was left out. All ranks; each reads the files.
void load_initial_weights(Backend& backend, const Networks& networks, const TrainSettings& train,
                          const std::function<void(const std::string&)>& say,
                          const std::function<void(const std::string&)>& warn);

}  // namespace dl::host
