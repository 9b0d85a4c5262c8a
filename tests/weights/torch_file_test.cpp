// Files that torch.save of PyTorch 2.11 for Python wrote (oracles/torch_files.py).
#include "core/torch_file.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fcntl.h>

#include <boost/test/unit_test.hpp>

#include "oracles/oracle.h"
#include "run_files/throws.h"

using namespace dl;
using namespace dl::host;

namespace {

std::filesystem::path file(const std::string& name) { return std::string(DL_ORACLES) + "/torch_files/" + name; }

std::string names(const WeightsFile& weights) {
  std::string text;
  for (const auto& tensor : weights.tensors) text += tensor.name + " ";
  return text;
}

void check_equal(const WeightsFile& weights, const std::string& name, const Tensor& expected) {
  const auto found = weights.read(name);
  BOOST_TEST(found.scalar_type() == expected.scalar_type(), name);
  BOOST_TEST(found.sizes() == expected.sizes(), name);
  BOOST_TEST(found.is_contiguous(), name);
  BOOST_TEST(at::equal(found, expected), name << "\n" << found << "\n" << expected);
}

const std::string kNetwork =
    "linear.weight linear.bias norm.weight norm.bias norm.running_mean norm.running_var norm.num_batches_tracked ";

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_file)

BOOST_AUTO_TEST_CASE(a_state_dict_in_both_forms) {
  for (const char* name : {"network.pt", "network_old.pt"}) {
    const auto weights = open_torch_file(file(name));
    BOOST_TEST(names(weights) == kNetwork, name);
    BOOST_TEST(weights.part == "");
    check_equal(weights, "linear.weight", oracle::pattern({3, 3}, 1, 8, at::kFloat));
    check_equal(weights, "norm.running_var", oracle::pattern({3}, 6, 8, at::kFloat));
    check_equal(weights, "norm.num_batches_tracked", at::full({}, 7, at::kLong));
  }
}

BOOST_AUTO_TEST_CASE(every_type_and_view) {
  for (const char* name : {"kinds.pt", "kinds_old.pt", "kinds_protocol_5.pt"}) {
    BOOST_TEST_CONTEXT(name) {
      const auto weights = open_torch_file(file(name));
      BOOST_TEST(weights.tensors.size() == 19U);
      const auto big = oracle::pattern({4, 6}, 1, 8, at::kFloat);
      check_equal(weights, "whole", big);
      check_equal(weights, "shared", big);
      check_equal(weights, "transposed", big.t());
      check_equal(weights, "row", big[2]);
      check_equal(weights, "column", big.select(1, 1));
      check_equal(weights, "half", oracle::pattern({3}, 2, 8, at::kHalf));
      check_equal(weights, "bfloat16", oracle::pattern({3}, 2, 8, at::kBFloat16));
      check_equal(weights, "double", oracle::pattern({2, 2}, 3));
      check_equal(weights, "long", at::tensor({-(int64_t{1} << 62), int64_t{5}}, at::kLong));
      check_equal(weights, "int", at::tensor({-7}, at::kInt));
      check_equal(weights, "short", at::tensor({-8}, at::kShort));
      check_equal(weights, "char", at::tensor({-9}, at::kChar));
      check_equal(weights, "byte", at::tensor({200}, at::kByte));
      check_equal(weights, "bool", at::tensor({1, 0}, at::kByte).to(at::kBool));
      check_equal(weights, "scalar", at::full({}, 2.5, at::kFloat));
      check_equal(weights, "empty", at::zeros({0, 4}));
      check_equal(weights, "expanded", at::tensor({3.0, 3.0, 3.0, 3.0}, at::kFloat).view({2, 2}));
      check_equal(weights, "parameter", oracle::pattern({5}, 4, 8, at::kFloat));
      BOOST_TEST(weights.read("complex").scalar_type() == at::kComplexFloat);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_dict_in_a_dict) {
  const auto lightning = open_torch_file(file("lightning.ckpt"));
  BOOST_TEST(lightning.part == "state_dict");
  BOOST_TEST(lightning.tensors.size() == 7U);
  check_equal(lightning, "network.linear.bias", oracle::pattern({3}, 2, 8, at::kFloat));
  BOOST_TEST(open_torch_file(file("one_dict.pt")).part == "model_state_dict");
  check_error([] { open_torch_file(file("two_dicts.pt")); }, {"two_dicts.pt", "generator, discriminator"});
}

BOOST_AUTO_TEST_CASE(what_is_no_state_dict) {
  check_error([] { open_torch_file(file("module.pt")); },
              {"module.pt", "torch.nn.modules.linear.Linear", "torch.save(model.state_dict()"});
  check_error([] { open_torch_file(file("torchscript.pt")); }, {"TorchScript archive", "torch.jit.load"});
  check_error([] { open_torch_file(file("big_endian.pt")); }, {"big_endian.pt", "big-endian"});
}

/// By their first bytes.
BOOST_AUTO_TEST_CASE(told_from_other_files) {
  for (const char* name : {"network.pt", "network_old.pt", "torchscript.pt"})
    BOOST_TEST(is_torch_file(PosixFile::open(file(name), O_RDONLY)), name);
  BOOST_TEST(!is_torch_file(PosixFile::open(std::string(DL_ORACLES) + "/losses.txt", O_RDONLY)));
  check_error([] { open_weights(std::string(DL_ORACLES) + "/losses.txt"); },
              {"losses.txt", "neither a safetensors file nor"});
  check_error([] { open_weights(DL_ORACLES); }, {"is a folder"});
}

BOOST_AUTO_TEST_SUITE_END()
