#include "core/plugin_scan.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/probe.h"

namespace dl::host {
namespace {

using Json = nlohmann::json;
constexpr std::string_view kOpened = "opened\n";

/// In the child: what load_plugin() found.
std::string load_as_json(const PluginPlace& place, const Send& send) {
  Json out;
  try {
    const auto plugin = load_plugin(place, [&] { send(kOpened); });
    out["classes"] = Json::array();
    for (const auto& info : plugin->classes) out["classes"].push_back({info.name, to_string(info.kind), info.doc});
    out["refused"] = Json::array();
    for (const auto& refused : plugin->refused) out["refused"].push_back({refused.name, refused.kind, refused.reason});
  } catch (const PluginError& error) {
    out["state"] = static_cast<int>(error.state());
    out["reason"] = error.reason();
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_json(const std::string& text, PluginReport& report) {
  const auto json = Json::parse(text);
  if (json.contains("state")) {
    report.state = static_cast<PluginState>(json["state"].get<int>());
    report.reason = json["reason"];
    return;
  }
  for (const auto& info : json["classes"]) report.classes.push_back({info[0], info[1], info[2]});
  for (const auto& refused : json["refused"]) report.refused.push_back({refused[0], refused[1], refused[2]});
}

/// The last line that the plugin printed: what a failed assertion or an uncaught exception leaves behind.
std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (const auto end = text.rfind('\n'); end != std::string::npos) text.erase(0, end + 1);
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text.substr(0, 200);
}

}  // namespace

PluginReport scan_plugin(const PluginPlace& place) {
  PluginReport report;
  report.place = place;
  const auto file = read_plugin_file(place.file);
  report.stamp = file.stamp;
  try {
    if (!place.shadowed_by.empty() && file.type != PluginFile::Type::no_plugin)
      throw PluginError(place, PluginState::shadowed, "by " + place.shadowed_by.string() + ", earlier on the path");
    check_plugin(place, file);
  } catch (const PluginError& error) {
    report.state = error.state();
    report.reason = error.reason();
    return report;
  }
  auto result = probe([&](const Send& send) { send(load_as_json(place, send)); });
  const bool opened = result.report.starts_with(kOpened);
  if (result.end == ProbeResult::End::finished) {
    read_json(opened ? result.report.substr(kOpened.size()) : result.report, report);
    return report;
  }
  report.state = PluginState::crashed;
  report.reason =
      "it " + result.text() + (opened ? " in its registration" : " while it was opened, in a static initialiser");
  if (const auto said = last_line(std::move(result.printed)); !said.empty()) report.reason += "; it printed: " + said;
  return report;
}

std::vector<PluginReport> scan_plugins(const std::vector<std::filesystem::path>& search_path) {
  std::vector<PluginReport> out;
  for (const auto& place : plugin_places(search_path)) out.push_back(scan_plugin(place));
  return out;
}

}  // namespace dl::host
