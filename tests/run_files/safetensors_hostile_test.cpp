#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>

#include "core/safetensors_file.h"
#include "python.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;

namespace {

/// A file of that header and `data_bytes` zeros; `length` stands in for the header's real length.
void make(const std::filesystem::path& path, const std::string& header, std::size_t data_bytes,
          std::optional<uint64_t> length = {}) {
  std::string text(8, '\0');
  const uint64_t value = length.value_or(header.size());
  std::memcpy(text.data(), &value, sizeof value);
  write_text(path, text + header + std::string(data_bytes, '\0'));
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

struct Hostile {
  const char* what;
  std::string header;
  std::size_t data_bytes;
  std::vector<std::string> parts;  ///< of the message
};

const std::string a8 = tensor("a", "F32", "[2]", "[0,8]");

const std::vector<Hostile> kHostile = {
    {"overlap", "{" + a8 + "," + tensor("b", "F32", "[2]", "[4,12]") + "}", 12, {"4 to 8", "\"a\"", "\"b\""}},
    {"inside", "{" + a8 + "," + tensor("b", "U8", "[2]", "[2,4]") + "}", 8, {"2 to 4", "\"a\"", "\"b\""}},
    {"same bytes", "{" + a8 + "," + tensor("b", "F32", "[2]", "[0,8]") + "}", 8, {"0 to 8", "\"a\"", "\"b\""}},
    {"empty inside", "{" + a8 + "," + tensor("b", "U8", "[0]", "[4,4]") + "}", 8, {"\"a\"", "\"b\""}},
    {"hole", "{" + a8 + "," + tensor("b", "F32", "[1]", "[12,16]") + "}", 16, {"8 to 12", "\"b\"", "no tensor"}},
    {"hole at the start", "{" + tensor("b", "F32", "[1]", "[4,8]") + "}", 8, {"0 to 4", "\"b\""}},
    {"cut off", "{" + a8 + "}", 7, {"8 bytes", "has 7", "cut off"}},
    {"too long", "{" + a8 + "}", 9, {"8 bytes", "has 9"}},
    {"backwards", "{" + tensor("a", "F32", "[2]", "[8,0]") + "}", 8, {"\"a\"", "8 to 0"}},
    {"wrong size", "{" + tensor("a", "F32", "[3]", "[0,8]") + "}", 8, {"\"a\"", "12 bytes", "0 to 8"}},
    {"product too large", "{" + tensor("a", "F32", "[4294967296,4294967296]", "[0,0]") + "}", 0, {"\"a\"", "2^63"}},
    {"size too large", "{" + tensor("a", "F32", "[18446744073709551615]", "[0,8]") + "}", 8, {"\"a\"", "too large"}},
    {"beyond 64 bits", "{" + tensor("a", "F32", "[99999999999999999999]", "[0,8]") + "}", 8, {"99999999999999999999"}},
    {"negative", "{" + tensor("a", "F32", "[-2]", "[0,8]") + "}", 8, {"-2", "\"shape\"", "\"a\""}},
    {"fraction", "{" + tensor("a", "F32", "[2.0]", "[0,8]") + "}", 8, {"2.0", "\"a\""}},
    {"three offsets", "{" + tensor("a", "F32", "[2]", "[0,4,8]") + "}", 8, {"\"a\"", "data_offsets"}},
    {"nested list", "{" + tensor("a", "F32", "[[2]]", "[0,8]") + "}", 8, {"\"a\"", "a list"}},
    {"text in a list", "{" + tensor("a", "F32", "[\"2\"]", "[0,8]") + "}", 8, {"\"a\"", "a string"}},
    {"unknown type", "{" + tensor("a", "F4", "[2]", "[0,1]") + "}", 1, {"\"a\"", "\"F4\"", "BF16"}},
    {"type is a number", R"({"a":{"dtype":1,"shape":[2],"data_offsets":[0,8]}})", 8, {"\"a\"", "a number"}},
    {"no type", R"({"a":{"shape":[2],"data_offsets":[0,8]}})", 8, {"\"a\"", "no \"dtype\""}},
    {"no offsets", R"({"a":{"shape":[2],"dtype":"F32"}})", 8, {"\"a\"", "no \"data_offsets\""}},
    {"further key", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"evil":1}})", 8, {"\"a\"", "\"evil\""}},
    {"same name twice", "{" + a8 + "," + a8 + "}", 8, {"\"a\"", "twice"}},
    {"same name twice, escaped",
     "{" + a8 + "," + tensor("\\u0061", "F32", "[2]", "[0,8]") + "}",
     8,
     {"\"a\"", "twice"}},
    {"key twice", R"({"a":{"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}})", 8, {"\"dtype\"", "twice"}},
    {"metadata twice", R"({"__metadata__":{},"__metadata__":{}})", 0, {"__metadata__", "twice"}},
    {"metadata key twice", R"({"__metadata__":{"k":"1","k":"2"}})", 0, {"\"k\"", "twice"}},
    {"metadata not text", R"({"__metadata__":{"k":1}})", 0, {"\"k\"", "a number"}},
    {"metadata nested", R"({"__metadata__":{"k":{}}})", 0, {"\"k\"", "an object"}},
    {"tensor is a list", R"({"a":[]})", 0, {"\"a\"", "a list"}},
    {"tensor is null", R"({"a":null})", 0, {"\"a\"", "null"}},
    {"no JSON", "{\"a\" oh no", 0, {"no JSON", "byte"}},
    {"not UTF-8", "{\"\xff\xfe\":1}", 0, {"no JSON"}},
    {"two objects", "{}{}", 0, {"no JSON"}},
    {"a list", "[1]", 0, {"'{'"}},
    {"leading space", " {}", 0, {"'{'"}},
    {"empty header", "", 0, {"'{'"}},
    {"deep", "{\"a\":" + std::string(1'000'000, '['), 0, {"\"a\""}},
    {"deep in a list", R"({"a":{"shape":)" + std::string(1'000'000, '['), 0, {"\"a\"", "a list"}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors_hostile)

