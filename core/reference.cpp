#include "core/reference.h"

#include <cctype>

#include "core/config_keys.h"
#include "core/settings.h"
#include "core/toml_snippet.h"

namespace dl::host {
namespace {

constexpr const char* kHead =
    R"(<!-- Made by `dlhost schema --markdown` from the schemas in core/settings.cpp and the plugins: change those. -->
# The config

One TOML file describes a run. `dlhost check CFG.toml` says all that is wrong with it, `dlhost inspect lib.Class` shows one
class with TOML to paste, and editors complete and check it with

    dlhost schema > dlhost.schema.json        # again after a plugin was added or changed

and `#:schema ./dlhost.schema.json` as the file's first line (Taplo, Even Better TOML).

- **Classes.** Where the tables below say "class", `{ type = "lib.Class", params = { … } }` is the class `Class` of the plugin
  `lib.so`; `params` may be left out. The classes' own options stand at the end.
- **Override.** `--set KEY=VALUE` on the command line, such as `--set model.optimizer.params.lr=0.1`; list elements by number.
- **Environment.** `${NAME}` in any string, also in `params` and in `--set`, is replaced by the environment variable `NAME`;
  one that is not set is an error. `$${` is written for `${` itself. A `$` without a brace, and keys, stay as they are.
  The run's own copy of the config holds the values.
- **Paths.** `[data] root` is relative to the folder in which dlhost is started, `[plugins] path` to the config file.
- **Names.** Where there are several, `[model.networks.NAME]`, `[model.optimizers.NAME]`, …; the single form
  (`[model.network]`) is the one named `main`. Names are of letters, digits, `_` and `-`.

Unknown keys, wrong types, values out of range, missing classes and combinations that cannot work are errors; nothing is
ignored.

)";

/// Text of a table's cell.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find_first_of("|\n", at)) != std::string::npos;) {
    const std::string_view better = text[at] == '|' ? "\\|" : " ";
    text.replace(at, 1, better);
    at += better.size();
  }
  return text;
}

std::string sentence(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}

/// What a key takes that names classes.
std::string type_text(const ClassKey& key) {
  const auto kind = to_string(key.kind);
  switch (key.form) {
    case ClassKey::Form::choice:
      return "class: " + kind;
    case ClassKey::Form::by_name:
      return "classes by name: " + kind;
    case ClassKey::Form::list:
      return "list of classes: " + kind;
    case ClassKey::Form::by_split:
      return "lists of classes by split: " + kind;
    case ClassKey::Form::name_or_choice:
      return "name or class: " + kind;
  }
  return {};
}

/// `table`: the config's, to know the keys that name classes; "" within a class.
void write_rows(const std::vector<Field>& fields, const std::string& table, const std::string& prefix,
                std::ostream& out) {
  for (const auto& field : fields) {
    const auto key = class_key(table + "." + prefix + field.name);
    const bool of_class = field.name == "params" && field.type == "any" && !prefix.empty();
    if (of_class || (field.name == "type" && !prefix.empty())) continue;  // said by the class's own row
    const bool plain = !field.optional && field.members.empty();
    const auto* nothing = field.fallback.get_if<Value::Table>();
    const auto fallback = plain && !(nothing && nothing->empty()) ? "`" + field.fallback.text() + "`" : "";
    auto text = field.doc;
    if (!field.range.empty()) text += (text.empty() ? "" : "; ") + field.range;
    out << "| `" << prefix << field.name << "` | " << (key ? type_text(*key) : field.type) << " | " << cell(fallback)
        << " | " << cell(text) << " |\n";
    write_rows(field.members, table, prefix + field.name + (field.type == "table" ? "." : "[]."), out);
  }
}

void write_table(const std::vector<Field>& fields, const char* first, const std::string& table, std::ostream& out) {
  out << "| " << first << " | type | default | |\n|---|---|---|---|\n";
  write_rows(fields, table, "", out);
  out << '\n';
}

void write_class(const std::string& name, const ClassInfo& info, std::ostream& out) {
  out << "### " << name << "\n\n" << info.doc << "\n\n";
  if (!info.fields.empty()) write_table(info.fields, "option", "", out);
  if (info.roles.empty()) return;
  out << "Needs ";
  for (size_t i = 0; i < info.roles.size(); ++i) {
    const auto& role = info.roles[i];
    out << (i ? ", " : "") << "`[" << config_place(role.kind, role.name) << "]`"
        << (role.doc.empty() ? "" : " (" + role.doc + ")");
  }
  out << ".\n\n";
}

}  // namespace

void write_reference(const std::vector<const LoadedPlugin*>& plugins, std::ostream& out) {
  out << kHead;
  const auto settings = Settings::schema();
  for (const auto& table : settings.fields()) {
    const bool list = table.type != "table";
    out << "## " << (list ? "[[" : "[") << table.name << (list ? "]]" : "]") << "\n\n" << sentence(table.doc) << "\n\n";
    if (table.name == "loggers")
      out << "Each has `type` and `params`, as `[logger]`.\n\n";
    else
      write_table(table.members, "key", table.name, out);
  }
  constexpr Kind kKinds[] = {Kind::network,   Kind::task,         Kind::loss,  Kind::metric,
                             Kind::optimizer, Kind::scheduler,    Kind::data,  Kind::transform,
                             Kind::backend,   Kind::communicator, Kind::logger};
  for (const auto kind : kKinds) {
    bool any = false;
    for (const auto* plugin : plugins)
      for (const auto& info : plugin->classes) {
        if (info.kind != kind) continue;
        if (!any) out << "## Classes: " << to_string(kind) << "\n\n";
        any = true;
        write_class(plugin->name + "." + info.name, info, out);
      }
  }
}

}  // namespace dl::host
