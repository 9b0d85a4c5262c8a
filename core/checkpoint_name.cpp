#include "core/checkpoint_name.h"

#include <charconv>
#include <cstdio>
#include <regex>

#include "core/run_directory.h"

namespace dl::host {
namespace {

bool is_integer(const std::string& name) { return name == "epoch" || name == "step"; }

std::string number(const std::string& format, char type, int64_t value) {
  char text[64];
  std::snprintf(text, sizeof text, ("%" + format + "ll" + (type ? type : 'd')).c_str(), static_cast<long long>(value));
  return text;
}

std::string number(const std::string& format, char type, double value) {
  char text[400];  // DBL_MAX as "f" has 309 digits
  if (!type) return {text, std::to_chars(text, text + sizeof text, value).ptr};
  std::snprintf(text, sizeof text, ("%" + format + type).c_str(), value);
  return text;
}

}  // namespace

/// "val_loss:.3f", without its braces.
std::optional<CheckpointName::Part> CheckpointName::parse_field(const std::string& field, std::string& wrong) {
  static const std::regex kField("([A-Za-z_][A-Za-z0-9_]*)(:(0?[0-9]{0,2}(\\.[0-9]{1,2})?)([dfeg]?))?");
  std::smatch found;
  if (!std::regex_match(field, found, kField)) {
    wrong = "{" + field + "} is not of the form {name} or {name:format}, format as in 02d or .3f";
    return std::nullopt;
  }
  Part part{.name = found[1], .format = found[3]};
  const std::string type = found[5];
  if (is_integer(part.name) ? !type.empty() && type != "d" : type == "d")
    wrong = "{" + field + "}: " + part.name + " is " +
            (is_integer(part.name) ? "an integer: d" : "a metric: f, e or g") + " formats it";
  if (wrong.empty() && is_integer(part.name) && found[4].matched) wrong = "{" + field + "}: an integer has no decimals";
  part.type = !type.empty() ? type[0] : is_integer(part.name) ? 'd' : part.format.empty() ? 0 : 'g';
  return part;
}

CheckpointName CheckpointName::parse(const std::string& form, const Place& place, Problems& problems) {
  CheckpointName name;
  std::string literal, wrong;
  for (size_t at = 0; at < form.size() && wrong.empty(); ++at) {
    if (form[at] == '}') wrong = "there is a } without its {";
    if (form[at] != '{') {
      literal += form[at];
      continue;
    }
    const auto end = form.find('}', at);
    if (end == std::string::npos) {
      wrong = "there is a { without its }";
    } else if (auto part = parse_field(form.substr(at + 1, end - at - 1), wrong)) {
      part->literal = literal + part->name + "=";
      literal.clear();
      name.parts_.push_back(*part);
      at = end;
    }
  }
  name.parts_.push_back({.literal = literal});
  const auto example = name.raw(0, 0, {});
  if (wrong.empty() && !form.empty() && (RunDirectory::as_file_name(example) != example || example.size() > 150))
    wrong = "\"" + example + "\" would be no good name of a folder: no '/', spaces or signs that shells know, no '.' " +
            "or '-' at the start, and not more than 150 characters";
  if (wrong.empty() && (form == "last" || form == "best")) wrong = "\"" + form + "\" is the name of a link beside them";
  if (!wrong.empty()) problems.add(place, "checkpoint", "\"filename\": " + wrong);
  return name;
}

std::vector<std::string> CheckpointName::metrics() const {
  std::vector<std::string> names;
  for (const auto& part : parts_)
    if (!part.name.empty() && !is_integer(part.name)) names.push_back(part.name);
  return names;
}

std::string CheckpointName::text(int64_t epoch, int64_t step, const std::map<std::string, double>& metrics) const {
  return RunDirectory::as_file_name(raw(epoch, step, metrics));  // without the spaces of a width
}

std::string CheckpointName::raw(int64_t epoch, int64_t step, const std::map<std::string, double>& metrics) const {
  if (parts_.size() == 1 && parts_[0].literal.empty()) return "step-" + number("08", 'd', step);
  std::string text;
  for (const auto& part : parts_) {
    text += part.literal;
    if (part.name.empty()) continue;
    if (is_integer(part.name)) {
      text += number(part.format, part.type, part.name == "epoch" ? epoch : step);
    } else {
      const auto found = metrics.find(part.name);
      text += found == metrics.end() ? "nan" : number(part.format, part.type, found->second);
    }
  }
  return text;
}

}  // namespace dl::host
