#include "core/variables.h"

#include <cctype>
#include <cstdlib>

namespace dl::host {
namespace {

bool is_name(const std::string& text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  for (const unsigned char c : text)
    if (!std::isalnum(c) && c != '_') return false;
  return true;
}

/// `key` of the table `where`.
void expand(std::string& text, const Place& place, const std::string& where, const std::string& key,
            Problems& problems) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto open = text.find("${", at);
    if (open == std::string::npos) {
      out += text.substr(at);
      break;
    }
    if (open > at && text[open - 1] == '$') {  // $${
      out += text.substr(at, open - 1 - at) + "${";
      at = open + 2;
      continue;
    }
    out += text.substr(at, open - at);
    const auto close = text.find('}', open);
    const auto name = close == std::string::npos ? "" : text.substr(open + 2, close - open - 2);
    if (!is_name(name)) {
      problems.add(place, where,
                   "\"" + key + "\": \"" + text.substr(open) +
                       "\" is no ${NAME} of an environment variable; write $${ for ${ itself");
      return;
    }
    if (const char* value = std::getenv(name.c_str()))
      out += value;
    else
      problems.add(place, where,
                   "\"" + key + "\": the environment variable " + name + " is not set; set it, or write $${" + name +
                       "} for the text itself");
    at = close + 1;
  }
  text = std::move(out);
}

void expand(Value& value, const std::string& where, const std::string& key, Problems& problems) {
  if (auto* text = value.get_if<std::string>()) {
    expand(*text, value.place, where, key, problems);
  } else if (auto* list = value.get_if<Value::List>()) {
    for (auto& item : *list) expand(item, where, key, problems);
  } else if (auto* table = value.get_if<Value::Table>()) {
    const auto inner = key.empty() ? where : where.empty() ? key : where + "." + key;
    for (auto& entry : *table) expand(entry.value, inner, entry.key, problems);
  }
}

}  // namespace

void expand_variables(Value& config, Problems& problems) { expand(config, "", "", problems); }

std::string escape_variables(std::string text) {
  for (size_t at = 0; (at = text.find("${", at)) != std::string::npos; at += 3) text.insert(at, 1, '$');
  return text;
}

}  // namespace dl::host
