#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "dl/optimizer.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "support/loaded_plugin.h"

using oracle::pattern;
using support::table;

namespace {

const support::LoadedPlugin& plugin() {
  static const support::LoadedPlugin loaded(DL_PLUGIN_FILE);
  return loaded;
}

dl::Value betas(double first, double second) { return dl::Value::List{first, second}; }

dl::Param param(std::string name, const dl::Tensor& value) {
  dl::Param result;
  result.name = std::move(name);
  result.value = value;
  result.full_shape = value.sizes().vec();
  return result;
}

void step(dl::Optimizer& optimizer, std::vector<dl::Param*> params, const dl::Rate& rate) {
  for (auto* each : params) ++each->step;
  optimizer.step(params, rate);
}

struct Case {
  std::string key;
  dl::Value params;
  int64_t b_from = 4;
};

/// optimizers.py: run().
std::vector<double> trajectory(const Case& c, at::ScalarType dtype) {
  auto words = c.key.substr(c.key.find(' ') + 1);
  const auto optimizer = plugin().make<dl::Optimizer>(words.substr(0, words.find(' ')), c.params);
  auto a = param("a", pattern({3}, 1, 8, dtype).requires_grad_());
  auto b = param("b", pattern({2}, 2, 8, dtype).requires_grad_());
  std::vector<double> values;
  for (int64_t t = 1; t <= 20; ++t) {
    a.grad = pattern({3}, 3 * t, 8, dtype);
    b.grad = pattern({2}, 4 * t, 8, dtype);
    dl::Rate rate{0.05 * static_cast<double>(40 - t) / 40, {}};
    if (words == "SGD momentum schedule" || words == "Adam beta1 schedule")
      rate.momentum = 0.9 * static_cast<double>(60 - t) / 60;
    step(*optimizer, t >= c.b_from ? std::vector{&a, &b} : std::vector{&a}, rate);
    for (const auto* each : {&a, &b})
      for (const double value : oracle::flat(each->value)) values.push_back(value);
  }
  return values;
}

const std::vector<std::string> kNames = {"SGD", "Adam", "AdamW", "RMSprop", "Adagrad"};

/// Options with which every state of the optimizer is in use.
dl::Value stateful(const std::string& name) {
  if (name == "SGD") return table({{"momentum", 0.9}, {"dampening", 0.5}});
  if (name == "RMSprop") return table({{"momentum", 0.5}, {"centered", true}});
  if (name == "Adagrad") return table({{"initial_accumulator_value", 0.5}, {"lr_decay", 0.1}});
  return table({{"amsgrad", true}});
}

dl::Value adagrad_all() {
  return table({{"lr_decay", 0.1},
                {"weight_decay", 0.1},
                {"initial_accumulator_value", 0.3},
                {"eps", 1e-4},
                {"maximize", true}});
}

}  // namespace

