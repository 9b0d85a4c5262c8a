// nan_policy = "skip": an update that is left out leaves nothing behind, in batch norms neither.
#include <ATen/ops/arange.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/sqrt.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "core/sync_batch_norm.h"
#include "core/train_step.h"
#include "ddp.h"
#include "tests/support/thread_communicator.h"

using namespace dl;
using namespace dl::host;
namespace data = boost::unit_test::data;

namespace {

class Net : public UnaryNetwork {
 public:
  Net() : fc_(register_module("fc", torch::nn::Linear(4, 4))), bn_(register_module("bn", BatchNorm1d(4))) {
    to(at::kDouble);
    const at::NoGradGuard no_grad;
    int64_t i = 0;
    for (auto& parameter : parameters())
      parameter.copy_(at::arange(parameter.numel(), at::kDouble).add(++i).sin().view(parameter.sizes()));
  }
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return bn_(fc_(x)); }

 private:
  torch::nn::Linear fc_;
  BatchNorm1d bn_;
};

class Descent : public Optimizer {
 public:
  Rate base_rate() const override { return {0.25, {}}; }
  void step(std::span<Param* const> params, const Rate& rate) override {
    for (auto* param : params) param->value.sub_(param->grad, rate.lr);
  }
};

enum class Update {
  good,
  nan,       ///< in the samples of the last rank
  infinite,  ///< the loss is a number, its gradient is not
};

struct Left {
  std::vector<double> values;  ///< weights and buffers
  int64_t skipped = 0;
};

/// What a rank is left with after steps of these updates, each of two micro-batches.
Left after(Communicator& communicator, bool synchronized, const std::vector<std::vector<Update>>& steps) {
  parallel::DDP ddp({}, BackendContext{communicator, communicator, at::kCPU});
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
  parts.rules.nan_policy = "skip";
  parts.rules.log_norm = true;
  parts.batch_norm_sync = sync.get();

  const bool last = communicator.rank() == communicator.size() - 1;
  std::vector<Batch> window;
  for (int64_t i = 0; i < 2; ++i) {
    const auto x = at::arange(12, at::kDouble).mul(1.7).add(static_cast<double>(communicator.rank() + 5 * i)).cos();
    window.push_back({{x.view({3, 4})}, {}, false});
    window.back().indices.resize(3);
  }
  Left left;
  for (const auto& updates : steps) {
    TrainStep step(parts, window, 6 * communicator.size(), {});
    for (const auto update : updates)
      step.update([&](const Batch& batch) {
        const auto x = update == Update::nan && last ? batch[0] * std::nan("") : batch[0];
        auto loss = at::mse_loss((*net)(x), x.square());
        if (update == Update::infinite) loss = loss + at::sqrt(loss * 0);
        return StepLoss{loss, 3};
      });
    left.skipped += step.skipped();
  }
  for (const auto& tensors : {net->parameters(), net->buffers()})
    for (const auto& tensor : tensors) {
      const auto flat = tensor.detach().to(at::kDouble).flatten().contiguous();
      left.values.insert(left.values.end(), flat.const_data_ptr<double>(),
                         flat.const_data_ptr<double>() + flat.numel());
    }
  return left;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(skipped_update)

BOOST_DATA_TEST_CASE(is_as_if_it_had_not_been, data::make({1, 2, 3}) * data::make({false, true}), ranks, synchronized) {
  using enum Update;
  dl::testing::ThreadGroup::run(ranks, [&](Communicator& communicator) {
    const auto expected = after(communicator, synchronized, {{good}, {good}});
    if (expected.skipped != 0) throw Error("a good update was skipped");
    for (const auto bad : {nan, infinite}) {
      const auto found = after(communicator, synchronized, {{good}, {bad}, {good}});
      if (found.skipped != 1) throw Error("not skipped");
      if (!std::all_of(found.values.begin(), found.values.end(), [](double value) { return std::isfinite(value); }))
        throw Error("not finite");
      if (found.values != expected.values) throw Error("other weights or statistics");
    }
  });
}

/// The first update of the step stands.
BOOST_AUTO_TEST_CASE(of_two_in_a_step_only_one) {
  using enum Update;
  dl::testing::ThreadGroup::run(2, [&](Communicator& communicator) {
    const auto expected = after(communicator, true, {{good}, {good}});
    const auto found = after(communicator, true, {{good, nan}, {good}});
    if (found.skipped != 1 || found.values != expected.values) throw Error("other weights or statistics");
  });
}

BOOST_AUTO_TEST_SUITE_END()
