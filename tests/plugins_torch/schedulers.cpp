#include <boost/test/unit_test.hpp>

#include "dl/scheduler.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "support/loaded_plugin.h"

using support::table;

namespace {

const support::LoadedPlugin& plugin() {
  static const support::LoadedPlugin loaded(DL_PLUGIN_FILE);
  return loaded;
}

std::vector<double> rates(const dl::Scheduler& scheduler, int64_t total_count = 0) {
  std::vector<double> result;
  for (int64_t count = 0; count < 25; ++count) {
    const auto rate = scheduler.at({0.1, 0.9}, {.count = count, .total_count = total_count, .state = {}});
    BOOST_CHECK_EQUAL(rate.momentum.value(), 0.9);
    result.push_back(rate.lr);
  }
  return result;
}

struct Case {
  std::string key;
  dl::Value params;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_schedule_equals_pytorchs_chained_steps) {
  using List = dl::Value::List;
  const std::vector<Case> cases = {
      {"ExponentialLR gamma=0.9", table({{"gamma", 0.9}})},
      {"StepLR step_size=3 gamma=0.5", table({{"step_size", 3}, {"gamma", 0.5}})},
      {"MultiStepLR milestones=[2,5,5,11]", table({{"milestones", List{11, 5, 2, 5}}})},
      {"CosineAnnealingLR T_max=24", table({{"T_max", 24}})},
      {"CosineAnnealingLR T_max=10 eta_min=0.01", table({{"T_max", 10}, {"eta_min", 0.01}})},
      {"LinearLR", {}},
      {"LinearLR start_factor=0.25 end_factor=0.5 total_iters=8",
       table({{"start_factor", 0.25}, {"end_factor", 0.5}, {"total_iters", 8}})},
      {"ConstantLR", {}},
      {"ConstantLR factor=0.5 total_iters=7", table({{"factor", 0.5}, {"total_iters", 7}})},
      {"PolynomialLR", {}},
      {"PolynomialLR total_iters=20 power=2", table({{"total_iters", 20}, {"power", 2.0}})}};
  auto expected = oracle::read("schedulers");
  BOOST_CHECK_EQUAL(expected.size(), cases.size());
  for (const auto& [key, params] : cases) BOOST_TEST_CONTEXT(key) {
      const auto scheduler = plugin().make<dl::Scheduler>(key.substr(0, key.find(' ')), params);
      // Chained steps round at each step: near a rate of 0 only their absolute error is small.
      support::check_close(rates(*scheduler), expected.at(key), 1e-12, 1e-16);
    }
}

BOOST_AUTO_TEST_CASE(cosine_takes_its_length_from_the_run) {
  const auto of_the_run = plugin().make<dl::Scheduler>("CosineAnnealingLR");
  const auto given = plugin().make<dl::Scheduler>("CosineAnnealingLR", table({{"T_max", 24}}));
  BOOST_CHECK(rates(*of_the_run, 24) == rates(*given));
  BOOST_CHECK_EXCEPTION(of_the_run->at({0.1, {}}, {}), dl::Error, support::says({"T_max"}));
}

BOOST_AUTO_TEST_CASE(linear_refuses_a_start_of_zero) {
  BOOST_CHECK_EXCEPTION(plugin().make<dl::Scheduler>("LinearLR", table({{"start_factor", 0.0}})), dl::Error,
                        support::says({"start_factor", "(0, 1]"}));
}
