// The parallel backends over this communicator, on a device that the CPU plays: two ranks train as one does on all of
// the samples.

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <mutex>

#include "communicator/contract.h"
#include "dl/error.h"
#include "parallel/networks.h"
#include "plugins/nccl/stream_communicator.h"
#include "plugins/parallel/zero1.h"
#include "stand_in.h"
#include "support/fake_gpu.h"

namespace backends_test {

using dl::testing::FakeGpu;
using dl::testing::ThreadGroup;

constexpr int kRanks = 2;
constexpr int64_t kSamples = 8;

dl::Tensor numbers(int64_t columns, double scale) {
  return dl::testing::count_from(at::kCPU, 0, kSamples * columns, at::kFloat)
      .mul(scale)
      .cos()
      .view({kSamples, columns});
}

/// Three steps of plain gradient descent on rows [begin, begin + count) of the samples; the parameters afterwards.
std::vector<dl::Tensor> train(dl::Backend& backend, at::Device device, int64_t begin, int64_t count) {
  dl::testing::Dense network(6, 30, 5);
  backend.build("main");
  backend.attach("main", network);
  const std::vector<std::string> names{"main"};
  const auto x = numbers(6, 0.7).narrow(0, begin, count).to(device),
             y = numbers(30, 1.3).narrow(0, begin, count).to(device);
  for (int step = 0; step < 3; ++step) {
    backend.begin_update(names);
    const auto loss = (network(x) - y).square().mean();
    backend.backward(loss, static_cast<double>(count) / kSamples, true);
    std::vector<double> totals{static_cast<double>(count)};
    backend.end_update(names, totals);
    if (totals[0] != kSamples) throw dl::Error("the totals are not summed");
    const at::NoGradGuard no_grad;
    for (auto& param : backend.params("main")) {
      if (param.grad.device() != device || !param.used) throw dl::Error("a gradient is missing, or elsewhere");
      param.value.add_(param.grad, -0.1);
    }
    backend.after_step(names);
  }
  backend.sync_buffers();
  std::vector<dl::Tensor> after;
  backend.visit("main", true, false, [&](const dl::NetworkEntry& entry, dl::Tensor& whole) {
    if (entry.type == dl::NetworkEntry::Type::parameter) after.push_back(whole.cpu().clone());
  });
  return after;
}

struct Case {
  const char* name;
  bool zero1;
  std::string reduce_dtype;
  double tolerance;
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }
const Case kCases[] = {
    {"DDP", false, "same", 1e-6}, {"ZeRO1", true, "same", 1e-6}, {"DDP in bf16", false, "bf16", 5e-3}};

std::unique_ptr<dl::Backend> make(const Case& one, const dl::BackendContext& context) {
  const parallel::DDPOptions options{.bucket_mb = 5e-4, .reduce_dtype = one.reduce_dtype};
  if (one.zero1) return std::make_unique<parallel::ZeRO1>(options, context);
  return std::make_unique<parallel::DDP>(options, context);
}

}  // namespace backends_test

using namespace backends_test;  // NOLINT

BOOST_DATA_TEST_CASE(two_ranks_train_as_one, boost::unit_test::data::make(kCases), one) {
  const auto device = FakeGpu::device();
  dl::testing::ThreadCommunicator alone(std::make_shared<ThreadGroup>(1), 0);
  const auto whole = train(*make(one, {alone, alone, at::kCPU}), at::kCPU, 0, kSamples);

  const auto moving = std::make_shared<ThreadGroup>(kRanks, 20);
  std::mutex mutex;
  std::vector<std::vector<dl::Tensor>> ranks;
  ThreadGroup::run(kRanks, [&](dl::Communicator& control) {
    nccl::StreamCommunicator communicator(control, device,
                                          std::make_unique<nccl::testing::StandIn>(moving, control.rank()), 60);
    const int64_t begin = control.rank() * 3, count = control.rank() == 0 ? 3 : 5;
    const auto after = train(*make(one, {communicator, control, device}), device, begin, count);
    const std::lock_guard lock(mutex);
    ranks.push_back(after);
  });
  BOOST_REQUIRE(ranks.size() == kRanks);
  BOOST_REQUIRE(whole.size() == 2U);
  const auto before = dl::testing::Dense(6, 30, 5).parameters();
  const auto distance = [](const dl::Tensor& a, const dl::Tensor& b) -> double {
    return (a - b).abs().max().item<double>();
  };
  for (size_t i = 0; i < whole.size(); ++i) {
    BOOST_TEST(ranks[0][i].equal(ranks[1][i]));
    BOOST_TEST(distance(ranks[0][i], whole[i]) < one.tolerance);
    BOOST_TEST(distance(whole[i], before[i]) > 1e-3);
  }
}
