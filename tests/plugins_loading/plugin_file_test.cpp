#include "core/plugin_file.h"

#include <elf.h>
#include <torch/version.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <random>

#include "zoo.h"

using namespace dl::host;
using Type = PluginFile::Type;

namespace {

std::string stamp(const std::string& text) {
  std::string out = text;
  std::replace(out.begin(), out.end(), '|', '\0');
  return out;
}

Stamp with(std::string Stamp::*field, std::string value) {
  auto out = host_stamp();
  out.*field = std::move(value);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_file)

BOOST_AUTO_TEST_CASE(a_plugin) {
  const auto file = read_plugin_file(zoo::file("good"));
  BOOST_REQUIRE(file.type == Type::plugin);
  BOOST_TEST(file.stamp.name == "good");
  BOOST_TEST(file.stamp.version == "1.2.3");
  BOOST_TEST(file.stamp.doc == "A plugin as it should be");
  BOOST_TEST(file.stamp.torch == TORCH_VERSION);
  BOOST_TEST(file.stamp.sdk_abi == std::to_string(DL_SDK_ABI));
  BOOST_TEST(file.stamp.compiler == __VERSION__);
  BOOST_TEST(compare_stamps(file.stamp, host_stamp()).empty());
  BOOST_TEST((std::find(file.needed.begin(), file.needed.end(), "libdlsdk.so") != file.needed.end()));
}

BOOST_AUTO_TEST_CASE(files_that_are_no_plugins) {
  const zoo::TempFolder temp;
  BOOST_TEST(read_plugin_file(zoo::file("no_section")).reason == "no section .dlhost: it has no DL_PLUGIN");
  BOOST_TEST(read_plugin_file(temp.write("text.so", "GROUP ( libreal.so )\n")).reason == "not an ELF file");
  BOOST_TEST(read_plugin_file(temp.write("empty.so", "")).reason == "an empty file");
  BOOST_TEST(read_plugin_file(temp.path()).reason == "not a regular file");
  for (const auto& file : {zoo::file("no_section"), temp.path() / "text.so", temp.path() / "empty.so", temp.path()})
    BOOST_CHECK(read_plugin_file(file).type == Type::no_plugin);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there) {
  const auto file = read_plugin_file("/nonexistent/x.so");
  BOOST_CHECK(file.type == Type::damaged);
  BOOST_TEST(file.reason == "can't be read: No such file or directory");
}

BOOST_AUTO_TEST_CASE(unknown_stamp_version) {
  const auto file = read_plugin_file(zoo::file("unknown_stamp"));
  BOOST_CHECK(file.type == Type::unknown_stamp);
  BOOST_TEST(zoo::has(file.reason, "unknown stamp version \"DLHOST9\", this dlhost knows DLHOST1"));
}

BOOST_AUTO_TEST_CASE(stamps) {
  BOOST_CHECK(parse_stamp(stamp("DLHOST1|name=a|later_key=7|doc=x=y||")).type == Type::plugin);
  BOOST_TEST(parse_stamp(stamp("DLHOST1|name=a|doc=x=y||")).stamp.doc == "x=y");
  BOOST_TEST(parse_stamp(stamp("DLHOST1|name=a\033[2J|")).stamp.name == "a?[2J");
  BOOST_CHECK(parse_stamp("DLHOST1").type == Type::damaged);
  BOOST_CHECK(parse_stamp(stamp("DLHOST1|name=a")).type == Type::damaged);
  BOOST_CHECK(parse_stamp(stamp("DLHOST1|version=1|")).type == Type::damaged);
  BOOST_CHECK(parse_stamp(stamp("DLHOST1|name|")).type == Type::damaged);
  BOOST_CHECK(parse_stamp("").type == Type::damaged);
  BOOST_CHECK(parse_stamp(stamp("DLHOST10|name=a|")).type == Type::unknown_stamp);
  BOOST_CHECK(parse_stamp(std::string(5000, 'x')).type == Type::unknown_stamp);
}

BOOST_AUTO_TEST_CASE(each_difference_is_named_with_both_values) {
  const auto torch = compare_stamps(with(&Stamp::torch, "2.10.0"), with(&Stamp::torch, "2.11.0"));
  BOOST_REQUIRE(torch.size() == 1U);
  BOOST_TEST(describe(torch) ==
             "built for LibTorch 2.10.0, this dlhost runs 2.11.0; rebuild the plugin (cmake --build its build folder)");
  // All three numbers count.
  BOOST_TEST(compare_stamps(with(&Stamp::torch, "2.11.1"), with(&Stamp::torch, "2.11.0")).size() == 1U);
  BOOST_TEST(
      zoo::has(describe(compare_stamps(with(&Stamp::cxx11_abi, ""), host_stamp())), "_GLIBCXX_USE_CXX11_ABI (none)"));
  BOOST_TEST(compare_stamps(with(&Stamp::compiler, "clang"), host_stamp()).empty());

  auto both = with(&Stamp::torch, "1.0.0");
  both.sdk_abi = "999";
  BOOST_TEST(zoo::has(describe(compare_stamps(both, host_stamp())),
                      "built for LibTorch 1.0.0 and SDK ABI 999, this dlhost runs LibTorch " TORCH_VERSION
                      " and SDK ABI "));
}

BOOST_AUTO_TEST_CASE(other_architectures) {
  const zoo::TempFolder temp;
  auto bytes = zoo::read(zoo::file("good"));
  bytes[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
  const auto foreign = read_plugin_file(temp.write("arm.so", bytes));
  BOOST_CHECK(foreign.type == Type::plugin);
  BOOST_TEST(zoo::has(describe(compare_stamps(foreign.stamp, host_stamp())),
                      "built for architecture AArch64, this dlhost runs x86-64"));

  bytes[EI_CLASS] = ELFCLASS32;
  bytes[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_ARM);
  const auto narrow = read_plugin_file(temp.write("arm32.so", bytes));
  BOOST_CHECK(narrow.type == Type::foreign);
  BOOST_TEST(narrow.reason == "a file of another architecture (ARM, 32-bit), this dlhost runs on x86-64");
}

BOOST_AUTO_TEST_CASE(every_truncation_is_noticed) {
  const zoo::TempFolder temp;
  const auto file = temp.add("wrong_torch");
  auto size = std::filesystem::file_size(file);
  while (size > 0) {
    size -= size > 256 ? 97 : 1;
    std::filesystem::resize_file(file, size);
    const auto expected = size < EI_NIDENT ? Type::no_plugin : Type::damaged;
    BOOST_REQUIRE_MESSAGE(read_plugin_file(file).type == expected, "at " << size);
  }
}

// No result is expected but to come back: sanitizers watch the rest.
BOOST_AUTO_TEST_CASE(hostile_files_do_no_harm) {
  const zoo::TempFolder temp;
  const auto good = zoo::read(zoo::file("wrong_torch"));
  std::fstream file(temp.write("hostile.so", good), std::ios::in | std::ios::out | std::ios::binary);
  const auto put = [&](size_t at, char byte) { file.seekp(static_cast<std::streamoff>(at)).put(byte); };
  Elf64_Ehdr header;
  std::copy_n(good.data(), sizeof header, reinterpret_cast<char*>(&header));
  std::mt19937_64 random(7);
  size_t plugins = 0;
  for (size_t round = 0; round < 20000; ++round) {
    // The ELF header and the section table are what the reader relies on: most hits go there.
    const size_t begin = round % 2 ? 0 : header.e_shoff, end = round % 2 ? sizeof header : good.size();
    std::vector<size_t> hits(1 + round % 5);
    for (auto& at : hits) put(at = begin + random() % (end - begin), static_cast<char>(round % 3 ? random() : 0xff));
    file.flush();
    plugins += read_plugin_file(temp.path() / "hostile.so").type == Type::plugin;
    for (const auto at : hits) put(at, good[at]);
  }
  BOOST_TEST(plugins > 0U);  // else the hits were not subtle enough to get past the header
  BOOST_TEST(plugins < 20000U);
}

BOOST_AUTO_TEST_SUITE_END()
