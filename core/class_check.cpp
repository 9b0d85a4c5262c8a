#include "core/class_check.h"

#include <set>

#include "core/class_name.h"

namespace dl::host {
namespace {

bool is_word(const std::string& name) {
  const auto split = split_class_name("x." + name);
  return split && split->class_name == name;
}

std::string field_fault(const std::vector<Field>& fields, const std::string& table) {
  std::set<std::string> seen;
  for (const auto& field : fields) {
    const auto name = table + field.name;
    if (!is_word(field.name)) return "the option \"" + name + "\" has a name that is not of letters, digits, _ and -";
    if (!seen.insert(field.name).second) return "the option \"" + name + "\" is declared twice";
    if (auto fault = field_fault(field.members, name + "."); !fault.empty()) return fault;
  }
  return "";
}

/// Options without a default are left out.
Value defaults(const std::vector<Field>& fields) {
  Value::Table out;
  for (const auto& field : fields) {
    if (field.optional) continue;
    const bool nested = field.type == "table" && !field.members.empty();
    out.push_back({field.name, nested ? defaults(field.members) : field.fallback, {}});
  }
  return Value(std::move(out));
}

}  // namespace

std::string class_fault(const ClassInfo& info) {
  if (!is_word(info.name)) return "its name is not of letters, digits, _ and -";
  if (!info.check || !info.create) return "it was registered without a function to check or to create it";
  if (auto fault = field_fault(info.fields, ""); !fault.empty()) return fault;
  Problems problems;
  info.check(defaults(info.fields), "", problems);
  if (!problems.empty()) return "its own defaults are wrong: " + problems.text();
  std::set<std::string> roles;
  for (const auto& role : info.roles)
    if (!roles.insert(to_string(role.kind) + " \"" + role.name + "\"").second)
      return "it needs the " + to_string(role.kind) + " \"" + role.name + "\" twice";
  return "";
}

}  // namespace dl::host
