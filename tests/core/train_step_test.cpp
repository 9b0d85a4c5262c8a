#include <boost/test/unit_test.hpp>
#include <cmath>

#include "train_step_run.h"

using namespace train_step_run;  // NOLINT: the subject of this file

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
