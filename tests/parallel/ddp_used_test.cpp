// Param::used: whether any rank got a gradient.
#include <boost/test/unit_test.hpp>

#include "networks.h"
#include "window.h"
#include "world.h"

namespace {

using namespace dl::testing;  // NOLINT: the subject of this file

struct Fixture {
  dl::Communicator& world = World::communicator();
  parallel::DDP ddp = make_ddp(world, true, 1e-5);
  SmallCnn network{10};
  dl::Tensor x_BCHW = noise({8, 1, 8, 8}, 3), target_BC = noise({8, 5}, 4);

  Fixture() {
    network.to(at::kDouble);
    ddp.attach("main", network);
  }
  dl::Tensor loss(Rows rows) {
    return squared_error(network(x_BCHW.slice(0, rows.begin, rows.end)), target_BC.slice(0, rows.begin, rows.end));
  }
  const dl::Param& param(const std::string& name) {
    for (const auto& param : ddp.params("main"))
      if (param.name == name) return param;
    throw std::runtime_error("no parameter " + name);
  }
  void check_others_are_used() {
    for (const auto& param : ddp.params("main"))
      if (param.name != "spare") BOOST_TEST(param.used);
  }
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_FIXTURE_TEST_CASE(all_are_used, Fixture) {
  update(ddp, {"main"}, cut(share(8, world), 1), 8, [&](Rows rows) { return loss(rows); });
  check_others_are_used();
  BOOST_TEST(param("spare").used);
}

BOOST_FIXTURE_TEST_CASE(unused_on_all_ranks, Fixture) {
  network.use_spare = false;
  update(ddp, {"main"}, cut(share(8, world), 1), 8, [&](Rows rows) { return loss(rows); });
  check_others_are_used();
  BOOST_TEST(!param("spare").used);
  BOOST_TEST(param("spare").grad.eq(0).all().item<bool>());
}

BOOST_FIXTURE_TEST_CASE(used_on_one_rank_only, Fixture) {
  network.use_spare = world.rank() == world.size() - 1;
  update(ddp, {"main"}, cut(share(8, world), 1), 8, [&](Rows rows) { return loss(rows); });
  check_others_are_used();
  BOOST_TEST(param("spare").used);
  // The last rank's rows alone gave it.
  SmallCnn reference(10);
  reference.to(at::kDouble);
  const int64_t rows = share(8, world).size();
  const int64_t last = 8 / world.size();
  const auto x = x_BCHW.slice(0, 8 - last, 8);
  const auto gradients = plain_gradients(reference, squared_error(reference(x), target_BC.slice(0, 8 - last, 8)));
  const auto expected = gradients[0].tensor.mul(static_cast<double>(last) / 8);
  BOOST_TEST(gradients[0].name == "spare");
  BOOST_TEST(rows >= last);
  BOOST_TEST(param("spare").grad.sub(expected).abs().max().item<double>() < 1e-12);
}

// The first micro-batch uses it, the last does not.
BOOST_FIXTURE_TEST_CASE(used_in_an_earlier_micro_batch, Fixture) {
  int micro_batch = 0;
  update(ddp, {"main"}, cut(share(8, world), 2), 8, [&](Rows rows) {
    network.use_spare = micro_batch++ == 0;
    return loss(rows);
  });
  check_others_are_used();
  BOOST_TEST(param("spare").used);
  BOOST_TEST(param("spare").grad.ne(0).any().item<bool>());
}

BOOST_FIXTURE_TEST_CASE(use_is_forgotten_at_the_next_update, Fixture) {
  update(ddp, {"main"}, cut(share(8, world), 1), 8, [&](Rows rows) { return loss(rows); });
  network.use_spare = false;
  update(ddp, {"main"}, cut(share(8, world), 1), 8, [&](Rows rows) { return loss(rows); });
  BOOST_TEST(!param("spare").used);
  BOOST_TEST(param("spare").grad.eq(0).all().item<bool>());
}
