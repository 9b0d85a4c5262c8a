// Gradients that travel in another dtype.
#include <ATen/ops/equal.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "networks.h"
#include "window.h"
#include "world.h"

namespace data = boost::unit_test::data;
using namespace dl::testing;  // NOLINT: the subject of this file

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace reduce_dtype_test {

constexpr int64_t kRows = 14;

dl::Tensor loss(SmallCnn& network, Rows rows) {
  const auto pick = [&](const dl::Tensor& all) { return all.slice(0, rows.begin, rows.end).to(at::kFloat); };
  return squared_error(network(pick(noise({kRows, 1, 8, 8}, 3))), pick(noise({kRows, 5}, 4)));
}

// By parameter, after an update with gradients sent in bfloat16.
dl::Tensors gradients_in_bf16(bool overlap) {
  auto& world = World::communicator();
  parallel::DDP ddp({.bucket_mb = 5e-4, .reduce_dtype = "bf16"}, {world, world, at::kCPU, overlap});
  SmallCnn network(10);
  ddp.attach("main", network);
  for (int repeat = 0; repeat < 2; ++repeat)
    update(ddp, {"main"}, {share(kRows, world)}, kRows, [&](Rows rows) { return loss(network, rows); });
  dl::Tensors gradients;
  for (const auto& param : ddp.params("main")) gradients.push_back(param.grad.clone());
  return gradients;
}

// The rows of rank `rank`, as share() deals them.
Rows rows_of(int64_t rank, int64_t size) {
  const auto begin = [&](int64_t r) { return r * (kRows / size) + std::min(r, kRows % size); };
  return {begin(rank), begin(rank + 1)};
}

// Each rank's gradient rounded to bfloat16, their sum in float32 rounded again.
std::vector<dl::NamedTensor> expected() {
  const int64_t size = World::communicator().size();
  std::vector<dl::NamedTensor> total;
  for (int64_t rank = 0; rank < size; ++rank) {
    SmallCnn reference(10);
    const Rows rows = rows_of(rank, size);
    auto own = plain_gradients(reference, loss(reference, rows).mul(static_cast<double>(rows.size()) / kRows));
    for (size_t i = 0; i < own.size(); ++i) {
      if (!own[i].tensor.defined()) continue;
      if (size > 1) own[i].tensor = own[i].tensor.to(at::kBFloat16).to(at::kFloat);
      if (rank > 0) own[i].tensor.add_(total[i].tensor);
    }
    total = std::move(own);
  }
  for (auto& [name, tensor] : total)
    if (size > 1 && tensor.defined()) tensor = tensor.to(at::kBFloat16).to(at::kFloat);
  return total;
}

}  // namespace reduce_dtype_test

using namespace reduce_dtype_test;  // NOLINT

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_DATA_TEST_CASE(bf16_is_summed_in_float32, data::make({false, true}), overlap) {
  const auto gradients = gradients_in_bf16(overlap);
  const auto reference = expected();
  size_t i = 0;
  for (const char* name : {"spare", "tied", "conv1.weight", "conv2.weight", "fc.weight", "fc.bias"}) {
    const dl::Tensor& gradient = gradients.at(i++);
    for (const dl::NamedTensor& sum : reference)
      if (sum.name == name) BOOST_TEST(at::equal(gradient, sum.tensor), name);
    const bool is_bf16 = at::equal(gradient, gradient.to(at::kBFloat16).to(at::kFloat));
    BOOST_TEST(is_bf16 == (World::communicator().size() > 1), name);  // one rank sends nothing
  }
}

BOOST_AUTO_TEST_CASE(overlap_changes_no_bit) {
  const auto off = gradients_in_bf16(false), on = gradients_in_bf16(true);
  for (size_t i = 0; i < off.size(); ++i) BOOST_TEST(at::equal(off[i], on[i]));
}
