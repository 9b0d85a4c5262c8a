#include <boost/test/unit_test.hpp>
#include <optional>

#include "dl/error.h"
#include "networks.h"
#include "window.h"
#include "world.h"

namespace {

using namespace dl::testing;  // NOLINT: the subject of this file

auto says(const std::string& words) {
  return [words](const dl::Error& error) { return std::string(error.what()).find(words) != std::string::npos; };
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_AUTO_TEST_CASE(a_network_with_nothing_to_train_is_refused) {
  auto ddp = make_ddp(World::communicator());
  Dense network(3, 3, 1);
  for (auto& parameter : network.parameters()) parameter.requires_grad_(false);
  BOOST_CHECK_EXCEPTION(ddp.attach("frozen", network), dl::Error, says("\"frozen\" has no parameters"));
}

BOOST_AUTO_TEST_CASE(other_dtypes_are_refused) {
  auto ddp = make_ddp(World::communicator());
  Dense network(3, 3, 1);
  network.to(at::kHalf);
  BOOST_CHECK_EXCEPTION(ddp.attach("main", network), dl::Error, says("linear.weight is Half"));
}

BOOST_AUTO_TEST_CASE(names_are_attached_once_and_must_be_known) {
  auto ddp = make_ddp(World::communicator());
  Dense network(3, 3, 1), second(3, 3, 1);
  ddp.attach("main", network);
  BOOST_CHECK_EXCEPTION(ddp.attach("main", second), dl::Error, says("attached already"));
  BOOST_CHECK_EXCEPTION(ddp.params("generator"), dl::Error,
                        says("no network \"generator\" is attached; there are: main"));
}

BOOST_AUTO_TEST_CASE(networks_that_differ_between_ranks_are_refused_on_all) {
  auto& world = World::communicator();
  if (world.size() == 1) return;
  auto ddp = make_ddp(world);
  Dense network(3, world.rank() == world.size() - 1 ? 4 : 3, 1);
  BOOST_CHECK_EXCEPTION(ddp.attach("main", network), dl::Error, says("\"main\" differs between ranks"));
}

BOOST_AUTO_TEST_CASE(backward_belongs_into_an_update) {
  auto ddp = make_ddp(World::communicator());
  Dense network(3, 2, 1);
  ddp.attach("main", network);
  const std::vector<std::string> networks{"main"};
  const auto loss = [&] { return network(noise({4, 3}, 2).to(at::kFloat)).sum(); };
  BOOST_CHECK_EXCEPTION(ddp.backward(loss(), 1, true), dl::Error, says("outside an update"));
  ddp.begin_update(networks);
  BOOST_CHECK_EXCEPTION(ddp.backward(loss().detach(), 1, true), dl::Error, says("does not depend on any parameter"));
  ddp.backward(loss(), 1, true);
  BOOST_CHECK_EXCEPTION(ddp.backward(loss(), 1, true), dl::Error, says("after the last micro-batch"));
  double totals[] = {1.0};
  ddp.end_update(networks, totals);
  BOOST_CHECK_EXCEPTION(ddp.end_update(networks, totals), dl::Error, says("end_update()"));
}

// Autograd may hold the accumulators for longer than the backend lives.
BOOST_AUTO_TEST_CASE(a_graph_outlives_the_backend) {
  Dense network(3, 2, 1);
  dl::Tensor loss;
  {
    auto ddp = make_ddp(World::communicator());
    ddp.attach("main", network);
    loss = network(noise({4, 3}, 2).to(at::kFloat)).sum();
  }
  loss.backward();
  BOOST_TEST(network.linear->bias.grad().ne(0).all().item<bool>());
}
