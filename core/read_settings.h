#pragma once
#include "core/settings.h"

namespace dl::host {

/// The host's own tables. What is wrong with them goes to `problems`; of an unknown key it is said which table has it.
Settings read_settings(const Value& config, Problems& problems);

}  // namespace dl::host
