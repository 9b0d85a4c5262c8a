#include "core/train_step.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/randn.h>
#include <torch/nn/modules/linear.h>

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "core/batch_plan.h"
#include "core/self_communicator.h"
#include "ddp.h"
#include "dl/error.h"
#include "tests/support/thread_communicator.h"
#include "zero1.h"

using namespace dl;
using namespace dl::host;

namespace {

class Net : public UnaryNetwork {
 public:
  explicit Net(at::ScalarType dtype) : fc_(register_module("fc", torch::nn::Linear(3, 2))) { to(dtype); }
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return at::linear(x, fc_->weight, fc_->bias).tanh(); }

 private:
  torch::nn::Linear fc_;
};

/// Plain gradient descent, so that what reaches the optimizer shows in the weights.
class Descent : public Optimizer {
 public:
  Rate base_rate() const override { return {0.5, {}}; }
  void step(std::span<Param* const> params, const Rate& rate) override {
    for (auto* param : params) param->value.sub_(param->grad, rate.lr);
    ++calls;
  }
  int calls = 0;
};

struct Run {
  explicit Run(Communicator& communicator, std::vector<std::string> names = {"main"}, bool cut = false,
               at::ScalarType dtype = at::kDouble) {
    const BackendContext context{communicator, communicator, at::kCPU, false};
    if (cut)
      backend = std::make_unique<parallel::ZeRO1>(parallel::DDPOptions{}, context);
    else
      backend = std::make_unique<parallel::DDP>(parallel::DDPOptions{}, context);
    for (const auto& name : names) {
      auto net = std::make_shared<Net>(dtype);
      const NoGradGuard no_grad;
      for (auto& parameter : net->parameters()) parameter.fill_(0.25);
      backend->attach(name, *net);
      networks[name] = net;
      OptimizerSlot slot;
      slot.name = name;
      slot.optimizer = std::make_shared<Descent>();
      slot.networks = {name};
      slots.push_back(std::move(slot));
    }
  }
  using NoGradGuard = at::NoGradGuard;
  StepParts parts(int rank = 0) { return {*backend, networks, slots, log, 1, rank, {}}; }
  Tensor weight(const std::string& name = "main") { return networks.at(name)->parameters().at(0).detach().clone(); }

  std::unique_ptr<Backend> backend;
  std::map<std::string, std::shared_ptr<Network>> networks;
  std::vector<OptimizerSlot> slots;
  LogAverages log;
};

const Tensor& inputs() {
  static const Tensor x_BC = [] {
    at::manual_seed(3);
    return at::randn({13, 3}, at::kDouble);
  }();
  return x_BC;
}

/// The window of 13 samples as `plan` cuts it for `rank`.
std::vector<Batch> window_of(const BatchPlan& plan, int64_t rank) {
  std::vector<Batch> window;
  for (int64_t b = 0; b < plan.micro_batches(); ++b) {
    const auto slice = plan.slice(b, rank);
    Batch batch{{inputs().slice(0, slice.begin, slice.end)}, {}, slice.padding};
    batch.indices.resize(static_cast<size_t>(slice.size()));
    window.push_back(std::move(batch));
  }
  return window;
}

void one_step(Run& run, const BatchPlan& plan, int64_t rank, double weight_factor) {
  const auto window = window_of(plan, rank);
  const auto parts = run.parts(static_cast<int>(rank));
  TrainStep step(parts, window, plan.samples_in(0), {});
  step.update([&](const Batch& batch) {
    const auto out = (*run.networks.at("main"))(batch[0]);
    return StepLoss{at::mse_loss(out, batch[0].narrow(1, 0, 2)), weight_factor * static_cast<double>(batch.size())};
  });
}

