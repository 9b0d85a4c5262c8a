// NCCL itself, on as many GPUs as there are ranks; where there are fewer the whole program is skipped and says why.
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <memory>

#include "communicator/contract.h"
#include "plugins/mpi/communicator.h"
#include "plugins/nccl/communicator.h"
#include "plugins/nccl/devices.h"

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace nccl_test {

namespace data = boost::unit_test::data;

/// MPI on the CPU, and NCCL over it where each rank has a GPU.
struct World {
  World() {
    dl::CommunicatorContext context;
    context.timeout_s = 120;
    control = std::make_unique<mpi::Communicator>(mpi::CommunicatorOptions{}, context);
    context.control = control.get();
    for (int i = 0; i < control->local_size(); ++i) context.gpus.push_back(i);
    const auto problem = nccl::device_problem(context.gpus, control->local_rank());
    auto missing = at::tensor({problem.empty() ? 0 : 1}, at::kInt);
    control->all_reduce(missing, dl::ReduceOp::max, "ranks without a GPU");
    if (!problem.empty()) std::printf("skipped: rank %d: %s\n", control->rank(), problem.c_str());
    if (missing.item<int>() != 0) return;
    communicator = std::make_unique<nccl::Communicator>(dl::NoOptions{}, context);
    device = at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(control->local_rank()));
  }
  ~World() {
    communicator.reset();
    control.reset();
  }
  static inline std::unique_ptr<mpi::Communicator> control;
  static inline std::unique_ptr<nccl::Communicator> communicator;
  static inline at::Device device = at::kCPU;
};

}  // namespace nccl_test

using namespace nccl_test;  // NOLINT

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_DATA_TEST_CASE(nccl_keeps_the_contract, data::make(dl::testing::all_contracts()), contract) {
  if (!World::communicator) return;
  BOOST_TEST(dl::testing::failure_of([&] { contract.check(*World::communicator, World::device); }) == "");
}

// A product that takes a while runs on the current stream; what is started beside it must not see half of it, nor the
// product the reduced values before wait().
BOOST_AUTO_TEST_CASE(streams_are_kept_apart) {
  if (!World::communicator) return;
  auto& c = *World::communicator;
  const auto options = at::device(World::device).dtype(at::kFloat);
  const auto a = at::rand({2048, 2048}, options);
  for (int round = 0; round < 20; ++round) {
    auto sum = at::full({1 << 20}, 0, options);
    auto product = a;
    for (int i = 0; i < 5; ++i) product = at::matmul(product, a).div_(1024);
    sum.fill_(c.rank() + round);
    const auto work = c.start([&] { c.all_reduce(sum, dl::ReduceOp::sum, "numbers"); });
    product = at::matmul(product, a);
    work->wait();
    BOOST_TEST(sum.eq(c.size() * (c.size() - 1) / 2 + c.size() * round).all().item<bool>());
  }
}
