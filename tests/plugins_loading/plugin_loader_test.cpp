#include "core/plugin_loader.h"

#include <dlfcn.h>
#include <elf.h>

#include <boost/test/unit_test.hpp>
#include <map>

#include "core/plugin_scan.h"
#include "zoo.h"

using namespace dl::host;

namespace {

PluginError error_of(const PluginPlace& place) {
  try {
    load_plugin(place);
  } catch (const PluginError& error) {
    return error;
  }
  throw std::logic_error(place.name + " was loaded");
}

void check(const std::string& name, PluginState state, const std::string& words) {
  const auto report = scan_plugin(zoo::place(name));
  BOOST_TEST(to_string(report.state) == to_string(state), name);
  BOOST_TEST(zoo::has(report.reason, words), name);
  BOOST_TEST(report.classes.empty(), name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_loader)

BOOST_AUTO_TEST_CASE(loads_a_plugin) {
  bool opened = false;
  const auto plugin = load_plugin(zoo::place("good"), [&] { opened = true; });
  BOOST_TEST(opened);
  BOOST_TEST(plugin->name == "good");
  BOOST_TEST(plugin->stamp.version == "1.2.3");
  BOOST_REQUIRE(plugin->classes.size() == 3U);
  BOOST_TEST(plugin->classes[0].name == "Scale");
  BOOST_TEST(plugin->classes[0].former_names.at(0) == "Scaled");
  BOOST_TEST(plugin->classes[0].fields.size() == 7U);
  BOOST_TEST(plugin->refused.empty());
}

BOOST_AUTO_TEST_CASE(a_plugin_stays_when_all_handles_are_gone) {
  load_plugin(zoo::place("good")).reset();
  auto* still = ::dlopen(zoo::file("good").c_str(), RTLD_NOW | RTLD_NOLOAD);
  BOOST_TEST(still != nullptr);
  if (still) ::dlclose(still);
}

BOOST_AUTO_TEST_CASE(a_plugin_shares_its_symbols_with_nobody) {
  load_plugin(zoo::place("good"));
  BOOST_TEST(::dlsym(RTLD_DEFAULT, "dl_plugin_register") == nullptr);
}

BOOST_AUTO_TEST_CASE(composite_names) {
  const auto plugin = load_plugin({"X.Y", zoo::folder(), zoo::folder() / "X/Y.so", {}});
  BOOST_TEST(plugin->classes.at(0).name == "Z");
}

// The plugins below end the process if they are opened: the stamp alone must refuse them, here in this process.
BOOST_AUTO_TEST_CASE(refused_before_any_of_its_code_runs) {
  const auto torch = error_of(zoo::place("wrong_torch"));
  BOOST_TEST(to_string(torch.state()) == "incompatible");
  BOOST_TEST(zoo::has(
      torch.what(), "wrong_torch.so: incompatible: built for LibTorch 1.13.1, this dlhost runs " + host_stamp().torch));
  const auto sdk = error_of(zoo::place("wrong_sdk"));
  BOOST_TEST(zoo::has(sdk.reason(),
                      "built for SDK ABI 999, this dlhost runs " + host_stamp().sdk_abi + "; rebuild the plugin"));
  BOOST_TEST(zoo::has(error_of(zoo::place("unknown_stamp")).reason(), "\"DLHOST9\""));
  BOOST_TEST(to_string(error_of(zoo::place("no_section")).state()) == "no plugin");
}

BOOST_AUTO_TEST_CASE(name_and_place_must_agree) {
  const auto error = error_of(zoo::place("name_mismatch"));
  BOOST_TEST(to_string(error.state()) == "not loadable");
  BOOST_TEST(
      error.reason() ==
      "it calls itself \"another_name\", but its place is that of \"name_mismatch\"; name the file another_name.so, or "
      "the plugin \"name_mismatch\"");
  const zoo::TempFolder temp;
  const auto file = temp.add("good", "lib/good.so");
  BOOST_TEST(zoo::has(error_of({"lib.good", temp.path(), file, {}}).reason(),
                      "put the folder " + (temp.path() / "lib").string() + " itself on the plugin path"));
  BOOST_TEST(zoo::has(error_of({"Y", temp.path(), zoo::folder() / "X/Y.so", {}}).reason(), "name the file X/Y.so"));
}

BOOST_AUTO_TEST_CASE(a_class_of_another_interface_is_refused_alone) {
  const auto plugin = load_plugin(zoo::place("wrong_kind_abi"));
  BOOST_REQUIRE(plugin->classes.size() == 1U);
  BOOST_TEST(plugin->classes[0].name == "Fits");
  BOOST_REQUIRE(plugin->refused.size() == 2U);
  BOOST_TEST(plugin->refused[0].name == "Old");
  BOOST_TEST(plugin->refused[0].reason ==
             "compiled for version 99 of the interface \"metric\", this dlhost has version 1; rebuild the plugin");
  BOOST_TEST(zoo::has(plugin->refused[1].reason, "its kind (number 77) is not known"));
}

BOOST_AUTO_TEST_CASE(a_class_with_a_wrong_schema_is_refused_alone) {
  const auto plugin = load_plugin(zoo::place("bad_schema"));
  BOOST_REQUIRE(plugin->classes.size() == 1U);
  BOOST_TEST(plugin->classes[0].name == "Right");
  const std::map<std::string, std::string> expected = {
      {"Twice", "the option \"width\" is declared twice"},
      {"Outside", "its own defaults are wrong: \"width\" must be >= 1, found 0"},
      {"Unwritable", "the option \"the mode\" has a name that is not of letters, digits, _ and -"},
      {"NeedsTwice", "it needs the network \"main\" twice"},
      {"No.Name", "its name is not of letters, digits, _ and -"},
      {"Empty", "it was registered without a function to check or to create it"}};
  BOOST_TEST(plugin->refused.size() == expected.size());
  for (const auto& refused : plugin->refused) {
    BOOST_TEST(refused.reason == expected.at(refused.name) + "; its author must mend the plugin", refused.name);
    BOOST_TEST(refused.kind == "metric");
  }
}

BOOST_AUTO_TEST_CASE(files_of_other_machines) {
  const zoo::TempFolder temp;
  const auto refused = [&](const std::string& name, const std::vector<std::pair<size_t, char>>& changes) {
    auto bytes = zoo::read(zoo::file("good"));
    for (const auto& [at, byte] : changes) bytes[at] = byte;
    const auto error = error_of({name, temp.path(), temp.write(name + ".so", bytes), {}});
    BOOST_TEST(to_string(error.state()) == "incompatible");
    return error.reason();
  };
  BOOST_TEST(zoo::has(refused("arm", {{offsetof(Elf64_Ehdr, e_machine), static_cast<char>(EM_AARCH64)}}),
                      "built for architecture AArch64, this dlhost runs " + host_stamp().architecture));
  BOOST_TEST(zoo::has(refused("narrow", {{EI_CLASS, ELFCLASS32}}), "a file of another architecture (x86-64, 32-bit)"));
  // Read as big-endian, x86-64 (0x3e) is the machine 0x3e00.
  BOOST_TEST(zoo::has(refused("big", {{EI_DATA, ELFDATA2MSB}}),
                      "a file of another architecture (ELF machine 15872, "
                      "big-endian)"));
}

BOOST_AUTO_TEST_CASE(not_loadable) {
  check("missing_symbol", PluginState::not_loadable,
        "cannot load: undefined symbol: zoo::defined_nowhere(std::string const&)");
  check("missing_library", PluginState::not_loadable, "cannot load: its NEEDED libzoo_absent.so is not found");
  check("no_register", PluginState::not_loadable,
        "it has a stamp, but no function dl_plugin_register; DL_PLUGIN(…) { … } makes both");
  check("throws_in_register", PluginState::not_loadable, "its registration failed: the table of classes is missing");
  check("double_name", PluginState::not_loadable,
        "its registration failed: the class name \"Twin\" is registered twice");
}

BOOST_AUTO_TEST_CASE(crashed) {
  check("crashes_in_static_init", PluginState::crashed,
        "it ended with signal 11 (Segmentation fault) while it was opened, in a static initialiser; it printed: about "
        "to write nowhere");
  check("throws_in_static_init", PluginState::crashed, "printed:   what():  no licence for the static initialiser");
  check("crashes_in_register", PluginState::crashed, "it ended with signal 6 (Aborted) in its registration");
  check("exits_in_static_init", PluginState::crashed, "it ended its process with exit code 0 while it was opened");
}

BOOST_AUTO_TEST_CASE(the_same_texts_without_a_child) {
  for (const char* name : {"missing_symbol", "missing_library", "no_register", "throws_in_register", "double_name"})
    BOOST_TEST(error_of(zoo::place(name)).reason() == scan_plugin(zoo::place(name)).reason);
}

BOOST_AUTO_TEST_SUITE_END()
