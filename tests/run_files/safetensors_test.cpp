#include "core/safetensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "python.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl;
using namespace dl::host;

namespace {

/// A tensor of any type from its bytes.
Tensor from_bytes(const std::vector<int64_t>& shape, c10::ScalarType dtype, std::initializer_list<int> bytes) {
  Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  BOOST_TEST_REQUIRE(tensor.nbytes() == bytes.size());
  auto* to = static_cast<unsigned char*>(tensor.mutable_data_ptr());
  for (const int byte : bytes) *to++ = static_cast<unsigned char>(byte);
  return tensor;
}

std::string hex(const Tensor& tensor) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  const auto* from = static_cast<const unsigned char*>(tensor.const_data_ptr());
  for (std::size_t i = 0; i < tensor.nbytes(); ++i) text += {kDigits[from[i] >> 4], kDigits[from[i] & 15]};
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(python_reads_what_we_write) {
  const TemporaryFolder folder;
  const auto file = folder / "ours.safetensors";
  // Narrow types come first here: the file must align the wide ones all the same.
  write_safetensors(file,
                    {{"bool", from_bytes({3}, at::kBool, {1, 0, 1})},
                     {"u8", from_bytes({2}, at::kByte, {0, 255})},
                     {"i8", from_bytes({1}, at::kChar, {0x80})},
                     {"f8", from_bytes({1}, c10::ScalarType::Float8_e4m3fn, {0x38})},
                     {"f8b", from_bytes({1}, c10::ScalarType::Float8_e5m2, {0x3c})},
                     {"i16", from_bytes({1}, at::kShort, {0xfe, 0xff})},
                     {"u16", from_bytes({1}, c10::ScalarType::UInt16, {0xff, 0xff})},
                     {"f16", from_bytes({1}, at::kHalf, {0x00, 0x3e})},
                     {"bf16", at::full({2}, 1.5).to(at::kBFloat16)},
                     {"i32", at::tensor({-5, 7}, at::kInt).view({2, 1})},
                     {"u32", from_bytes({1}, c10::ScalarType::UInt32, {1, 2, 3, 4})},
                     {"f32", at::tensor({0.1}, at::kFloat)},
                     {"c64", from_bytes({1}, at::kComplexFloat, {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40})},
                     {"f64", at::tensor({0.1}, at::kDouble)},
                     {"i64", at::tensor({int64_t{-1}}, at::kLong)},
                     {"u64", from_bytes({1}, c10::ScalarType::UInt64, {8, 7, 6, 5, 4, 3, 2, 1})},
                     {"scalar", at::full({}, 42.0, at::kFloat)},
                     {"empty", at::zeros({0, 4}, at::kFloat)},
                     {"odd \"name\" é/\n", at::full({1}, 1.0, at::kFloat)}},
                    {{"format", "pt"}, {"key", "va\"lue"}});

  BOOST_TEST(run_python("safetensors_dump.py", {file}) ==
             "\"bf16\" BF16 [2] c03fc03f\n"
             "\"bool\" BOOL [3] 010001\n"
             "\"c64\" C64 [1] 0000803f00000040\n"
             "\"empty\" F32 [0, 4] -\n"
             "\"f16\" F16 [1] 003e\n"
             "\"f32\" F32 [1] cdcccc3d\n"
             "\"f64\" F64 [1] 9a9999999999b93f\n"
             "\"f8\" F8_E4M3 [1] 38\n"
             "\"f8b\" F8_E5M2 [1] 3c\n"
             "\"i16\" I16 [1] feff\n"
             "\"i32\" I32 [2, 1] fbffffff07000000\n"
             "\"i64\" I64 [1] ffffffffffffffff\n"
             "\"i8\" I8 [1] 80\n"
             "\"odd \\\"name\\\" \\u00e9/\\n\" F32 [1] 0000803f\n"
             "\"scalar\" F32 [] 00002842\n"
             "\"u16\" U16 [1] ffff\n"
             "\"u32\" U32 [1] 01020304\n"
             "\"u64\" U64 [1] 0807060504030201\n"
             "\"u8\" U8 [2] 00ff\n"
             "metadata {\"format\": \"pt\", \"key\": \"va\\\"lue\"}\n"
             "order \"bool\" \"u8\" \"i8\" \"f8\" \"f8b\" \"i16\" \"u16\" \"f16\" \"bf16\" \"i32\" \"u32\" \"f32\" "
             "\"c64\" \"f64\" \"i64\" \"u64\" \"scalar\" \"empty\" \"odd \\\"name\\\" \\u00e9/\\n\"\n"
             "data at a multiple of 64: True\n"
             "every tensor aligned: True\n");
}

BOOST_AUTO_TEST_CASE(we_read_what_python_writes) {
  const TemporaryFolder folder;
  const auto path = folder / "theirs.safetensors";
  run_python("safetensors_make.py", {path});
  const SafetensorsFile file(path);

  struct Expected {
    const char* name;
    c10::ScalarType dtype;
    std::vector<int64_t> shape;
    const char* bytes;
  };
  const std::vector<Expected> all = {
      {"bool", at::kBool, {3}, "010001"},
      {"u8", at::kByte, {2}, "00ff"},
      {"i8", at::kChar, {2}, "807f"},
      {"i16", at::kShort, {2}, "00800500"},
      {"u16", c10::ScalarType::UInt16, {1}, "ffff"},
      {"f16", at::kHalf, {2}, "003e00b4"},
      {"i32", at::kInt, {2, 2}, "fbffffff07000000ffffff7f00000000"},
      {"u32", c10::ScalarType::UInt32, {1}, "ffffffff"},
      {"f32", at::kFloat, {2}, "cdcccc3de6b161ff"},
      {"c64", at::kComplexFloat, {1}, "0000803f00000040"},
      {"f64", at::kDouble, {2}, "9a9999999999b93f0100000000000000"},
      {"i64", at::kLong, {2}, "0000000000000080ffffffffffffff7f"},
      {"u64", c10::ScalarType::UInt64, {1}, "ffffffffffffffff"},
      {"scalar", at::kFloat, {}, "00002842"},
      {"empty", at::kFloat, {0, 4}, ""},
      {"odd \"name\" é/\n", at::kFloat, {1}, "0000803f"},
  };
  BOOST_TEST(file.tensors().size() == all.size());
  for (const auto& expected : all) {
    BOOST_TEST_CONTEXT(expected.name) {
      const auto tensor = file.read(expected.name);
      BOOST_TEST((tensor.scalar_type() == expected.dtype));
      BOOST_TEST(tensor.sizes().vec() == expected.shape, boost::test_tools::per_element());
      BOOST_TEST(hex(tensor) == expected.bytes);
    }
  }
  BOOST_TEST(file.metadata().at("key") == "va\"lue");

  const SafetensorsFile raw(path.string() + ".raw");
  BOOST_TEST((raw.entry("bf16").dtype == at::kBFloat16));
  BOOST_TEST(raw.read("bf16")[0].item<float>() == 1.5f);
  BOOST_TEST(raw.read("bf16")[1].item<float>() == -1.0f);
  BOOST_TEST((raw.entry("f8").dtype == c10::ScalarType::Float8_e4m3fn));
}

BOOST_AUTO_TEST_CASE(any_strides_keep_their_values) {
  const TemporaryFolder folder;
  const auto file = folder / "x.safetensors";
  const Tensor rows = at::arange(12, at::kFloat).view({3, 4});
  const Tensor complex = at::rand({2}, at::kComplexFloat);
  write_safetensors(file, {{"transposed", rows.t()}, {"column", rows.select(1, 2)}, {"conj", complex.conj()}});
  const SafetensorsFile read(file);
  BOOST_TEST(at::equal(read.read("transposed"), rows.t()));
  BOOST_TEST(at::equal(read.read("column"), rows.select(1, 2)));
  BOOST_TEST(at::equal(read.read("conj"), complex.conj()));
}

BOOST_AUTO_TEST_CASE(a_range_is_read_alone) {
  const TemporaryFolder folder;
  const auto file = folder / "x.safetensors";
  write_safetensors(file, {{"pad", at::zeros({7}, at::kByte)}, {"w", at::arange(12, at::kInt).view({3, 4})}});
  const SafetensorsFile read(file);
  BOOST_TEST(at::equal(read.read_range("w", 5, 3), at::tensor({5, 6, 7}, at::kInt)));
  BOOST_TEST(read.read_range("w", 12, 0).numel() == 0);
  check_error([&] { read.read_range("w", 5, 8); }, {file, "\"w\"", "12 elements", "8 from 5"});
  check_error([&] { read.read_range("w", -1, 1); }, {"\"w\""});
  check_error([&] { read.read_range("w", 1, INT64_MAX); }, {"\"w\""});
}

BOOST_AUTO_TEST_CASE(tensors_come_one_at_a_time_in_any_order) {
  const TemporaryFolder folder;
  const auto path = folder / "x.safetensors";
  const Tensor a = at::rand({5}), b = at::rand({2, 3}, at::kDouble);
  SafetensorsWriter writer(path, {{"a", at::kFloat, {5}}, {"b", at::kDouble, {2, 3}}});
  check_error([&] { writer.write("c", a); }, {path, "\"c\"", "not declared"});
  check_error([&] { writer.write("b", a); }, {"\"b\"", "Float [5]", "declared as Double [2, 3]"});
  writer.write("b", b);
  check_error([&] { writer.write("b", b); }, {"\"b\"", "before"});
  check_error([&] { writer.finish(); }, {path, "\"a\"", "not written"});
  writer.write("a", a);
  writer.finish();
  const SafetensorsFile read(path);
  BOOST_TEST(at::equal(read.read("a"), a));
  BOOST_TEST(at::equal(read.read("b"), b));
  BOOST_TEST(read.tensors()[0].name == "a");
}

BOOST_AUTO_TEST_CASE(an_unfinished_file_goes) {
  const TemporaryFolder folder;
  {
    SafetensorsWriter writer(folder / "x.safetensors", {{"a", at::kFloat, {5}}});
    BOOST_TEST(std::filesystem::exists(folder / "x.safetensors"));
  }
  BOOST_TEST(!std::filesystem::exists(folder / "x.safetensors"));
}

BOOST_AUTO_TEST_CASE(bad_declarations_are_refused) {
  const TemporaryFolder folder;
  const auto path = folder / "x.safetensors";
  const auto declare = [&](std::vector<TensorDeclaration> tensors) { SafetensorsWriter(path, tensors); };
  check_error([&] { declare({{"a", at::kFloat, {1}}, {"a", at::kFloat, {2}}}); }, {path, "two tensors", "\"a\""});
  check_error([&] { declare({{"__metadata__", at::kFloat, {1}}}); }, {"__metadata__"});
  check_error([&] { declare({{"z", at::kComplexDouble, {1}}}); }, {"ComplexDouble", "BF16"});
  check_error([&] { declare({{"n", at::kFloat, {-1}}}); }, {"\"n\"", "negative"});
  check_error([&] { declare({{"\xff", at::kFloat, {1}}}); }, {"UTF-8"});
  BOOST_TEST(!std::filesystem::exists(path));
  check_error([&] { write_safetensors(folder / "none" / "x", {}); }, {"none", "No such file"});
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_fine) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", {});
  BOOST_TEST(SafetensorsFile(folder / "x.safetensors").tensors().empty());
  BOOST_TEST(run_python("safetensors_dump.py", {folder / "x.safetensors"}).find("data at") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_name_gets_a_suggestion) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", {{"layer1.weight", at::zeros({1})}});
  check_error([&] { SafetensorsFile(folder / "x.safetensors").read("layer1.wieght"); },
              {"did you mean \"layer1.weight\""});
}

BOOST_AUTO_TEST_SUITE_END()
