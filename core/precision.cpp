#include "core/precision.h"

#include <array>

namespace dl::host {
namespace {

struct Known {
  std::string_view name, lightnings;
  at::ScalarType dtype;
  std::optional<at::ScalarType> autocast;
};

constexpr std::array kKnown = {
    Known{"64", "64-true", at::kDouble, std::nullopt},
    Known{"32", "32-true", at::kFloat, std::nullopt},
    Known{"bf16", "bf16-mixed", at::kFloat, at::kBFloat16},
    Known{"16", "16-mixed", at::kFloat, at::kHalf},
    Known{"bf16-true", "bf16-true", at::kBFloat16, std::nullopt},
};

}  // namespace

bool read_precision(const Value& value, Plan& plan) {
  const auto* number = value.get_if<int64_t>();
  const auto* text = value.get_if<std::string>();
  const auto name = number ? std::to_string(*number) : text ? *text : std::string();
  for (const auto& known : kKnown) {
    if (name != known.name && name != known.lightnings) continue;
    plan.dtype = known.dtype;
    plan.autocast = known.autocast;
    return true;
  }
  return false;
}

std::string known_precisions() {
  return "64, 32, \"bf16\", 16 or \"bf16-true\" (or, as Lightning has them, \"64-true\", \"32-true\", \"bf16-mixed\", "
         "\"16-mixed\")";
}

std::string precision_of(at::ScalarType dtype) {
  for (const auto& known : kKnown)
    if (known.dtype == dtype && !known.autocast) return std::string(known.name);
  return c10::toString(dtype);
}

}  // namespace dl::host
