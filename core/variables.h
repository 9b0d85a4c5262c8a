#pragma once
#include <string>

#include "dl/problems.h"

namespace dl::host {

/// Puts the environment variable NAME in the place of `${NAME}` in every string of `config`; keys stay as they are.
/// `$${` stands for `${`, and a `$` without a brace for itself. A variable that is not set (an empty one is), and a
/// `${` that is no `${NAME}`, go to `problems`. What was put in is not looked at again.
void expand_variables(Value& config, Problems& problems);

/// The inverse for a text that is written into a config: `${` becomes `$${`.
std::string escape_variables(std::string text);

}  // namespace dl::host
