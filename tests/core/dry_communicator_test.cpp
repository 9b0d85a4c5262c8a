#include "core/dry_communicator.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(plays_ranks_with_what_this_one_has) {
  dl::host::DryCommunicator ranks(3);
  const auto piece = at::arange(2, at::kFloat);
  auto whole = at::zeros({6});
  ranks.all_gather(whole, piece, "test");
  BOOST_TEST(whole.sum().item<float>() == 3);
  BOOST_TEST(whole[5].item<float>() == 1);
  BOOST_TEST(ranks.bytes_sent() == 16);  // two thirds of 24
  auto part = at::zeros({2});
  ranks.reduce_scatter(part, at::arange(6, at::kFloat), dl::ReduceOp::sum, "test");
  BOOST_TEST(part[1].item<float>() == 1);
  BOOST_TEST(ranks.bytes_sent() == 32);
  ranks.all_reduce(whole, dl::ReduceOp::sum, "test");
  BOOST_TEST(ranks.bytes_sent() == 64);
  BOOST_TEST(ranks.all_gather_rows(piece, "test").size(0) == 6);
  BOOST_TEST(ranks.hosts().size() == 3U);
  bool ran = false;
  ranks.start([&] { ran = true; })->wait();
  BOOST_TEST(ran);
}

/// The piece is a part of the whole, as where parameters stay whole.
BOOST_AUTO_TEST_CASE(gathers_in_place) {
  dl::host::DryCommunicator ranks(2);
  auto whole = at::arange(4, at::kFloat);
  ranks.all_gather(whole, whole.narrow(0, 0, 2), "test");
  BOOST_TEST(whole[0].item<float>() == 0);
  BOOST_TEST(whole[1].item<float>() == 1);
  BOOST_TEST(whole[3].item<float>() == 1);
}
