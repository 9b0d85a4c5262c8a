#pragma once
#include <nlohmann/json_fwd.hpp>

#include "dl/value.h"

namespace dl::host {

/// A config value as JSON, tables in their order. NaN and infinities, which JSON lacks, become the strings "NaN",
/// "Infinity" and "-Infinity".
nlohmann::ordered_json to_json(const Value& value);

/// The inverse (those three strings stay strings). Throws Error for null and for integers above 2^63 - 1.
Value from_json(const nlohmann::ordered_json& json);

/// One number with the same three strings, for metrics; both directions keep every bit of a finite double.
nlohmann::ordered_json number_to_json(double number);
double number_from_json(const nlohmann::ordered_json& json);

}  // namespace dl::host
