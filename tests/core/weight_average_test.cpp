#include "core/weight_average.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include <boost/test/unit_test.hpp>

#include "core/self_communicator.h"
#include "ddp.h"

using namespace dl;
using namespace dl::host;

namespace {

class Net : public UnaryNetwork {
 public:
  Net() : fc_(register_module("fc", torch::nn::Linear(1, 1))), bn_(register_module("bn", torch::nn::BatchNorm1d(1))) {
    to(at::kDouble);
  }
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return bn_(fc_(x)); }

 private:
  torch::nn::Linear fc_;
  torch::nn::BatchNorm1d bn_;
};

/// A network whose every weight and statistic is set by hand, and its average.
struct Run {
  Run(std::optional<EmaSettings> ema, std::optional<SwaSettings> swa)
      : ddp({}, BackendContext{self, self, at::kCPU, false}), slots(1), average(ema, swa, ddp, slots) {
    ddp.attach("main", *net);
    slots[0].name = "main";
    slots[0].networks = {"main"};
  }
  void set(double value) {
    const at::NoGradGuard no_grad;
    for (auto& parameter : net->parameters()) parameter.fill_(value);
    for (auto& buffer : net->buffers()) buffer.fill_(value);
  }
  double weight() const { return net->parameters()[0].item<double>(); }
  double statistic() const { return net->buffers()[0].item<double>(); }

  SelfCommunicator self;
  std::shared_ptr<Net> net = std::make_shared<Net>();
  parallel::DDP ddp;
  std::vector<OptimizerSlot> slots;
  WeightAverage average;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(weight_average)

/// AveragedModel(multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True) on weights 1, 2, 3, 4: 1, 1.1, 1.29, 1.561.
BOOST_AUTO_TEST_CASE(exponential) {
  Run run(EmaSettings{.decay = 0.9}, {});
  const std::vector<double> expected{1, 1.1, 1.29, 1.561};
  for (int64_t step = 1; step <= 4; ++step) {
    run.set(static_cast<double>(step));
    run.average.after_step(step);
    {
      const WeightAverage::InUse in_use(&run.average);
      BOOST_TEST(run.weight() == expected[static_cast<size_t>(step) - 1], boost::test_tools::tolerance(1e-14));
      BOOST_TEST(run.statistic() == expected[static_cast<size_t>(step) - 1], boost::test_tools::tolerance(1e-14));
    }
    BOOST_TEST(run.weight() == static_cast<double>(step));
    BOOST_TEST(run.statistic() == static_cast<double>(step));
  }
}

BOOST_AUTO_TEST_CASE(starts_and_pauses_as_asked) {
  Run run(EmaSettings{.decay = 0.5, .every_n_steps = 2, .start_step = 3}, {});
  for (int64_t step = 1; step <= 7; ++step) {
    run.set(static_cast<double>(step));
    run.average.after_step(step);
  }
  BOOST_TEST(run.average.averaged() == 2);  // after the steps 4 and 6
  const WeightAverage::InUse in_use(&run.average);
  BOOST_TEST(run.weight() == 5.0);
}

BOOST_AUTO_TEST_CASE(stochastic_weight_averaging_is_the_mean_of_epochs) {
  Run run({}, SwaSettings{.start_epoch = 1, .lr = {}});
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    run.set(static_cast<double>(epoch * epoch));
    run.average.after_step(epoch + 1);
    run.average.after_epoch(epoch);
  }
  const WeightAverage::InUse in_use(&run.average);
  BOOST_TEST(run.weight() == (1 + 4 + 9) / 3.0, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(without_an_average_nothing_is_exchanged) {
  Run run(EmaSettings{.start_step = 100}, {});
  run.set(7);
  const WeightAverage::InUse in_use(&run.average);
  BOOST_TEST(run.weight() == 7.0);
}

BOOST_AUTO_TEST_SUITE_END()
