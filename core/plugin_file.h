#pragma once
/// A plugin as a file: read with our own code, so nothing of the plugin runs and a hostile file can do no harm.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dl::host {

/// What DL_PLUGIN wrote into the ELF section `.dlhost` when the plugin was compiled. Empty where the field is missing.
struct Stamp {
  std::string sdk_abi, torch, cxx11_abi;  ///< must equal the host's
  std::string architecture;               ///< from the ELF header: "x86-64"; must equal the host's
  std::string compiler;                   ///< shown only
  std::string name, version, doc;
};

struct PluginFile {
  enum class Type {
    plugin,         ///< a stamp was read
    no_plugin,      ///< no ELF library, or one without the section
    unknown_stamp,  ///< a stamp of a version that this host doesn't know
    foreign,        ///< an ELF file of another class or byte order: what is in it can't be read here
    damaged         ///< an ELF file with parts that lie outside of it, or a stamp that doesn't end
  };
  Type type = Type::no_plugin;
  std::string reason;  ///< in words, for every type but `plugin`
  Stamp stamp;
  std::vector<std::string> needed;  ///< DT_NEEDED: the libraries that it asks for
};

/// Never throws on what the file contains; one that can't be opened is `damaged`, with the system's reason.
PluginFile read_plugin_file(const std::filesystem::path& file);
/// The stamp from the bytes of the section `.dlhost`: "DLHOST1", then key=value, each closed by a NUL.
PluginFile parse_stamp(std::string_view section);

/// What a plugin's stamp must equal: this program's own.
const Stamp& host_stamp();

struct StampDifference {
  std::string field;         ///< in words: "LibTorch", "SDK ABI", …
  std::string plugin, host;  ///< both values
};
/// Empty where the plugin can be opened.
std::vector<StampDifference> compare_stamps(const Stamp& plugin, const Stamp& host);
/// "built for LibTorch 2.10.0, this dlhost runs 2.11.0; rebuild the plugin (…)".
std::string describe(const std::vector<StampDifference>& differences);

}  // namespace dl::host