BOOST_AUTO_TEST_CASE(trajectories_in_float64_equal_pytorchs) {
  const auto adam_all =
      table({{"betas", betas(0.7, 0.8)}, {"eps", 1e-3}, {"weight_decay", 0.1}, {"amsgrad", true}, {"maximize", true}});
  const std::vector<Case> cases = {
      {"float64 SGD", {}},
      {"float64 SGD weight_decay", table({{"weight_decay", 0.1}})},
      {"float64 SGD momentum", table({{"momentum", 0.9}, {"weight_decay", 0.01}})},
      {"float64 SGD dampening", table({{"momentum", 0.9}, {"dampening", 0.3}})},
      {"float64 SGD nesterov", table({{"momentum", 0.8}, {"nesterov", true}, {"weight_decay", 0.02}})},
      {"float64 SGD maximize", table({{"momentum", 0.9}, {"maximize", true}})},
      {"float64 SGD momentum schedule", table({{"momentum", 0.9}})},
      {"float64 SGD all", table({{"momentum", 0.9}, {"dampening", 0.1}, {"weight_decay", 0.05}, {"maximize", true}})},
      {"float64 Adam", {}},
      {"float64 Adam weight_decay", table({{"betas", betas(0.8, 0.95)}, {"eps", 1e-6}, {"weight_decay", 0.1}})},
      {"float64 Adam amsgrad", table({{"betas", betas(0.5, 0.6)}, {"amsgrad", true}, {"weight_decay", 0.01}})},
      {"float64 Adam maximize", table({{"maximize", true}})},
      {"float64 AdamW", {}},
      {"float64 AdamW amsgrad", table({{"betas", betas(0.5, 0.6)}, {"weight_decay", 0.2}, {"amsgrad", true}})},
      {"float64 Adam all", adam_all},
      {"float64 AdamW all", adam_all},
      {"float64 Adam beta1 schedule", table({{"weight_decay", 0.1}})},
      {"float64 RMSprop", {}},
      {"float64 RMSprop momentum", table({{"alpha", 0.9}, {"momentum", 0.8}, {"weight_decay", 0.01}})},
      {"float64 RMSprop centered", table({{"alpha", 0.8}, {"eps", 1e-4}, {"centered", true}, {"maximize", true}})},
      {"float64 RMSprop all", table({{"alpha", 0.8},
                                     {"eps", 1e-4},
                                     {"weight_decay", 0.1},
                                     {"momentum", 0.5},
                                     {"centered", true},
                                     {"maximize", true}})},
      {"float64 Adagrad", {}},
      {"float64 Adagrad all", adagrad_all()}};
  const auto expected = oracle::read("optimizers");
  const auto in_float64 = std::count_if(expected.begin(), expected.end(),
                                        [](const auto& entry) { return entry.first.starts_with("float64"); });
  BOOST_CHECK_EQUAL(static_cast<size_t>(in_float64), cases.size());
  for (const auto& c : cases) BOOST_TEST_CONTEXT(c.key) {
      support::check_close(trajectory(c, at::kDouble), expected.at(c.key), 1e-12, 1e-15);
    }
}

BOOST_AUTO_TEST_CASE(trajectories_in_other_dtypes_equal_pytorchs_fused_ones) {
  const auto nesterov = table({{"momentum", 0.8}, {"nesterov", true}, {"weight_decay", 0.02}});
  const auto amsgrad = table({{"betas", betas(0.5, 0.6)}, {"amsgrad", true}, {"weight_decay", 0.01}});
  const auto rmsprop = table({{"alpha", 0.9}, {"momentum", 0.8}, {"weight_decay", 0.01}});
  const auto expected = oracle::read("optimizers");
  for (const auto& [name, dtype, tolerance] :
       {std::tuple{"float32", at::kFloat, 1e-6}, {"bfloat16", at::kBFloat16, 1e-2}})
    for (const Case& c : {Case{" SGD nesterov", nesterov, 1},
                          {" Adam amsgrad", amsgrad},
                          {" AdamW", {}},
                          {" RMSprop momentum", rmsprop},
                          {" Adagrad all", adagrad_all()}}) {
      const auto key = name + c.key;
      BOOST_TEST_CONTEXT(key) {
        support::check_close(trajectory({key, c.params, c.b_from}, dtype), expected.at(key), tolerance, tolerance / 8);
      }
    }
}

BOOST_AUTO_TEST_CASE(pieces_are_updated_as_the_whole_is_bit_for_bit) {
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    for (const auto& name : kNames) BOOST_TEST_CONTEXT(name << ' ' << dtype) {
        const auto optimizer = plugin().make<dl::Optimizer>(name, stateful(name));
        auto whole = param("w", pattern({256}, 1, 7, dtype));
        std::vector<dl::Param> pieces;
        for (int64_t i = 0; i < 4; ++i) pieces.push_back(param("w", whole.value.narrow(0, 64 * i, 64).clone()));
        for (int64_t t = 1; t <= 5; ++t) {
          whole.grad = pattern({256}, t, 3, dtype);
          step(*optimizer, {&whole}, {0.1, {}});
          std::vector<dl::Param*> all;
          for (int64_t i = 0; i < 4; ++i) {
            pieces[i].grad = whole.grad.narrow(0, 64 * i, 64);
            all.push_back(&pieces[i]);
          }
          step(*optimizer, all, {0.1, {}});
        }
        for (int64_t i = 0; i < 4; ++i) BOOST_CHECK(pieces[i].value.equal(whole.value.narrow(0, 64 * i, 64)));
      }
}