Tensor reference() {
  SelfCommunicator self;
  Run run(self);
  one_step(run, {13, 13, 1, 1, false}, 0, 1);
  return run.weight();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(train_step)

/// N micro-batches of one are one batch of N, on any rank count, with a short last one and with padding.
BOOST_AUTO_TEST_CASE(every_cut_gives_the_same_update) {
  const auto expected = reference();
  for (const int64_t batch : {1, 2, 5, 13}) {
    for (const int ranks : {1, 2, 3, 4}) {
      const int64_t micro = (13 + batch * ranks - 1) / (batch * ranks);
      const BatchPlan plan{13, batch, ranks, micro, false};
      dl::testing::ThreadGroup::run(ranks, [&](Communicator& communicator) {
        Run run(communicator);
        one_step(run, plan, communicator.rank(), 1);
        if (!at::allclose(run.weight(), expected, 1e-13, 1e-13)) throw Error("another update");
      });
    }
  }
}

/// Weights that are no sample counts (tokens) give the same mean.
BOOST_AUTO_TEST_CASE(the_scale_of_weights_does_not_matter) {
  SelfCommunicator self;
  Run run(self);
  one_step(run, {13, 5, 1, 3, false}, 0, 17.5);
  BOOST_TEST(at::allclose(run.weight(), reference(), 1e-13, 1e-13));
}

BOOST_AUTO_TEST_CASE(logs_the_weighted_loss) {
  SelfCommunicator self;
  Run whole(self), cut(self);
  one_step(whole, {13, 13, 1, 1, false}, 0, 1);
  one_step(cut, {13, 5, 1, 3, false}, 0, 1);
  const auto a = whole.log.reduce(self), b = cut.log.reduce(self);
  BOOST_TEST(a.at(0).name == "train_loss");
  BOOST_TEST(a.at(0).mean == b.at(0).mean, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(b.at(0).weight == 13.0);
}

/// Only the optimizer's own networks change, and only they get gradients, though the loss runs through both.
BOOST_AUTO_TEST_CASE(two_optimizers) {
  SelfCommunicator self;
  Run run(self, {"first", "second"});
  const auto before = run.weight("second");
  const auto window = window_of({13, 13, 1, 1, false}, 0);
  const auto parts = run.parts();
  TrainStep step(parts, window, 13, {});
  step.update("first", [&](const Batch& batch) {
    auto& second = *run.networks.at("second");
    BOOST_TEST(!second.parameters().at(0).requires_grad());
    BOOST_TEST(run.networks.at("first")->parameters().at(0).requires_grad());
    const auto out = (*run.networks.at("first"))(batch[0]);
    return StepLoss{out.square().mean() + second(batch[0]).mean(), 13};
  });
  BOOST_TEST(run.networks.at("second")->parameters().at(0).requires_grad());
  BOOST_TEST(at::allclose(run.weight("second"), before));
  BOOST_TEST(!at::allclose(run.weight("first"), before));
  BOOST_TEST(dynamic_cast<Descent&>(*run.slots[0].optimizer).calls == 1);
  BOOST_TEST(dynamic_cast<Descent&>(*run.slots[1].optimizer).calls == 0);
  BOOST_TEST(step.updated());
}

namespace {

/// The weight after one update of a loss whose gradient at each weight is `slope`.
Tensor after_update(const UpdateRules& rules, double slope, int64_t* skipped = nullptr,
                    const LossScale* loss_scale = nullptr, bool* overflowed = nullptr) {
  SelfCommunicator self;
  Run run(self);
  const auto window = window_of({13, 13, 1, 1, false}, 0);
  auto parts = run.parts();
  parts.rules = rules;
  parts.loss_scale = loss_scale;
  TrainStep step(parts, window, 13, {});
  step.update([&](const Batch&) {
    Tensor loss;
    for (const auto& parameter : run.networks.at("main")->parameters()) {
      const auto sum = parameter.sum() * slope;
      loss = loss.defined() ? loss + sum : sum;
    }
    return StepLoss{loss, 13};
  });
  if (skipped) *skipped = step.skipped();
  if (overflowed) *overflowed = step.overflowed();
  return run.weight();
}

}  // namespace

/// 8 gradients of 2: the norm is sqrt(32). Descent goes 0.5 × the gradient down from 0.25.
BOOST_AUTO_TEST_CASE(clips_by_norm_and_by_value) {
  const auto expect = [](const Tensor& weight, double gradient) {
    BOOST_TEST(weight[0][0].item<double>() == 0.25 - 0.5 * gradient, boost::test_tools::tolerance(1e-12));
  };
  expect(after_update({}, 2), 2);
  const double norm = std::sqrt(32.0);
  expect(after_update({.clip = GradientClip{.norm = 1.0, .value = {}}}, 2), 2 / (norm + 1e-6));
  expect(after_update({.clip = GradientClip{.norm = 100.0, .value = {}}}, 2), 2);
  expect(after_update({.clip = GradientClip{.norm = {}, .value = 0.5}}, 2), 0.5);
  expect(after_update({.clip = GradientClip{.norm = {}, .value = 0.5}}, -2), -0.5);
}

BOOST_AUTO_TEST_CASE(logs_the_norm_before_clipping) {
  SelfCommunicator self;
  Run run(self);
  const auto window = window_of({13, 13, 1, 1, false}, 0);
  auto parts = run.parts();
  parts.rules.clip = GradientClip{.norm = 0.001, .value = {}};
  TrainStep step(parts, window, 13, {});
  step.update([&](const Batch& batch) {
    return StepLoss{(*run.networks.at("main"))(batch[0]).sum() * 0 + run.networks.at("main")->parameters()[1].sum() * 3,
                    13};
  });
  const auto logged = run.log.reduce(self);
  BOOST_REQUIRE(logged.size() == 2U);
  BOOST_TEST(logged[0].name == "grad_norm");
  BOOST_TEST(logged[0].mean == std::sqrt(18.0), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_stops_skips_or_passes) {
  const double nan = std::nan("");
  int64_t skipped = 0;
  const auto weight = after_update({.clip = {}, .log_norm = false, .nan_policy = "skip"}, nan, &skipped);
  BOOST_TEST(weight[0][0].item<double>() == 0.25);
  BOOST_TEST(skipped == 1);
  BOOST_TEST(
      std::isnan(after_update({.clip = {}, .log_norm = false, .nan_policy = "ignore"}, nan)[0][0].item<double>()));
  BOOST_CHECK_EXCEPTION(after_update({}, nan), Error, [](const Error& error) {
    const std::string text = error.what();
    return text.find("the loss of \"main\" is nan in micro-batch 0 of the step (samples 0, 0") != std::string::npos &&
           text.find("nan_policy") != std::string::npos;
  });
}

/// The rank that has it says so, and the others know.
BOOST_AUTO_TEST_CASE(ranks_agree_on_what_is_not_finite) {
  for (const bool stop : {true, false}) {
    dl::testing::ThreadGroup::run(3, [&](Communicator& communicator) {
      Run run(communicator);
      const BatchPlan plan{13, 5, 3, 1, false};
      const auto window = window_of(plan, communicator.rank());
      auto parts = run.parts(communicator.rank());
      if (!stop) parts.rules.nan_policy = "skip";
      TrainStep step(parts, window, 13, {});
      const bool bad = communicator.rank() == 1;
      bool here = false, elsewhere = false;
      try {
        step.update([&](const Batch& batch) {
          const auto loss = (*run.networks.at("main"))(batch[0]).mean();
          return StepLoss{bad ? loss * std::nan("") : loss, static_cast<double>(batch.size())};
        });
      } catch (const FailedElsewhere&) {
        elsewhere = true;
      } catch (const Error&) {
        here = true;
      }
      if (here != (stop && bad) || elsewhere != (stop && !bad)) throw Error("another end");
      if (run.weight()[0][0].item<double>() != 0.25) throw Error("the weights changed");
    });
  }
}

/// Factors that are powers of two change no digit, whatever is done with the gradients.
BOOST_AUTO_TEST_CASE(a_loss_scale_is_taken_out_before_the_rules) {
  for (const UpdateRules& rules : {UpdateRules{}, UpdateRules{.clip = GradientClip{.norm = 1.0, .value = {}}},
                                   UpdateRules{.clip = GradientClip{.norm = {}, .value = 0.5}}}) {
    const LossScale loss_scale({.init_scale = 0x1p40});
    bool overflowed = true;
    BOOST_TEST(at::equal(after_update(rules, 2, nullptr, &loss_scale, &overflowed), after_update(rules, 2)));
    BOOST_TEST(!overflowed);
  }
}

/// A loss that is not finite is nan_policy's; with "ignore" its gradients are an overflow, as in torch.
BOOST_AUTO_TEST_CASE(an_overflow_leaves_the_update_out) {
  const LossScale loss_scale({});
  const auto after = [&](const char* policy, double slope, int64_t skips, bool overflows) {
    int64_t skipped = 0;
    bool overflowed = false;
    const auto weight = after_update({.nan_policy = policy}, slope, &skipped, &loss_scale, &overflowed);
    BOOST_TEST(weight[0][0].item<double>() == 0.25);
    BOOST_TEST(skipped == skips);
    BOOST_TEST(overflowed == overflows);
  };
  after("stop", 1e305, 1, true);
  after("skip", std::nan(""), 1, false);
  after("ignore", std::nan(""), 1, true);
  BOOST_CHECK_EXCEPTION(after("stop", std::nan(""), 0, false), Error, [](const Error& error) {
    return std::string(error.what()).find("the loss of \"main\" is nan") != std::string::npos;
  });
}

/// With whole parameters and with pieces, of which only one rank's overflow.
BOOST_AUTO_TEST_CASE(ranks_agree_on_an_overflow) {
  for (const bool cut : {false, true})
    for (const bool overflow : {false, true})
      dl::testing::ThreadGroup::run(2, [&](Communicator& communicator) {
        Run run(communicator, {"main"}, cut);
        const LossScale loss_scale({});
        auto parts = run.parts(communicator.rank());
        parts.control = &communicator;
        parts.loss_scale = &loss_scale;
        const auto window = window_of({13, 7, 2, 1, false}, communicator.rank());
        TrainStep step(parts, window, 13, {});
        step.update([&](const Batch& batch) {
          const auto parameters = run.networks.at("main")->parameters();  // the bias lies in the second rank's piece
          const auto loss = parameters[0].sum() + parameters[1].sum() * (overflow ? 1e305 : 1);
          return StepLoss{loss, static_cast<double>(batch.size())};
        });
        if (step.overflowed() != overflow || step.skipped() != (overflow ? 1 : 0)) throw Error("not agreed");
        if (run.weight()[0][0].item<double>() != (overflow ? 0.25 : -0.25)) throw Error("another weight");
        if (run.slots[0].updates != (overflow ? 0 : 1)) throw Error("counted");
      });
}

/// Casts are made once for a window: its last forward pass does not see a change of the weights.
BOOST_AUTO_TEST_CASE(autocast_is_for_forward_passes) {
  SelfCommunicator self;
  Run run(self, {"main"}, false, at::kFloat);
  auto& net = *run.networks.at("main");
  auto window = window_of({13, 5, 1, 3, false}, 0);
  for (auto& batch : window) batch.fields[0] = batch.fields[0].to(at::kFloat);
  auto parts = run.parts();
  parts.autocast = at::kBFloat16;
  const auto change = [&](double value) {
    const at::NoGradGuard no_grad;
    for (auto& parameter : net.parameters()) parameter.fill_(value);
  };
  std::vector<at::ScalarType> backward;
  for (int i = 0; i < 2; ++i) {
    change(0);
    TrainStep step(parts, window, 13, {});
    int64_t batches = 0;
    step.update([&](const Batch& batch) {
      const auto out = net(batch[0]);
      BOOST_TEST(out.scalar_type() == at::kBFloat16);
      BOOST_TEST(out.abs().max().item<double>() == 0.0);
      if (++batches == 2) change(7);
      const auto loss = out.to(at::kFloat).sum();
      loss.register_hook([&](const Tensor&) { backward.push_back(at::matmul(batch[0], batch[0].t()).scalar_type()); });
      return StepLoss{loss, static_cast<double>(batch.size())};
    });
    BOOST_TEST(batches == 3);
  }
  BOOST_TEST(backward.size() == 6U);
  for (const auto dtype : backward) BOOST_TEST(dtype == at::kFloat);
  for (const auto& parameter : net.parameters()) BOOST_TEST(parameter.grad().scalar_type() == at::kFloat);
}

BOOST_AUTO_TEST_CASE(what_one_rank_asks_all_know) {
  dl::testing::ThreadGroup::run(3, [&](Communicator& communicator) {
    Run run(communicator);
    StepRequests requests;
    const auto window = window_of({13, 5, 3, 1, false}, communicator.rank());
    auto parts = run.parts(communicator.rank());
    parts.requests = &requests;
    const auto step_once = [&] {
      TrainStep step(parts, window, 13, {});
      step.update([&](const Batch& batch) {
        return StepLoss{(*run.networks.at("main"))(batch[0]).mean(), static_cast<double>(batch.size())};
      });
    };
    requests.asked[StepRequests::stop] = communicator.rank() == 2;
    step_once();
    if (!requests.agreed[StepRequests::stop] || requests.agreed[StepRequests::save]) throw Error("not agreed");
    requests.asked = {};
    step_once();
    if (requests.agreed[StepRequests::stop]) throw Error("still agreed");
  });
}

BOOST_AUTO_TEST_CASE(refusals) {
  SelfCommunicator self;
  Run run(self);
  const auto window = window_of({13, 13, 1, 1, false}, 0);
  const auto parts = run.parts();
  TrainStep step(parts, window, 13, {});
  const auto text_of = [&](const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  BOOST_TEST(text_of([&] {
               step.update("generator", [](const Batch&) { return StepLoss{}; });
             }).find("[model.optimizers.generator]") != std::string::npos);
  BOOST_TEST(text_of([&] {
               step.update([&](const Batch& batch) { return StepLoss{(*run.networks.at("main"))(batch[0]), 1}; });
             }).find("must be a scalar, found [13, 2] float64") != std::string::npos);
  BOOST_TEST(
      text_of([&] {
        step.update([&](const Batch& batch) { return StepLoss{(*run.networks.at("main"))(batch[0]).mean(), 0}; });
      }).find("add up to nothing") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(random_numbers_are_the_samples) {
  SelfCommunicator self;
  Run run(self);
  const std::vector<Batch> window;
  const auto parts0 = run.parts(0), parts1 = run.parts(1);
  Progress at;
  at.step = 7;
  const TrainStep a(parts0, window, 1, at), b(parts1, window, 1, at);
  BOOST_TEST(a.rng("noise", 3).next() == b.rng("noise", 3).next());
  BOOST_TEST(a.rng("noise", 3).next() != a.rng("noise", 4).next());
}

BOOST_AUTO_TEST_SUITE_END()
