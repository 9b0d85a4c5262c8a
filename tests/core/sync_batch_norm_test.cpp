// Batch norms over ranks in a training step: with a backend that communicates beside the backward pass, micro-batches
// that are added up, and ranks without samples.
#include "core/sync_batch_norm.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/randn.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <span>

#include "core/batch_plan.h"
#include "core/errors.h"
#include "core/self_communicator.h"
#include "core/train_step.h"
#include "ddp.h"
#include "tests/support/check_close.h"
#include "tests/support/thread_communicator.h"

using namespace dl;
using namespace dl::host;
namespace data = boost::unit_test::data;

namespace {

constexpr int64_t kWidth = 12, kAccumulation = 3;

/// Two batch norms, each between layers that have gradients of their own.
class Net : public UnaryNetwork {
 public:
  Net() {
    for (int64_t i = 0; i < 2; ++i) {
      fc_.push_back(register_module("fc" + std::to_string(i), torch::nn::Linear(4, 4)));
      bn_.push_back(register_module("bn" + std::to_string(i), BatchNorm1d(4)));
    }
    to(at::kDouble);
    int64_t k = 0;
    const at::NoGradGuard no_grad;
    for (auto& parameter : parameters())
      for (auto& value : std::span(parameter.mutable_data_ptr<double>(), static_cast<size_t>(parameter.numel())))
        ++k, value = 0.5 + 0.25 * static_cast<double>(k * k % 7);
  }
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override {
    auto y = x;
    for (size_t i = 0; i < fc_.size(); ++i) y = bn_[i](fc_[i](y).tanh());
    return y;
  }

 private:
  std::vector<torch::nn::Linear> fc_;
  std::vector<BatchNorm1d> bn_;
};

class Descent : public Optimizer {
 public:
  Rate base_rate() const override { return {0.25, {}}; }
  void step(std::span<Param* const> params, const Rate& rate) override {
    for (auto* param : params) param->value.sub_(param->grad, rate.lr);
  }
};

/// Weights and running statistics after three steps on `communicator.size()` ranks.
std::vector<double> trained(Communicator& communicator, int64_t samples, bool overlap, bool synchronized) {
  static const Tensor x_BC = [] {
    at::manual_seed(4);
    return at::randn({2 * kWidth + 2, 4}, at::kDouble);
  }();
  parallel::DDP ddp({.bucket_mb = 1e-5}, BackendContext{communicator, communicator, at::kCPU, overlap});
  auto net = std::make_shared<Net>();
  ddp.attach("main", *net);
  std::map<std::string, std::shared_ptr<Network>> networks{{"main", net}};
  const auto sync = synchronized ? sync_batch_norms(networks, communicator) : nullptr;
  std::vector<OptimizerSlot> slots(1);
  slots[0].name = "main";
  slots[0].optimizer = std::make_shared<Descent>();
  slots[0].networks = {"main"};
  LogAverages log;
  StepParts parts{ddp, networks, slots, log, 1, communicator.rank(), {}};
  parts.batch_norm_sync = sync.get();

  const BatchPlan plan{samples, kWidth / communicator.size(), communicator.size(), kAccumulation, false};
  std::vector<Batch> window;
  for (int64_t b = 0; b < plan.micro_batches(); ++b) {
    const auto slice = plan.slice(b, communicator.rank());
    window.push_back({{x_BC.slice(0, slice.begin, slice.end)}, {}, slice.padding});
    window.back().indices.resize(static_cast<size_t>(slice.size()));
  }
  for (int64_t step = 0; step < 3; ++step)
    TrainStep(parts, window, plan.samples_in(0), {}).update([&](const Batch& batch) {
      return StepLoss{at::mse_loss((*net)(batch[0]), batch[0].square()), static_cast<double>(batch.size())};
    });
  std::vector<double> values;
  for (const auto& tensors : {net->parameters(), net->buffers()})
    for (const auto& tensor : tensors) {
      const auto flat = tensor.detach().to(at::kDouble).flatten().contiguous();
      values.insert(values.end(), flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel());
    }
  return values;
}

/// What rank 0 has; throws where another has other bits.
std::vector<double> on_ranks(int ranks, int64_t samples, bool overlap, bool synchronized) {
  std::vector<std::vector<double>> all(static_cast<size_t>(ranks));
  dl::testing::ThreadGroup::run(ranks, [&](Communicator& communicator) {
    all[static_cast<size_t>(communicator.rank())] = trained(communicator, samples, overlap, synchronized);
  });
  if (synchronized)
    for (const auto& values : all)
      if (values != all[0]) throw Error("ranks differ");
  return all[0];
}

/// Two layers, the second one of torch::nn.
class Mixed : public UnaryNetwork {
 public:
  Mixed() {
    register_module("first", BatchNorm1d(2));
    register_module("body", torch::nn::Sequential(torch::nn::Linear(2, 2), torch::nn::BatchNorm1d(2)));
  }
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return x; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sync_batch_norm)

/// 26 samples in micro-batches of 12, 12 and 2: with three and four ranks some have none of the last.
BOOST_DATA_TEST_CASE(ranks_train_as_one, data::make({1, 2, 3, 4}) * data::make({false, true}), ranks, overlap) {
  static const auto alone = on_ranks(1, 26, false, false);
  support::check_close(on_ranks(ranks, 26, overlap, true), alone, 1e-11, 1e-11);
}

BOOST_AUTO_TEST_CASE(without_it_each_rank_has_its_own_statistics) {
  const auto alone = on_ranks(1, 24, false, false), two = on_ranks(2, 24, false, false);
  double largest = 0;
  for (size_t i = 0; i < alone.size(); ++i) largest = std::max(largest, std::abs(alone[i] - two[i]));
  BOOST_TEST(largest > 1e-3);
}

BOOST_AUTO_TEST_CASE(torchs_own_is_refused) {
  SelfCommunicator self;
  BOOST_CHECK_EXCEPTION(sync_batch_norms({{"generator", std::make_shared<Mixed>()}}, self), UsageError,
                        support::says({"generator.body.1 is a torch::nn::BatchNorm1d", "dl::BatchNorm1d"}));
}

BOOST_AUTO_TEST_SUITE_END()
