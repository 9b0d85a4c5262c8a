#include "core/self_communicator.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "contract.h"

BOOST_DATA_TEST_CASE(self_keeps_the_contract, boost::unit_test::data::make(dl::testing::all_contracts()), contract) {
  dl::SelfCommunicator communicator;
  BOOST_TEST(dl::testing::failure_of([&] { contract.check(communicator, at::kCPU); }) == "");
}

BOOST_AUTO_TEST_CASE(abort_returns_to_the_caller) {
  dl::SelfCommunicator communicator;
  communicator.abort(3);
  BOOST_TEST(communicator.size() == 1);
}
