#include "support/thread_communicator.h"

#include <ATen/ops/zeros.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "contract.h"
#include "dl/error.h"

namespace data = boost::unit_test::data;
using dl::testing::ThreadGroup;

BOOST_DATA_TEST_CASE(threads_keep_the_contract, data::make(dl::testing::all_contracts()) * data::xrange(1, 5), contract,
                     size) {
  BOOST_TEST(dl::testing::failure_of(
                 [&] { ThreadGroup::run(size, [&](dl::Communicator& c) { contract.check(c, at::kCPU); }); }) == "");
}

BOOST_AUTO_TEST_CASE(one_failing_rank_ends_the_others) {
  const auto body = [](dl::Communicator& c) {
    if (c.rank() == 1) throw std::runtime_error("rank 1 fell over");
    c.barrier("never met");
  };
  BOOST_CHECK_EXCEPTION(ThreadGroup::run(3, body), std::exception, [](const std::exception& error) {
    return std::string(error.what()).find("rank 1 fell over") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(different_calls_are_refused_on_all_ranks) {
  const auto body = [](dl::Communicator& c) {
    dl::Tensor tensor = at::zeros({3}, at::kFloat);
    if (c.rank() == 0)
      c.all_reduce(tensor, dl::ReduceOp::sum, "bucket 1");
    else
      c.all_reduce(tensor, dl::ReduceOp::sum, "bucket 2");
  };
  BOOST_CHECK_EXCEPTION(ThreadGroup::run(2, body), dl::Error, [](const dl::Error& error) {
    return std::string(error.what()).find("bucket 2") != std::string::npos;
  });
}
