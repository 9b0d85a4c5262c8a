// What the plugin does before it has a GPU, and where there is none.
#include <array>
#include <boost/test/unit_test.hpp>

#include "communicator/contract.h"
#include "dl/error.h"
#include "plugins/nccl/bootstrap.h"
#include "plugins/nccl/communicator.h"
#include "plugins/nccl/data_types.h"
#include "plugins/nccl/devices.h"
#include "plugins/nccl/link.h"
#include "support/thread_communicator.h"

namespace {

std::string made_with(dl::Communicator* control, std::vector<int64_t> gpus) {
  return dl::testing::failure_of([&] {
    nccl::Communicator(dl::NoOptions{}, dl::CommunicatorContext{control, 10, std::move(gpus)});
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(dtypes_and_reductions_have_nccls_names) {
  using nccl::data_type;
  BOOST_TEST(data_type(at::kFloat) == ncclFloat32);
  BOOST_TEST(data_type(at::kDouble) == ncclFloat64);
  BOOST_TEST(data_type(at::kBFloat16) == ncclBfloat16);
  BOOST_TEST(data_type(at::kHalf) == ncclFloat16);
  BOOST_TEST(data_type(at::kLong) == ncclInt64);
  BOOST_TEST(data_type(at::kInt) == ncclInt32);
  BOOST_TEST(data_type(at::kByte) == ncclUint8);
  BOOST_CHECK_THROW(data_type(at::kBool), dl::Error);
  for (int i = 0; i < static_cast<int>(at::ScalarType::NumOptions); ++i) {
    const auto dtype = static_cast<at::ScalarType>(i);
    BOOST_TEST((dl::testing::failure_of([&] { data_type(dtype); }) == "") == nccl::Transport::reduces(dtype));
  }
  BOOST_TEST(nccl::reduction(dl::ReduceOp::sum) == ncclSum);
  BOOST_TEST(nccl::reduction(dl::ReduceOp::max) == ncclMax);
  BOOST_TEST(nccl::reduction(dl::ReduceOp::min) == ncclMin);
}

BOOST_AUTO_TEST_CASE(a_device_for_each_rank) {
  BOOST_TEST(nccl::device_problem({0}, 1) ==
             "[engine] gpus names 1 device(s), but this is local rank 1 (from 0); name one for each rank of a host");
}

BOOST_AUTO_TEST_CASE(it_needs_the_hosts_cpu_communicator) {
  BOOST_TEST(made_with(nullptr, {0}) == "NCCL is bootstrapped over a CPU communicator, and the host gave none");
}

BOOST_AUTO_TEST_CASE(no_such_device_is_told_on_all_ranks) {
  const auto text = dl::testing::failure_of([] {
    dl::testing::ThreadGroup::run(2, [](dl::Communicator& control) {
      nccl::Communicator communicator(dl::NoOptions{}, dl::CommunicatorContext{&control, 10, {0, 120}});
    });
  });
  const bool no_gpu = text.find(": no GPU was found") != text.npos && text.find(": CUDA reports \"") != text.npos;
  const bool few = text.find(": [engine] gpus gives this rank the device 120, but CUDA sees ") != text.npos;
  BOOST_TEST((no_gpu || few), text);
  BOOST_TEST(text.find("rank ") == 0U, text);
}

// NCCL makes it without a GPU.
BOOST_AUTO_TEST_CASE(nccls_own_id_is_the_same_on_all_ranks) {
  std::array<ncclUniqueId, 3> ids{};
  dl::testing::ThreadGroup::run(3, [&](dl::Communicator& control) {
    auto& id = ids[static_cast<size_t>(control.rank())];
    nccl::share_id(control, "", id.internal, [&id](std::span<char>) { nccl::Link::make_id(id); });
  });
  const auto text = [&](size_t rank) { return std::string(ids[rank].internal, sizeof ids[rank].internal); };
  BOOST_TEST(text(0) != std::string(sizeof ids[0].internal, '\0'));
  BOOST_TEST((text(1) == text(0) && text(2) == text(0)));
}

// The constructor is called with nothing to clean up: it must not leave a thread or a device behind.
BOOST_AUTO_TEST_CASE(without_a_gpu_it_says_what_cuda_reports) {
  if (nccl::device_problem({0}, 0).empty()) return;  // there is one
  dl::testing::ThreadCommunicator control(std::make_shared<dl::testing::ThreadGroup>(1), 0);
  const auto text = made_with(&control, {0});
  BOOST_TEST(text.find("rank 0 on thread: no GPU was found") == 0U, text);
  BOOST_TEST(text.find("; train on the CPU without [engine] gpus") != text.npos, text);
  BOOST_TEST_MESSAGE(text);
}
