#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "dl/optimizer.h"
#include "dl/scheduler.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "support/loaded_plugin.h"

using oracle::pattern;
using support::table;
using List = dl::Value::List;

namespace {

const support::LoadedPlugin& plugin() {
  static const support::LoadedPlugin loaded(DL_PLUGIN_FILE);
  return loaded;
}

std::shared_ptr<dl::Scheduler> make(const std::string& key, const dl::Value& params = {}) {
  return plugin().make<dl::Scheduler>(key.substr(0, key.find(' ')), params);
}

struct Case {
  std::string key;
  dl::Value params;
  int64_t total_count = 0;
};

dl::Value part(const char* type, const dl::Value& params = {}) {
  return table({{"type", std::string("torch.") + type}, {"params", params}});
}

/// schedulers.py: CASES.
std::vector<Case> cases() {
  return {
      {"ExponentialLR gamma=0.9", table({{"gamma", 0.9}})},
      {"StepLR step_size=3 gamma=0.5", table({{"step_size", 3}, {"gamma", 0.5}})},
      {"MultiStepLR milestones=[2,5,5,11]", table({{"milestones", List{11, 5, 2, 5}}})},
      {"CosineAnnealingLR T_max=24", table({{"T_max", 24}})},
      {"CosineAnnealingLR T_max=10 eta_min=0.01", table({{"T_max", 10}, {"eta_min", 0.01}})},
      {"CosineAnnealingWarmRestarts T_0=7", table({{"T_0", 7}})},
      {"CosineAnnealingWarmRestarts T_0=3 T_mult=2 eta_min=0.01",
       table({{"T_0", 3}, {"T_mult", 2}, {"eta_min", 0.01}})},
      {"LinearLR", {}},
      {"LinearLR start_factor=0.25 end_factor=0.5 total_iters=8",
       table({{"start_factor", 0.25}, {"end_factor", 0.5}, {"total_iters", 8}})},
      {"ConstantLR", {}},
      {"ConstantLR factor=0.5 total_iters=7", table({{"factor", 0.5}, {"total_iters", 7}})},
      {"PolynomialLR", {}},
      {"PolynomialLR total_iters=20 power=2", table({{"total_iters", 20}, {"power", 2.0}})},
      {"OneCycleLR", {}, 25},
      {"OneCycleLR linear", table({{"max_lr", 0.5},
                                   {"total_steps", 30},
                                   {"pct_start", 0.45},
                                   {"anneal_strategy", "linear"},
                                   {"base_momentum", 0.7},
                                   {"max_momentum", 0.8},
                                   {"div_factor", 10},
                                   {"final_div_factor", 100}})},
      {"OneCycleLR three_phase", table({{"max_lr", 0.5}, {"cycle_momentum", false}, {"three_phase", true}}), 25},
      {"OneCycleLR pct_start=0", table({{"max_lr", 0.5}, {"total_steps", 25}, {"pct_start", 0}})},
      {"CyclicLR", table({{"max_lr", 0.4}, {"step_size_up", 4}, {"step_size_down", 6}})},
      {"CyclicLR triangular2", table({{"base_lr", 0.01},
                                      {"max_lr", 0.4},
                                      {"step_size_up", 5},
                                      {"mode", "triangular2"},
                                      {"cycle_momentum", false}})},
      {"CyclicLR exp_range", table({{"base_lr", 0.01},
                                    {"max_lr", 0.4},
                                    {"step_size_up", 3},
                                    {"mode", "exp_range"},
                                    {"gamma", 0.95},
                                    {"base_momentum", 0.5},
                                    {"max_momentum", 0.6}})},
      // Without T_max the cosine takes what the warm-up leaves of the run.
      {"SequentialLR warm-up",
       table({{"schedulers", List{part("LinearLR"), part("CosineAnnealingLR")}}, {"milestones", List{5}}}), 25},
      {"SequentialLR three",
       table({{"schedulers",
               List{part("ConstantLR", table({{"factor", 0.5}, {"total_iters", 2}})),
                    part("ExponentialLR", table({{"gamma", 0.9}})), part("StepLR", table({{"step_size", 4}}))}},
              {"milestones", List{6, 13}}})},
      {"ReduceLROnPlateau patience=2", table({{"patience", 2}})},
      {"ReduceLROnPlateau all", table({{"mode", "max"},
                                       {"factor", 0.5},
                                       {"patience", 1},
                                       {"threshold", 0.1},
                                       {"threshold_mode", "abs"},
                                       {"cooldown", 2},
                                       {"min_lr", 0.011},
                                       {"eps", 2e-3}})},
      {"ReduceLROnPlateau patience=0", table({{"mode", "max"}, {"factor", 0.7}, {"patience", 0}, {"threshold", 0.2}})}};
}

/// schedulers.py: monitored().
double monitored(int64_t count) {
  if (count == 9) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>((5 * count * count + 3 * count) % 11 + std::max<int64_t>(0, 8 - count)) / 16;
}

/// The rates of counts 0 … 24. A schedule that follows no metric must leave the state alone.
std::vector<dl::Rate> rates(const dl::Scheduler& scheduler, int64_t total_count, const dl::Rate& base = {0.1, 0.9}) {
  std::vector<dl::Rate> result;
  std::vector<double> state;
  for (int64_t count = 0; count < 25; ++count) {
    result.push_back(scheduler.at(base, {.count = count, .total_count = total_count, .state = state}));
    scheduler.observe(monitored(count), state);
    for (const double number : state) BOOST_CHECK(std::isfinite(number));
  }
  return result;
}

std::vector<double> learning_rates(const dl::Scheduler& scheduler, int64_t total_count) {
  std::vector<double> result;
  for (const auto& rate : rates(scheduler, total_count)) result.push_back(rate.lr);
  return result;
}

/// schedulers.py: run(), the parameter.
std::vector<double> parameters(const Case& c, const char* optimizer_name, const dl::Value& params) {
  const auto optimizer = plugin().make<dl::Optimizer>(optimizer_name, params);
  const auto scheduler = make(c.key, c.params);
  dl::Param w;
  w.name = "w";
  w.value = pattern({2}, 3);
  w.full_shape = {2};
  std::vector<double> result;
  std::vector<double> state;
  for (int64_t count = 0; count < 20; ++count) {
    w.grad = w.value * 0.25 + pattern({2}, count + 1);
    w.step = count + 1;
    dl::Param* const all[] = {&w};
    optimizer->step(
        all, scheduler->at(optimizer->base_rate(), {.count = count, .total_count = c.total_count, .state = state}));
    for (const double value : oracle::flat(w.value)) result.push_back(value);
    scheduler->observe(monitored(count), state);
  }
  return result;
}

/// A predicate for the text of all problems that the class's schema finds in `params`.
std::string problems_of(const std::string& name, const dl::Value& params) {
  dl::Problems problems;
  plugin().info(name).check(params, "model.scheduler.params", problems);
  return problems.text();
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_schedule_equals_pytorchs_chained_steps) {
  auto expected = oracle::read("schedulers");
  size_t compared = 0;
  for (const auto& c : cases()) BOOST_TEST_CONTEXT(c.key) {
      const auto found = rates(*make(c.key, c.params), c.total_count);
      std::vector<double> lrs, momenta;
      for (const auto& rate : found) {
        lrs.push_back(rate.lr);
        momenta.push_back(rate.momentum.value());
      }
      // Chained steps round at each step: near a rate of 0 only their absolute error is small.
      support::check_close(lrs, expected.at(c.key), 1e-12, 1e-15);
      const auto cycled = expected.find(c.key + " momentum");
      support::check_close(momenta, cycled == expected.end() ? std::vector<double>(25, 0.9) : cycled->second, 1e-12);
      compared += cycled == expected.end() ? 1 : 2;
    }
  for (const auto& [key, unused] : expected) compared += key.ends_with(" SGD") || key.ends_with(" AdamW");
  BOOST_CHECK_EQUAL(expected.size(), compared);
}

BOOST_AUTO_TEST_CASE(parameters_under_every_schedule_equal_pytorchs_at_each_step) {
  const auto expected = oracle::read("schedulers");
  for (const auto& c : cases()) BOOST_TEST_CONTEXT(c.key) {
      support::check_close(parameters(c, "SGD", table({{"lr", 0.1}, {"momentum", 0.9}})), expected.at(c.key + " SGD"),
                           1e-12, 1e-14);
      support::check_close(parameters(c, "AdamW", table({{"lr", 0.1}})), expected.at(c.key + " AdamW"), 1e-12, 1e-14);
    }
}

BOOST_AUTO_TEST_CASE(lengths_are_taken_from_the_run) {
  const auto expect_same = [](const char* name, const dl::Value& given) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_CHECK(learning_rates(*make(name), 25) == learning_rates(*make(name, given), 0));
      BOOST_CHECK_EXCEPTION(make(name)->at({0.1, 0.9}, {}), dl::Error, support::says({name, "must be given"}));
    }
  };
  expect_same("CosineAnnealingLR", table({{"T_max", 25}}));
  expect_same("CosineAnnealingWarmRestarts", table({{"T_0", 25}}));
  expect_same("OneCycleLR", table({{"total_steps", 25}}));
  // Told at the first step, not after the last one that the cycle has.
  BOOST_CHECK_EXCEPTION(
      make("OneCycleLR", table({{"total_steps", 24}}))->at({0.1, 0.9}, {.total_count = 25, .state = {}}), dl::Error,
      support::says({"total_steps is 24", "25 counts"}));
}

