// Gradients of parallel.DDP against those of one process on the whole batch.
#include <ATen/ops/equal.h>
#include <torch/csrc/autograd/autograd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "networks.h"
#include "window.h"
#include "world.h"

namespace data = boost::unit_test::data;
using namespace dl::testing;  // NOLINT: the subject of this file

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace gradients_test {

constexpr int64_t kRows = 14;           // shared out unevenly among 3 and 4 ranks
constexpr double kTinyBucketMb = 1e-5;  // every parameter gets its own

struct Batch {
  dl::Tensor x_BCHW = noise({kRows, 1, 8, 8}, 3);
  dl::Tensor target_BC = noise({kRows, 5}, 4);

  dl::Tensor loss(SmallCnn& network, Rows rows) const {
    const auto pick = [&](const dl::Tensor& all) {
      return all.slice(0, rows.begin, rows.end).to(network.fc->weight.scalar_type());
    };
    return squared_error(network(pick(x_BCHW)), pick(target_BC));
  }
};

// Ranks other than 0 begin with other values, which attach() must replace.
std::shared_ptr<SmallCnn> local_network(at::ScalarType dtype) {
  auto network = std::make_shared<SmallCnn>(10 + World::communicator().rank());
  network->to(dtype);
  return network;
}

std::vector<dl::NamedTensor> expected_gradients() {
  SmallCnn reference(10);
  reference.to(at::kDouble);
  return plain_gradients(reference, Batch().loss(reference, {0, kRows}));
}

}  // namespace gradients_test

using namespace gradients_test;  // NOLINT

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_DATA_TEST_CASE(gradients_equal_one_process,
                     data::make({false, true}) * data::make({25.0, kTinyBucketMb}) * data::make({1, 3}), overlap,
                     bucket_mb, micro_batches) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world, overlap, bucket_mb);
  auto network = local_network(at::kDouble);
  ddp.attach("main", *network);
  const Batch batch;
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second update must begin from zero
    const double total = update(ddp, {"main"}, cut(share(kRows, world), micro_batches), kRows,
                                [&](Rows rows) { return batch.loss(*network, rows); });
    BOOST_TEST(total == kRows);
    BOOST_TEST(largest_difference(ddp, "main", expected_gradients()) < 1e-12);
  }
}

// The same all-reduces in the same order: not close, but equal.
BOOST_DATA_TEST_CASE(overlap_changes_no_bit, data::make({25.0, 5e-4, kTinyBucketMb}), bucket_mb) {
  auto& world = World::communicator();
  const Batch batch;
  std::vector<dl::Tensors> gradients;
  for (const bool overlap : {false, true}) {
    auto ddp = make_ddp(world, overlap, bucket_mb);
    auto network = local_network(at::kFloat);
    ddp.attach("main", *network);
    update(ddp, {"main"}, cut(share(kRows, world), 2), kRows, [&](Rows rows) { return batch.loss(*network, rows); });
    gradients.emplace_back();
    for (const auto& param : ddp.params("main")) gradients.back().push_back(param.grad.clone());
  }
  for (size_t i = 0; i < gradients[0].size(); ++i) BOOST_TEST(at::equal(gradients[0][i], gradients[1][i]));
}

BOOST_AUTO_TEST_CASE(training_equals_one_process) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world, true, kTinyBucketMb);
  auto network = local_network(at::kDouble);
  ddp.attach("main", *network);
  SmallCnn reference(10);
  reference.to(at::kDouble);
  const Batch batch;
  const std::vector<std::string> networks{"main"};
  for (int step = 0; step < 5; ++step) {
    update(ddp, networks, cut(share(kRows, world), 1), kRows, [&](Rows rows) { return batch.loss(*network, rows); });
    for (auto& param : ddp.params("main")) param.value.sub_(param.grad, 0.05);
    ddp.after_step(networks);
    const auto gradients = plain_gradients(reference, batch.loss(reference, {0, kRows}));
    const at::NoGradGuard no_grad;
    for (const auto& gradient : gradients)  // conv1.bias is `tied` a second time
      if (gradient.tensor.defined() && gradient.name != "conv1.bias")
        reference.named_parameters()[gradient.name].sub_(gradient.tensor, 0.05);
  }
  const auto trained = network->named_parameters();
  for (const auto& item : reference.named_parameters())
    BOOST_TEST(item.value().sub(trained[item.key()]).abs().max().item<double>() < 1e-12);
}

// A rank that has no rows runs the network on any, with the weight 0.
BOOST_AUTO_TEST_CASE(a_rank_without_rows_changes_nothing) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world, true);
  auto network = local_network(at::kDouble);
  ddp.attach("main", *network);
  const bool idle = world.size() > 1 && world.rank() == world.size() - 1;
  const int64_t workers = std::max(1, world.size() - 1);
  const int64_t rows = kRows / workers, total = rows * workers;
  const Batch batch;
  const std::vector<std::string> networks{"main"};
  double totals[] = {idle ? 0.0 : static_cast<double>(rows)};
  ddp.begin_update(networks);
  const Rows mine = idle ? Rows{0, 1} : Rows{world.rank() * rows, (world.rank() + 1) * rows};
  ddp.backward(batch.loss(*network, mine), totals[0] / static_cast<double>(total), true);
  ddp.end_update(networks, totals);
  BOOST_TEST(totals[0] == static_cast<double>(total));
  SmallCnn reference(10);
  reference.to(at::kDouble);
  const auto expected = plain_gradients(reference, batch.loss(reference, {0, total}));
  BOOST_TEST(largest_difference(ddp, "main", expected) < 1e-12);
}

// Asks autograd for gradients inside the loss: the hooks must not take them for the update's.
BOOST_AUTO_TEST_CASE(a_gradient_penalty_is_right) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world, true, kTinyBucketMb);
  auto network = local_network(at::kDouble);
  ddp.attach("main", *network);
  const Batch batch;
  const auto loss = [&](SmallCnn& net, Rows rows) {
    const dl::Tensor plain = batch.loss(net, rows);
    const auto x = batch.x_BCHW.slice(0, rows.begin, rows.end).clone().requires_grad_(true);
    const auto gradients = torch::autograd::grad({net(x).square().sum()}, {x, net.fc->weight}, {}, {}, true);
    return plain.add(gradients[0].square().flatten(1).sum(1).mean());
  };
  update(ddp, {"main"}, cut(share(kRows, world), 2), kRows, [&](Rows rows) { return loss(*network, rows); });
  SmallCnn reference(10);
  reference.to(at::kDouble);
  BOOST_TEST(largest_difference(ddp, "main", plain_gradients(reference, loss(reference, {0, kRows}))) < 1e-11);
}

// zero_grad() drops the views of the buckets; autograd then makes new gradients.
BOOST_AUTO_TEST_CASE(dropped_gradients_come_back_into_the_buckets) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world, true);
  auto network = local_network(at::kDouble);
  ddp.attach("main", *network);
  const Batch batch;
  update(ddp, {"main"}, cut(share(kRows, world), 1), kRows, [&](Rows rows) {
    network->zero_grad();
    return batch.loss(*network, rows);
  });
  BOOST_TEST(largest_difference(ddp, "main", expected_gradients()) < 1e-12);
  BOOST_TEST(network->fc->weight.grad().data_ptr() == ddp.params("main")[4].grad.data_ptr());
}
