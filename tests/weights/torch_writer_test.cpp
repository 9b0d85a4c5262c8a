#include "core/torch_writer.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>

#include "core/torch_file.h"
#include "oracles/oracle.h"
#include "run_files/python.h"
#include "run_files/small_disk.h"
#include "run_files/throws.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;

namespace {

struct Made {
  std::vector<StoredTensor> tensors;
  std::map<std::string, Tensor> values;
  void add(const std::string& name, const Tensor& value) {
    tensors.push_back({name, value.scalar_type(), value.sizes().vec()});
    values[name] = value;
  }
  void write(const std::filesystem::path& path, const std::map<std::string, std::string>& aliases = {}) const {
    write_torch_file(path, tensors, aliases, [&](const std::string& name) { return values.at(name); });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_writer)

BOOST_AUTO_TEST_CASE(python_reads_what_we_write) {
  const TemporaryFolder folder;
  Made made;
  made.add("b", at::tensor({1.0, -2.0}, at::kFloat).view({1, 2}));
  made.add("a", at::tensor({3}, at::kLong));
  made.add("scalar", at::full({}, 0.5, at::kDouble));
  made.add("empty", at::zeros({0, 4}));
  made.add("half", at::tensor({1.5}).to(at::kBFloat16));
  made.write(folder / "x.pt", {{"tied", "b"}});
  BOOST_TEST(run_python("torch_pickle_check.py", {(folder / "x.pt").string()}) ==
             "b FloatStorage 0 2 0 [1, 2] [2, 1] 0000803f000000c0\n"
             "tied FloatStorage 0 2 0 [1, 2] [2, 1] 0000803f000000c0\n"
             "a LongStorage 1 1 0 [1] [1] 0300000000000000\n"
             "scalar DoubleStorage 2 1 0 [] [] 000000000000e03f\n"
             "empty FloatStorage 3 0 0 [0, 4] [4, 1] \n"
             "half BFloat16Storage 4 1 0 [1] [1] c03f\n");
}

BOOST_AUTO_TEST_CASE(we_read_what_we_write) {
  const TemporaryFolder folder;
  Made made;
  for (const auto dtype : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort,
                           at::kChar, at::kByte, at::kBool})
    made.add(c10::toString(dtype), oracle::pattern({7, 5}, 3, 0.125).abs().to(dtype));
  made.write(folder / "x.pt");
  const auto weights = open_torch_file(folder / "x.pt");
  BOOST_TEST(weights.tensors.size() == made.tensors.size());
  for (const auto& [name, value] : made.values) BOOST_TEST(at::equal(weights.read(name), value), name);
}

BOOST_AUTO_TEST_CASE(what_can_not_be_written_leaves_nothing) {
  const TemporaryFolder folder;
  Made made;
  made.add("w", at::zeros({2}).to(at::kUInt16));
  check_error([&] { made.write(folder / "x.pt"); }, {"UInt16", "FloatStorage"});
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
  Made large;
  large.add("w", at::zeros({100'000}));
  {
    const FileSizeLimit limit(50'000);
    check_error([&] { large.write(folder / "x.pt"); }, {"cannot write", folder / "x.pt"});
  }
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

BOOST_AUTO_TEST_SUITE_END()
