#include "core/list_plugins.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/errors.h"
#include "core/plugin_scan.h"
#include "core/text_table.h"

namespace dl::host {
namespace {

using Json = nlohmann::ordered_json;
using Color = TextTable::Color;

bool is_broken(const PluginReport& report) {
  return report.state == PluginState::incompatible || report.state == PluginState::not_loadable ||
         report.state == PluginState::crashed || !report.refused.empty();
}

Color color_of(PluginState state) {
  if (state == PluginState::ok) return Color::good;
  return state == PluginState::shadowed || state == PluginState::no_plugin ? Color::faint : Color::bad;
}

void add_rows(const PluginReport& report, TextTable& table) {
  const auto title = "  " + report.place.name + (report.stamp.version.empty() ? "" : " " + report.stamp.version);
  const bool ok = report.state == PluginState::ok;
  table.add(
      {title, to_string(report.state), ok ? report.stamp.doc : report.reason, ok, Color::bold, color_of(report.state)});
  for (const auto& info : report.classes) table.add({"    " + info.name, info.kind, first_line(info.doc), true});
  for (const auto& refused : report.refused)
    table.add({"    " + refused.name, "refused", refused.reason, false, Color::none, Color::bad});
}

std::string count(size_t number, const std::string& what) { return std::to_string(number) + " " + what; }

std::string summary(const std::vector<PluginReport>& reports, bool verbose) {
  std::map<PluginState, size_t> states;
  size_t refused = 0;
  for (const auto& report : reports) {
    ++states[report.state];
    refused += report.refused.size();
  }
  const auto others = states[PluginState::no_plugin];
  const auto plugins = reports.size() - others;
  states.erase(PluginState::no_plugin);
  std::vector<std::string> parts;
  for (const auto& [state, number] : states) parts.push_back(count(number, to_string(state)));
  if (refused) parts.push_back(count(refused, refused == 1 ? "class refused" : "classes refused"));
  auto text = count(plugins, plugins == 1 ? "plugin" : "plugins") + (parts.empty() ? "" : ": " + join(parts));
  if (others && !verbose)
    text +=
        "\n" + count(others, others == 1 ? "file there is no plugin" : "files there are no plugins") + " (-v shows)";
  return text;
}

void print_text(const std::vector<std::filesystem::path>& search_path, const std::vector<PluginReport>& reports,
                const ListOptions& options, std::ostream& out) {
  TextTable table;
  for (const auto& folder : search_path) {
    table.add_line(folder.string());
    bool any = false;
    for (const auto& report : reports) {
      if (report.place.folder != folder || (report.state == PluginState::no_plugin && !options.verbose)) continue;
      add_rows(report, table);
      any = true;
    }
    if (!any) table.add_line("  no plugins");
  }
  if (search_path.empty())
    table.add_line("The plugin path is empty. Add folders with --plugin-path, [plugins] path or DLHOST_PLUGIN_PATH.");
  table.print(out, options.width, options.color);
  out << summary(reports, options.verbose) << '\n';
}

void print_json(const std::vector<std::filesystem::path>& search_path, const std::vector<PluginReport>& reports,
                const ListOptions& options, std::ostream& out) {
  Json json{{"path", Json::array()}, {"plugins", Json::array()}};
  for (const auto& folder : search_path) json["path"].push_back(folder.string());
  for (const auto& report : reports) {
    if (report.state == PluginState::no_plugin && !options.verbose) continue;
    Json classes = Json::array(), refused = Json::array();
    for (const auto& info : report.classes)
      classes.push_back({{"name", info.name}, {"kind", info.kind}, {"doc", info.doc}});
    for (const auto& info : report.refused)
      refused.push_back({{"name", info.name}, {"kind", info.kind}, {"reason", info.reason}});
    const auto& stamp = report.stamp;
    json["plugins"].push_back({{"name", report.place.name},
                               {"file", report.place.file.string()},
                               {"state", to_string(report.state)},
                               {"reason", report.reason},
                               {"version", stamp.version},
                               {"doc", stamp.doc},
                               {"torch", stamp.torch},
                               {"sdk_abi", stamp.sdk_abi},
                               {"compiler", stamp.compiler},
                               {"classes", classes},
                               {"refused", refused}});
  }
  out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace

int list_plugins(const std::vector<std::filesystem::path>& search_path, const ListOptions& options, std::ostream& out) {
  const auto reports = scan_plugins(search_path);
  (options.json ? print_json : print_text)(search_path, reports, options, out);
  return options.strict && std::any_of(reports.begin(), reports.end(), is_broken) ? kBadPlugin : kDone;
}

}  // namespace dl::host