BOOST_AUTO_TEST_CASE(momentum_is_cycled_only_where_there_is_one) {
  for (const char* name : {"OneCycleLR", "CyclicLR"}) {
    const auto params = [&](bool cycle) { return table({{"max_lr", 1.0}, {"cycle_momentum", cycle}}); };
    BOOST_CHECK_EXCEPTION(make(name, params(true))->at({0.1, {}}, {.total_count = 25, .state = {}}), dl::Error,
                          support::says({name, "cycle_momentum = false"}));
    const auto without = make(name, params(false));
    BOOST_CHECK(!without->at({0.1, {}}, {.total_count = 25, .state = {}}).momentum);
    BOOST_CHECK_EQUAL(without->at({0.1, 0.5}, {.total_count = 25, .state = {}}).momentum.value(), 0.5);
  }
}

BOOST_AUTO_TEST_CASE(a_plateau_goes_on_from_its_saved_state) {
  const auto scheduler = make("ReduceLROnPlateau", table({{"patience", 1}, {"cooldown", 1}, {"threshold", 0.0}}));
  std::vector<double> state;
  BOOST_CHECK_EQUAL(scheduler->at({1, {}}, {.count = 5, .state = state}).lr, 1);  // nothing observed yet
  for (const double value : {2.0, 1.0, 1.5}) scheduler->observe(value, state);
  const auto saved = state;
  auto resumed = saved;
  make("ReduceLROnPlateau", table({{"patience", 1}, {"cooldown", 1}, {"threshold", 0.0}}))->observe(1.0, resumed);
  BOOST_CHECK_CLOSE(scheduler->at({1, {}}, {.state = resumed}).lr, 0.1, 1e-12);
  BOOST_CHECK_EQUAL(scheduler->at({1, {}}, {.state = saved}).lr, 1);
  for (const double value : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()})
    scheduler->observe(value, state);
  for (const double number : state) BOOST_CHECK(std::isfinite(number));
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused) {
  const auto refused = [](const char* name, const dl::Value& params, std::vector<std::string> parts) {
    BOOST_CHECK_EXCEPTION(make(name, params), dl::Error, support::says(std::move(parts)));
  };
  refused("LinearLR", table({{"start_factor", 0.0}}), {"start_factor", "(0, 1]"});
  refused("CyclicLR", {}, {"max_lr", "must be given"});
  refused("CyclicLR", table({{"max_lr", 1.0}, {"mode", "square"}}), {"mode", "triangular2"});
  refused("OneCycleLR", table({{"pct_start", 1.5}}), {"pct_start", "[0, 1]"});
  refused("ReduceLROnPlateau", table({{"factor", 1.0}}), {"factor", "[0, 1)"});
  refused("ReduceLROnPlateau", table({{"mode", "least"}}), {"mode", "min"});
  refused("CosineAnnealingWarmRestarts", table({{"T_mult", 0}}), {"T_mult"});
}