BOOST_AUTO_TEST_CASE(layouts_dtypes_and_empty_pieces_may_be_mixed) {
  for (const auto& name : kNames) BOOST_TEST_CONTEXT(name) {
      const auto optimizer = plugin().make<dl::Optimizer>(name, stateful(name));
      auto plain = param("plain", pattern({4, 6}, 1));
      auto turned = param("turned", pattern({4, 6}, 1).t().contiguous().t());  // dense, but column by column
      auto other = param("other", pattern({4, 6}, 1, 8, at::kFloat));
      auto empty = param("empty", at::zeros({0}));
      empty.grad = at::zeros({0});
      for (int64_t t = 1; t <= 3; ++t) {
        plain.grad = turned.grad = pattern({4, 6}, t);
        other.grad = pattern({4, 6}, t, 8, at::kFloat);
        step(*optimizer, {&plain, &other, &turned, &empty}, {0.1, {}});
      }
      BOOST_CHECK(turned.value.equal(plain.value));
      support::check_close(oracle::flat(other.value), oracle::flat(plain.value), 1e-5, 1e-7);
      BOOST_CHECK(!plain.value.equal(pattern({4, 6}, 1)));
    }
}

BOOST_AUTO_TEST_CASE(state_is_the_hosts_and_has_pytorchs_names) {
  auto keys = [](const std::string& name, const dl::Value& params) {
    auto w = param("w", at::ones({4}));
    w.grad = at::ones({4});
    step(*plugin().make<dl::Optimizer>(name, params), {&w}, {0.1, {}});
    std::vector<std::string> result;
    for (const auto& [key, state] : w.states) result.push_back(key);
    return dl::join(result);
  };
  BOOST_CHECK_EQUAL(keys("SGD", {}), "");
  BOOST_CHECK_EQUAL(keys("SGD", table({{"momentum", 0.5}})), "momentum_buffer");
  BOOST_CHECK_EQUAL(keys("Adam", {}), "exp_avg, exp_avg_sq");
  BOOST_CHECK_EQUAL(keys("AdamW", table({{"amsgrad", true}})), "exp_avg, exp_avg_sq, max_exp_avg_sq");
  BOOST_CHECK_EQUAL(keys("RMSprop", {}), "square_avg");
  BOOST_CHECK_EQUAL(keys("RMSprop", stateful("RMSprop")), "grad_avg, momentum_buffer, square_avg");
  BOOST_CHECK_EQUAL(keys("Adagrad", {}), "sum");

  auto w = param("w", at::ones({4}));
  w.grad = at::ones({4});
  w.states["exp_avg"] = at::zeros({3});
  BOOST_CHECK_EXCEPTION(step(*plugin().make<dl::Optimizer>("Adam"), {&w}, {0.1, {}}), dl::Error,
                        support::says({"\"exp_avg\"", "[3]", "[4]"}));
}

BOOST_AUTO_TEST_CASE(a_momentum_begins_with_the_gradient_whether_or_not_its_state_is_there_beforehand) {
  const auto optimizer = plugin().make<dl::Optimizer>("SGD", table({{"momentum", 0.9}, {"dampening", 0.75}}));
  auto first_update = [&](int64_t steps_before, bool made_beforehand) {
    auto w = param("w", at::zeros({1}, at::kDouble));
    w.grad = at::ones({1}, at::kDouble);
    w.step = steps_before;
    if (made_beforehand) w.state("momentum_buffer");
    step(*optimizer, {&w}, {1, {}});
    return w.value.item<double>();
  };
  BOOST_CHECK_EQUAL(first_update(0, false), -1);
  BOOST_CHECK_EQUAL(first_update(0, true), -1);
  BOOST_CHECK_EQUAL(first_update(5, false), -1);  // from a checkpoint without momentum
  BOOST_CHECK_EQUAL(first_update(5, true), -0.25);
}

