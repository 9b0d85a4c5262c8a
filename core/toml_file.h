#pragma once
#include <filesystem>
#include <string>

#include "dl/value.h"

namespace dl::host {

/// The file as a table whose values know their place. Throws UsageError with file:line:column on a syntax error, and
/// with the path on a file that can't be read.
Value read_toml(const std::filesystem::path& path);
/// `name` stands for the file in places and messages.
Value parse_toml(const std::string& text, const std::string& name);

/// Applies `--set a.b.0.c=v` to `config`: `v` is read as a TOML value, or else as a string; tables on the way are made.
/// Throws UsageError on a path that leads through something else.
void set_value(Value& config, const std::string& assignment);

/// The table as a TOML file: scalars first, then one [section] a table; deeper tables inline. For load_config(): what
/// expand_variables() would take for a variable is escaped.
std::string to_toml(const Value& table);

}  // namespace dl::host
