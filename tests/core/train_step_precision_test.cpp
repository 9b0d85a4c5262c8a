// Loss scale and autocast in a training step.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "train_step_run.h"

using namespace train_step_run;  // NOLINT: the subject of this file

BOOST_AUTO_TEST_SUITE(train_step_precision)

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

BOOST_AUTO_TEST_SUITE_END()
