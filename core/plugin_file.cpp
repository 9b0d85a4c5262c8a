#include "core/plugin_file.h"

#include <torch/version.h>

#include "core/elf_file.h"
#include "dl/abi.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

constexpr std::string_view kStampWord = "DLHOST1";

/// The stamp comes from a file that may be anything, and goes to terminals.
std::string printable(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7f) c = '?';
  return out;
}

PluginFile no_stamp(PluginFile::Type type, std::string reason) {
  PluginFile file;
  file.type = type;
  file.reason = std::move(reason);
  return file;
}

std::string* field(Stamp& stamp, std::string_view key) {
  if (key == "sdk_abi") return &stamp.sdk_abi;
  if (key == "torch") return &stamp.torch;
  if (key == "cxx11_abi") return &stamp.cxx11_abi;
  if (key == "compiler") return &stamp.compiler;
  if (key == "name") return &stamp.name;
  if (key == "version") return &stamp.version;
  if (key == "doc") return &stamp.doc;
  return nullptr;  // a later host's field: this one needs no more than those above
}

}  // namespace

PluginFile parse_stamp(std::string_view section) {
  PluginFile file;
  file.type = PluginFile::Type::plugin;
  for (bool first = true; !section.empty(); first = false) {
    const auto end = section.find('\0');
    const auto item = section.substr(0, end);
    if (first && item != kStampWord) {
      return no_stamp(PluginFile::Type::unknown_stamp, "unknown stamp version \"" + printable(item.substr(0, 40)) +
                                                           "\", this dlhost knows " + std::string(kStampWord) +
                                                           "; rebuild the plugin with this dlhost's SDK");
    }
    if (end == std::string_view::npos) return no_stamp(PluginFile::Type::damaged, "its stamp doesn't end");
    section.remove_prefix(end + 1);
    if (first || item.empty()) continue;
    const auto equals = item.find('=');
    if (equals == std::string_view::npos)
      return no_stamp(PluginFile::Type::damaged,
                      "its stamp has \"" + printable(item.substr(0, 40)) + "\" instead of key=value");
    if (auto* held = field(file.stamp, item.substr(0, equals))) *held = printable(item.substr(equals + 1));
  }
  if (file.stamp.name.empty()) return no_stamp(PluginFile::Type::damaged, "its stamp has no name");
  return file;
}

PluginFile read_plugin_file(const std::filesystem::path& path) {
  ElfFile elf(path);
  const auto section = elf.section(".dlhost");
  switch (elf.type()) {
    case ElfFile::Type::no_elf:
      return no_stamp(PluginFile::Type::no_plugin, elf.reason());
    case ElfFile::Type::damaged:
      return no_stamp(PluginFile::Type::damaged, elf.reason());
    case ElfFile::Type::other_class:
      return no_stamp(PluginFile::Type::foreign, "a file of another architecture (" + elf.architecture() +
                                                     "), this dlhost runs on " + host_architecture());
    case ElfFile::Type::elf:
      break;
  }
  if (!section) return no_stamp(PluginFile::Type::no_plugin, "no section .dlhost: it has no DL_PLUGIN");
  auto file = parse_stamp(*section);
  file.stamp.architecture = elf.architecture();
  file.needed = elf.needed();
  return file;
}

const Stamp& host_stamp() {
  static const Stamp stamp{
      DL_STR(DL_SDK_ABI), TORCH_VERSION, DL_STR(_GLIBCXX_USE_CXX11_ABI), host_architecture(), __VERSION__, {}, {}, {}};
  return stamp;
}

std::vector<StampDifference> compare_stamps(const Stamp& plugin, const Stamp& host) {
  std::vector<StampDifference> out;
  const auto compare = [&](const char* name, const std::string& a, const std::string& b) {
    if (a != b) out.push_back({name, a.empty() ? "(none)" : a, b});
  };
  compare("architecture", plugin.architecture, host.architecture);
  compare("LibTorch", plugin.torch, host.torch);
  compare("SDK ABI", plugin.sdk_abi, host.sdk_abi);
  compare("_GLIBCXX_USE_CXX11_ABI", plugin.cxx11_abi, host.cxx11_abi);
  return out;
}

std::string describe(const std::vector<StampDifference>& differences) {
  std::vector<std::string> built, runs;
  for (const auto& difference : differences) {
    built.push_back(difference.field + " " + difference.plugin);
    runs.push_back((differences.size() > 1 ? difference.field + " " : "") + difference.host);
  }
  return "built for " + join(built, " and ") + ", this dlhost runs " + join(runs, " and ") +
         "; rebuild the plugin (cmake --build its build folder)";
}

}  // namespace dl::host
