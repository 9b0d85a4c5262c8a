#include <ATen/autocast_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>

#include "dl/loss.h"
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

void check(const std::string& key, const dl::Value& params, const dl::Tensor& prediction, const dl::Tensor& target) {
  static const auto expected = oracle::read("losses");
  BOOST_TEST_CONTEXT(key) {
    const auto loss = plugin().make<dl::Loss>(key.substr(0, key.find(' ')), params);
    const auto leaf = prediction.detach().clone().requires_grad_();
    const auto value = (*loss)(leaf, target);
    value.backward();
    std::vector<double> found = {value.item<double>()};
    for (const double gradient : oracle::flat(leaf.grad())) found.push_back(gradient);
    support::check_close(found, expected.at(key), 1e-12, 1e-15);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(losses_of_classes_equal_pytorchs) {
  const auto classes = at::tensor({1, 0, 2, 1}, at::kLong), some_ignored = at::tensor({1, -100, 2, -100}, at::kLong);
  const auto pixels = at::tensor({0, 1, 2, 0, 1, 1, 2, 2}, at::kLong).view({2, 2, 2});
  const auto scores = pattern({4, 3}, 1);
  check("CrossEntropyLoss", {}, scores, classes);
  check("CrossEntropyLoss label_smoothing=0.1", table({{"label_smoothing", 0.1}}), scores, classes);
  check("CrossEntropyLoss ignored", table({{"label_smoothing", 0.2}}), scores, some_ignored);
  check("CrossEntropyLoss ignore_index=1", table({{"ignore_index", 1}}), scores, classes);
  const dl::Value weight = dl::Value::List{0.5, 2.0, 0.25};
  check("CrossEntropyLoss weight", table({{"weight", weight}}), scores, classes);
  check("CrossEntropyLoss all", table({{"weight", weight}, {"ignore_index", 0}, {"label_smoothing", 0.1}}), scores,
        classes);
  check("CrossEntropyLoss probabilities", table({{"label_smoothing", 0.1}}), scores,
        at::softmax(pattern({4, 3}, 5), 1));
  check("CrossEntropyLoss pixels", {}, pattern({2, 3, 2, 2}, 1), pixels);
  check("NLLLoss", {}, scores, classes);
  check("NLLLoss ignore_index=1", table({{"ignore_index", 1}}), scores, classes);
  check("NLLLoss weight", table({{"weight", weight}}), scores, classes);
  check("NLLLoss all", table({{"weight", weight}, {"ignore_index", 2}}), scores, classes);
}

BOOST_AUTO_TEST_CASE(losses_of_numbers_equal_pytorchs) {
  check("BCEWithLogitsLoss", {}, pattern({4, 3}, 1, 2), (pattern({4, 3}, 2) + 1) / 2);
  check("BCEWithLogitsLoss pos_weight", table({{"pos_weight", dl::Value::List{0.5, 2.0, 0.25}}}), pattern({4, 3}, 1, 2),
        (pattern({4, 3}, 2) + 1) / 2);
  const auto prediction = pattern({4, 3}, 1, 2), target = pattern({4, 3}, 2, 2);
  check("MSELoss", {}, prediction, target);
  check("L1Loss", {}, prediction, target);
  check("SmoothL1Loss", {}, prediction, target);
  check("SmoothL1Loss beta=0", table({{"beta", 0}}), prediction, target);
  check("SmoothL1Loss beta=0.5", table({{"beta", 0.5}}), prediction, target);
  check("HuberLoss", {}, prediction, target);
  check("HuberLoss delta=0.5", table({{"delta", 0.5}}), prediction, target);
}

BOOST_AUTO_TEST_CASE(under_autocast_they_are_in_float32_as_pytorchs) {
  const auto expected = oracle::read("losses");
  const auto classes = at::tensor({1, 0, 2, 1}, at::kLong);
  const dl::Value weight = dl::Value::List{0.5, 2.0, 0.25};
  const std::vector<std::pair<std::string, dl::Value>> losses{
      {"CrossEntropyLoss", table({{"weight", weight}, {"label_smoothing", 0.1}})},
      {"NLLLoss", table({{"weight", weight}})},
      {"BCEWithLogitsLoss", {}},
      {"MSELoss", {}},
      {"L1Loss", {}},
      {"SmoothL1Loss", {}},
      {"HuberLoss", {}}};
  for (const auto& [name, params] : losses)
    for (const auto dtype : {at::kBFloat16, at::kHalf}) {
      const auto key = (dtype == at::kHalf ? "float16 autocast " : "bfloat16 autocast ") + name;
      BOOST_TEST_CONTEXT(key) {
        const auto loss = plugin().make<dl::Loss>(name, params);
        const auto leaf = pattern({4, 3}, 1, 8, dtype).requires_grad_();
        dl::Tensor value;
        {
          at::autocast::set_autocast_dtype(at::kCPU, dtype);
          at::autocast::set_autocast_enabled(at::kCPU, true);
          value = (*loss)(
              leaf, name.starts_with("C") || name.starts_with("N") ? classes : pattern({4, 3}, 2, 8, at::kFloat).abs());
          at::autocast::set_autocast_enabled(at::kCPU, false);
        }
        BOOST_TEST(value.scalar_type() == at::kFloat);
        value.backward();
        std::vector<double> found = {value.item<double>()};
        for (const double gradient : oracle::flat(leaf.grad())) found.push_back(gradient);
        BOOST_TEST(found[0] == expected.at(key)[0], boost::test_tools::tolerance(1e-6));
        support::check_close(found, expected.at(key), 1e-2, 1e-6);  // gradients are rounded to the prediction's dtype
      }
    }
}

BOOST_AUTO_TEST_CASE(shapes_that_would_broadcast_are_refused) {
  for (const char* name : {"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCEWithLogitsLoss"}) {
    const auto loss = plugin().make<dl::Loss>(name);
    BOOST_CHECK_EXCEPTION((*loss)(at::zeros({4, 1}), at::zeros({4})), dl::Error,
                          support::says({name, "[4, 1]", "[4]"}));
  }
}

BOOST_AUTO_TEST_CASE(weights_follow_the_dtype_of_the_scores) {
  const auto loss = plugin().make<dl::Loss>("CrossEntropyLoss", table({{"weight", dl::Value::List{0.5, 2.0, 0.25}}}));
  const auto classes = at::tensor({1, 0, 2, 1}, at::kLong);
  const auto in_double = (*loss)(pattern({4, 3}, 1), classes).item<double>();
  BOOST_CHECK_CLOSE((*loss)(pattern({4, 3}, 1, 8, at::kFloat), classes).item<double>(), in_double, 1e-4);
  BOOST_CHECK_EQUAL((*loss)(pattern({4, 3}, 1), classes).item<double>(), in_double);
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
  BOOST_CHECK_THROW(plugin().make<dl::Loss>("CrossEntropyLoss", table({{"label_smoothing", 1.5}})), dl::Error);
  BOOST_CHECK_THROW(plugin().make<dl::Loss>("NLLLoss", table({{"weight", dl::Value::List{1.0, -1.0}}})), dl::Error);
  BOOST_CHECK_THROW(plugin().make<dl::Loss>("HuberLoss", table({{"delta", 0.0}})), dl::Error);
}