BOOST_AUTO_TEST_CASE(headers) {
  const TemporaryFolder folder;
  const auto path = folder / "bad.safetensors";
  for (const auto& hostile : kHostile) {
    BOOST_TEST_CONTEXT(hostile.what) {
      make(path, hostile.header, hostile.data_bytes);
      auto parts = hostile.parts;
      parts.push_back(path);
      check_error([&] { const SafetensorsFile file(path); }, parts);
    }
  }
}

/// The same files through the reference reader: what it refuses we refuse. It takes a few that the format's description
/// forbids, and a type that LibTorch lacks.
BOOST_AUTO_TEST_CASE(the_reference_refuses_them_too) {
  const TemporaryFolder folder;
  std::vector<std::string> paths;
  for (const auto& hostile : kHostile) {
    paths.push_back(folder / hostile.what);
    make(paths.back(), hostile.header, hostile.data_bytes);
  }
  BOOST_TEST(
      run_python("safetensors_accepts.py", paths) ==
      "unknown type\nfurther key\nsame name twice\nsame name twice, escaped\nmetadata key twice\nleading space\n");
}

BOOST_AUTO_TEST_CASE(lengths) {
  const TemporaryFolder folder;
  const auto path = folder / "bad.safetensors";
  const auto open = [&] { const SafetensorsFile file(path); };
  make(path, "{}", 0, uint64_t{1} << 60);
  check_error(open, {path, "1152921504606846976", "100000000"});
  make(path, "{}", 0, UINT64_MAX);
  check_error(open, {path, "18446744073709551615"});
  make(path, "{}", 0, 100'000'000);
  check_error(open, {path, "8 to 100000008", "has 10 bytes", "cut off"});
  make(path, "{}", 0, 3);
  check_error(open, {path, "8 to 11", "has 10 bytes"});
  write_text(path, "1234567");
  check_error(open, {path, "7 bytes"});
  write_text(path, "");
  check_error(open, {path, "0 bytes"});
  std::filesystem::remove(path);
  check_error(open, {path.string(), "No such file"});
  std::filesystem::create_directory(path);
  check_error(open, {path.string()});
}

BOOST_AUTO_TEST_CASE(what_the_format_allows) {
  const TemporaryFolder folder;
  const auto path = folder / "good.safetensors";
  make(path, "{" + tensor("b", "U8", "[]", "[3,4]") + "," + tensor("a", "BOOL", "[3]", "[0,3]") + "}   ", 4);
  const SafetensorsFile file(path);
  BOOST_TEST(file.tensors()[0].name == "b");
  BOOST_TEST(file.read("b").dim() == 0);
  make(path, "{" + tensor("a", "F32", "[0,9223372036854775807,2]", "[0,0]") + "}", 0);
  BOOST_TEST(SafetensorsFile(path).tensors()[0].end == 0);
}

BOOST_AUTO_TEST_SUITE_END()