BOOST_AUTO_TEST_CASE(wrong_sequences_are_refused) {
  const auto sequence = [](List parts, List milestones) {
    return table({{"schedulers", std::move(parts)}, {"milestones", std::move(milestones)}});
  };
  const auto refused = [](const dl::Value& params, std::vector<std::string> parts) {
    BOOST_CHECK_EXCEPTION(make("SequentialLR", params), dl::Error, support::says(std::move(parts)));
  };
  refused(sequence({}, {}), {"one schedule at least"});
  refused(sequence({part("LinearLR"), part("StepLR")}, {}), {"milestones", "0 for 2"});
  refused(sequence({part("LinearLR"), part("StepLR"), part("StepLR")}, {5, 5}), {"milestones", "rise"});

  // Found with all other problems of the config, before anything is made.
  const auto text = problems_of("SequentialLR", sequence({part("LinerLR"), part("StepLR", table({{"gama", 0.1}})),
                                                          part("CyclicLR"), table({}), part("ReduceLROnPlateau")},
                                                         {1, 2, 3, 4}));
  for (const char* words : {"did you mean \"torch.LinearLR\"?", "did you mean \"gamma\"?", "\"max_lr\" must be given",
                            "\"type\" is missing", "no schedule \"torch.ReduceLROnPlateau\""})
    BOOST_CHECK_MESSAGE(text.find(words) != std::string::npos, words << " is not in: " << text);
  BOOST_CHECK_EQUAL(problems_of("SequentialLR", sequence({part("LinearLR"), part("StepLR")}, {5})), "");
}
