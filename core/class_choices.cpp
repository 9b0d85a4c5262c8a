#include "core/class_choices.h"

#include <algorithm>

#include "core/class_name.h"

namespace dl::host {

bool ClassChoices::add(const std::string& type, const Value& params, const Place& place, Kind kind,
                       const std::string& where, PlannedClass& out) {
  if (type.empty()) {
    const bool said = std::any_of(problems_.list().begin(), problems_.list().end(), [&](const Problem& problem) {
      return problem.table == where && problem.place.text() == place.text();
    });
    if (!said) problems_.add(place, where, "\"type\" is missing: expected the name \"lib.Class\" " + class_of(kind));
    return false;
  }
  const auto* info = registry_.find(type, kind, place, where, problems_);
  if (!info) return false;
  info->check(params, where + ".params", problems_);
  out = {info, params, where, place};
  return true;
}

std::string ClassChoices::class_of(Kind kind) {
  return "of " + with_article(kind) + " class (dlhost list-plugins shows them)";
}

}  // namespace dl::host
