#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>

#include "contract.h"
#include "plugins/mpi/communicator.h"

namespace {

namespace data = boost::unit_test::data;

std::unique_ptr<mpi::Communicator> make(int64_t chunk_bytes) {
  dl::CommunicatorContext context;
  context.timeout_s = 60;
  return std::make_unique<mpi::Communicator>(mpi::CommunicatorOptions{chunk_bytes}, context);
}

// MPI is started once in a process: by this one, which outlives all others.
struct World {
  World() { communicator = make(1 << 20); }
  ~World() { communicator.reset(); }
  static inline std::unique_ptr<mpi::Communicator> communicator;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_DATA_TEST_CASE(mpi_keeps_the_contract, data::make(dl::testing::all_contracts()), contract) {
  BOOST_TEST(dl::testing::failure_of([&] { contract.check(*World::communicator); }) == "");
}

// 4,096 bytes: the contract's long tensors take several chunks.
BOOST_DATA_TEST_CASE(mpi_keeps_the_contract_in_chunks, data::make(dl::testing::all_contracts()), contract) {
  const auto chunked = make(4096);
  BOOST_TEST(dl::testing::failure_of([&] { contract.check(*chunked); }) == "");
}
