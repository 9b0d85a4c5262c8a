#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>

#include <boost/test/unit_test.hpp>

#include "dl/error.h"
#include "networks.h"
#include "window.h"
#include "world.h"

namespace {

using namespace dl::testing;  // NOLINT: the subject of this file
using Type = dl::NetworkEntry::Type;

struct Fixture {
  parallel::DDP ddp = make_ddp(World::communicator());
  Normalised network{10};
  Fixture() { ddp.attach("main", network); }

  std::vector<std::string> visited(bool states) {
    std::vector<std::string> names;
    ddp.visit("main", states, false, [&](const dl::NetworkEntry& entry, dl::Tensor&) {
      const char* type = entry.type == Type::parameter ? "p" : entry.type == Type::buffer ? "b" : "s";
      names.push_back(std::string(type) + " " + entry.name + (entry.state.empty() ? "" : " " + entry.state));
    });
    return names;
  }
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_FIXTURE_TEST_CASE(visits_all_in_the_order_of_state_dict, Fixture) {
  const std::vector<std::string> tensors{"p linear.weight",
                                         "p linear.bias",
                                         "p norm.weight",
                                         "p norm.bias",
                                         "b norm.running_mean",
                                         "b norm.running_var",
                                         "b norm.num_batches_tracked"};
  auto with_states = tensors;
  for (const char* name : {"linear.weight", "linear.bias", "norm.weight", "norm.bias"})
    with_states.push_back("s " + std::string(name) + " step");
  BOOST_TEST(visited(true) == with_states, boost::test_tools::per_element());
  ddp.params("main")[1].state("exp_avg").fill_(2);
  ddp.params("main")[1].state("exp_avg_sq");
  BOOST_TEST(visited(false) == tensors, boost::test_tools::per_element());
  with_states.insert(with_states.begin() + 9, {"s linear.bias exp_avg", "s linear.bias exp_avg_sq"});
  BOOST_TEST(visited(true) == with_states, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_the_visitor_writes_is_kept, Fixture) {
  ddp.params("main")[0].state("momentum");
  const auto* weight = network.linear->weight.data_ptr();
  double number = 0;
  ddp.visit("main", true, true, [&](const dl::NetworkEntry&, dl::Tensor& whole) {
    if (++number < 4)
      whole.fill_(number);
    else
      whole = at::full_like(whole, number);  // another tensor in its place
  });
  BOOST_TEST(network.linear->weight.eq(1).all().item<bool>());
  BOOST_TEST(network.linear->bias.eq(2).all().item<bool>());
  BOOST_TEST(network.norm->bias.eq(4).all().item<bool>());
  BOOST_TEST(network.norm->running_var.eq(6).all().item<bool>());
  BOOST_TEST(ddp.params("main")[0].step == 8);
  BOOST_TEST(ddp.params("main")[0].state("momentum").eq(9).all().item<bool>());
  BOOST_TEST(ddp.params("main")[1].step == 10);
  BOOST_TEST(network.linear->weight.data_ptr() == weight);
  BOOST_TEST(network.linear->weight.requires_grad());
}

BOOST_FIXTURE_TEST_CASE(another_shape_is_refused, Fixture) {
  const auto visitor = [](const dl::NetworkEntry&, dl::Tensor& whole) { whole = at::full({2, 2}, 1, at::kFloat); };
  BOOST_CHECK_EXCEPTION(ddp.visit("main", false, true, visitor), dl::Error, [](const dl::Error& error) {
    return std::string(error.what()).find("linear.weight has the shape [3, 3]") != std::string::npos;
  });
}