BOOST_AUTO_TEST_CASE(a_new_optimizer_with_the_old_states_goes_on_as_the_old_one) {
  for (const auto& name : kNames) BOOST_TEST_CONTEXT(name) {
      const auto params = stateful(name);
      auto run = [&](bool resume) {
        auto optimizer = plugin().make<dl::Optimizer>(name, params);
        auto w = param("w", pattern({8}, 1));
        for (int64_t t = 1; t <= 6; ++t) {
          if (resume && t == 4) optimizer = plugin().make<dl::Optimizer>(name, params);
          w.grad = pattern({8}, t);
          step(*optimizer, {&w}, {0.1, {}});
        }
        return w.value;
      };
      BOOST_CHECK(run(true).equal(run(false)));
    }
}

BOOST_AUTO_TEST_CASE(base_rates_and_defaults_are_pytorchs) {
  const auto base = [](const char* name, const dl::Value& params = {}) {
    return plugin().make<dl::Optimizer>(name, params)->base_rate();
  };
  for (const char* name : {"SGD", "Adam", "AdamW"}) BOOST_CHECK_EQUAL(base(name).lr, 1e-3);
  for (const char* name : {"RMSprop", "Adagrad"}) BOOST_CHECK_EQUAL(base(name).lr, 1e-2);
  // What a schedule may change: PyTorch's "momentum", or the first of its "betas".
  BOOST_CHECK_EQUAL(base("SGD").momentum.value(), 0);
  BOOST_CHECK_EQUAL(base("SGD", table({{"momentum", 0.9}})).momentum.value(), 0.9);
  BOOST_CHECK_EQUAL(base("RMSprop").momentum.value(), 0);
  BOOST_CHECK_EQUAL(base("Adam").momentum.value(), 0.9);
  BOOST_CHECK_EQUAL(base("AdamW", table({{"betas", betas(0.7, 0.8)}})).momentum.value(), 0.7);
  BOOST_CHECK(!base("Adagrad").momentum);
}

BOOST_AUTO_TEST_CASE(a_sum_begins_with_its_initial_value_whether_or_not_its_state_is_there_beforehand) {
  const auto optimizer = plugin().make<dl::Optimizer>("Adagrad", table({{"initial_accumulator_value", 3.0}}));
  auto first_update = [&](int64_t steps_before, bool made_beforehand) {
    auto w = param("w", at::zeros({1}, at::kDouble));
    w.grad = at::ones({1}, at::kDouble);
    w.step = steps_before;
    if (made_beforehand) w.state("sum");
    step(*optimizer, {&w}, {1, {}});
    return w.value.item<double>();
  };
  for (const bool made : {false, true}) BOOST_CHECK_CLOSE(first_update(0, made), -0.5, 1e-6);
  BOOST_CHECK_CLOSE(first_update(5, false), -0.5, 1e-6);  // from a checkpoint without sums
  BOOST_CHECK_CLOSE(first_update(5, true), -1, 1e-6);
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused_as_pytorch_does) {
  auto refused = [](const char* name, const dl::Value& params, std::vector<std::string> parts) {
    BOOST_CHECK_EXCEPTION(plugin().make<dl::Optimizer>(name, params), dl::Error, support::says(std::move(parts)));
  };
  refused("SGD", table({{"lr", -0.1}}), {"\"lr\"", ">= 0"});
  refused("SGD", table({{"momentum", -1}}), {"\"momentum\""});
  refused("SGD", table({{"nesterov", true}}), {"nesterov", "momentum = 0"});
  refused("SGD", table({{"nesterov", true}, {"momentum", 0.9}, {"dampening", 0.1}}), {"nesterov", "dampening = 0.1"});
  refused("Adam", table({{"betas", betas(0.9, 1.0)}}), {"\"betas\"", "[0, 1)"});
  refused("Adam", table({{"betas", dl::Value::List{0.9}}}), {"\"betas\"", "two", "found 1"});
  refused("AdamW", table({{"eps", -1e-8}}), {"\"eps\""});
  refused("RMSprop", table({{"alpha", 1.5}}), {"\"alpha\"", "[0, 1]"});
  refused("Adagrad", table({{"lr_decay", -1}}), {"\"lr_decay\""});
  refused("AdamW", table({{"weight_decay", -1e-8}, {"amsgard", true}}), {"\"weight_decay\"", "amsgrad"});
}
