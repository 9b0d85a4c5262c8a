// Several networks, and what of a network is trained.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "networks.h"
#include "window.h"
#include "world.h"

namespace data = boost::unit_test::data;
using namespace dl::testing;  // NOLINT: the subject of this file

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace networks_test {

constexpr int64_t kRows = 12;

void set_trainable(torch::nn::Module& module, bool trainable) {
  for (auto& parameter : module.parameters()) parameter.requires_grad_(trainable);
}

struct Pair {
  Dense generator{4, 6, 21}, discriminator{6, 1, 31};
  dl::Tensor z_BC = noise({kRows, 4}, 5), real_BC = noise({kRows, 6}, 6), one_BC = noise({kRows, 1}, 7);

  Pair() {
    generator.to(at::kDouble);
    discriminator.to(at::kDouble);
  }
  dl::Tensor discriminator_loss(Rows rows) {
    const auto fake = generator(z_BC.slice(0, rows.begin, rows.end));
    return squared_error(discriminator(fake), one_BC.slice(0, rows.begin, rows.end)) +
           squared_error(discriminator(real_BC.slice(0, rows.begin, rows.end)), one_BC.slice(0, rows.begin, rows.end));
  }
  dl::Tensor generator_loss(Rows rows) {
    return discriminator(generator(z_BC.slice(0, rows.begin, rows.end))).square().sum(1).mean();
  }
};

}  // namespace networks_test

using namespace networks_test;  // NOLINT

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_DATA_TEST_CASE(two_networks_in_turn, data::make({false, true}), overlap) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world, overlap);
  Pair pair, reference;
  ddp.attach("generator", pair.generator);
  ddp.attach("discriminator", pair.discriminator);
  const auto mine = cut(share(kRows, world), 2);
  for (int step = 0; step < 2; ++step) {
    // The host freezes the networks that an update is not for.
    set_trainable(pair.generator, false);
    update(ddp, {"discriminator"}, mine, kRows, [&](Rows rows) { return pair.discriminator_loss(rows); });
    set_trainable(pair.generator, true);
    const auto for_discriminator = plain_gradients(reference.discriminator, reference.discriminator_loss({0, kRows}));
    BOOST_TEST(largest_difference(ddp, "discriminator", for_discriminator) < 1e-12);

    set_trainable(pair.discriminator, false);
    update(ddp, {"generator"}, mine, kRows, [&](Rows rows) { return pair.generator_loss(rows); });
    set_trainable(pair.discriminator, true);
    const auto for_generator = plain_gradients(reference.generator, reference.generator_loss({0, kRows}));
    BOOST_TEST(largest_difference(ddp, "generator", for_generator) < 1e-12);
    // The update of the one leaves the gradients of the other alone.
    BOOST_TEST(largest_difference(ddp, "discriminator", for_discriminator) < 1e-12);
    reference.generator.zero_grad();
  }
}

BOOST_DATA_TEST_CASE(two_networks_in_one_update, data::make({false, true}), overlap) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world, overlap);
  Pair pair, reference;
  ddp.attach("generator", pair.generator);
  ddp.attach("discriminator", pair.discriminator);
  update(ddp, {"generator", "discriminator"}, cut(share(kRows, world), 1), kRows,
         [&](Rows rows) { return pair.generator_loss(rows); });
  const auto for_generator = plain_gradients(reference.generator, reference.generator_loss({0, kRows}));
  BOOST_TEST(largest_difference(ddp, "generator", for_generator) < 1e-12);
  const auto for_discriminator = plain_gradients(reference.discriminator, reference.generator_loss({0, kRows}));
  BOOST_TEST(largest_difference(ddp, "discriminator", for_discriminator) < 1e-12);
}

BOOST_AUTO_TEST_CASE(frozen_and_tied_parameters_are_not_trained_twice) {
  auto ddp = make_ddp(World::communicator());
  SmallCnn network(10);
  ddp.attach("main", network);
  update(ddp, {"main"}, {{0, 2}}, 2, [&](Rows rows) {
    return network(noise({rows.size(), 1, 8, 8}, 1).to(at::kFloat)).sum();
  });
  std::vector<std::string> names;
  for (const auto& param : ddp.params("main")) {
    names.push_back(param.name);
    BOOST_TEST(param.offset == 0);
    BOOST_TEST((at::IntArrayRef(param.full_shape) == param.value.sizes()));
    BOOST_TEST((param.grad.sizes() == param.value.sizes()));
  }
  const std::vector<std::string> expected{"spare", "tied", "conv1.weight", "conv2.weight", "fc.weight", "fc.bias"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

// attach() gives every rank rank 0's values, frozen parameters and buffers too; sync_buffers() does so later.
BOOST_AUTO_TEST_CASE(buffers_are_rank_0_s) {
  auto& world = World::communicator();
  auto ddp = make_ddp(world);
  Normalised network(40 + world.rank());
  network.norm->running_mean.fill_(world.rank() + 1);
  ddp.attach("main", network);
  Normalised first(40);
  BOOST_TEST(network.linear->weight.equal(first.linear->weight));
  BOOST_TEST(network.norm->running_mean.eq(1).all().item<bool>());

  for (int i = 0; i < 3 + world.rank(); ++i) network(noise({8, 3}, 50 + world.rank()).to(at::kFloat));
  for (int i = 0; i < 3; ++i) first(noise({8, 3}, 50).to(at::kFloat));
  // What rank 0 has after those three batches, from a mean of 1.
  const auto expected = first.norm->running_mean + std::pow(0.9, 3);
  ddp.sync_buffers();
  BOOST_TEST(network.norm->num_batches_tracked.item<int64_t>() == 3);
  BOOST_TEST(network.norm->running_mean.sub(expected).abs().max().item<float>() < 1e-6f);
}
