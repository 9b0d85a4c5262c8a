#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>

#include "dl/metric.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "support/loaded_plugin.h"

using support::table;

namespace {

const support::LoadedPlugin& plugin() {
  static const support::LoadedPlugin loaded(DL_PLUGIN_FILE);
  return loaded;
}

/// metrics.py: target and scores.
dl::Tensor target() { return at::tensor({0, 1, 2, 0, 1, 0, 0, 0, 1, 2, 0, 1}, at::kLong); }
dl::Tensor scores() {
  auto result = oracle::pattern({12, 5}, 3);
  result.select(1, 4).fill_(-9);
  return result + at::arange(60, at::kDouble).view({12, 5}) / 1024;
}

/// Every value against the oracle's, from one batch and from batches of 5, 5 and 2.
void check(const std::string& name, const dl::Value& params, const dl::Tensor& expected_target) {
  static const auto expected = oracle::read("metrics");
  const auto metric = plugin().make<dl::Metric>(name, params);
  auto total = metric->update(scores().narrow(0, 0, 5), expected_target.narrow(0, 0, 5));
  metric->merge(total, metric->update(scores().narrow(0, 5, 5), expected_target.narrow(0, 5, 5)));
  metric->merge(total, metric->update(scores().narrow(0, 10, 2), expected_target.narrow(0, 10, 2)));
  for (const auto& state : {metric->update(scores(), expected_target), total}) {
    BOOST_CHECK(state.scalar_type() == at::kDouble && state.dim() == 1);
    for (const auto& [key, value] : metric->compute(state)) BOOST_TEST_CONTEXT(key) {
        support::check_close({value}, expected.at(key), 1e-14);
      }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_equal_scikit_learns) {
  check("Accuracy", {}, target());
  check("Accuracy", table({{"top_k", 2}}), target());
  check("ConfusionMatrix", {}, target());
  check("ConfusionMatrix", table({{"num_classes", 5}}), target());
  check("MeanSquaredError", {}, oracle::pattern({12, 5}, 4));
}

BOOST_AUTO_TEST_CASE(names_are_what_the_docs_say) {
  auto names = [](const char* metric, const dl::Value& params, const dl::Tensor& state) {
    std::string result;
    for (const auto& [key, value] : plugin().make<dl::Metric>(metric, params)->compute(state)) result += key + " ";
    return result;
  };
  const auto two = at::tensor({1.0, 1.0}, at::kDouble), four = at::tensor({1.0, 0.0, 0.0, 1.0}, at::kDouble);
  BOOST_CHECK_EQUAL(names("Accuracy", {}, two), "accuracy ");
  BOOST_CHECK_EQUAL(names("Accuracy", table({{"top_k", 5}}), two), "accuracy_top5 ");
  BOOST_CHECK_EQUAL(names("ConfusionMatrix", {}, four), "balanced_accuracy macro_f1 ");
  BOOST_CHECK_EQUAL(names("MeanSquaredError", {}, two), "mse ");
}

BOOST_AUTO_TEST_CASE(accuracy_counts_float32_and_bfloat16_scores) {
  const auto metric = plugin().make<dl::Metric>("Accuracy");
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto state = metric->update(at::tensor({0.0, 1.0, 2.0, 0.5}, at::kDouble).view({2, 2}).to(dtype),
                                      at::tensor({1, 1}, at::kLong));
    BOOST_CHECK(oracle::flat(state) == (std::vector<double>{1, 2}));
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  auto refused = [](const char* metric, const dl::Value& params, const dl::Tensor& prediction, const dl::Tensor& labels,
                    std::vector<std::string> parts) {
    BOOST_CHECK_EXCEPTION(plugin().make<dl::Metric>(metric, params)->update(prediction, labels), dl::Error,
                          support::says(std::move(parts)));
  };
  const auto good = at::zeros({3}, at::kLong);
  refused("Accuracy", {}, at::zeros({3, 2, 2}), good, {"Accuracy", "[3, 2, 2]"});
  refused("Accuracy", {}, at::zeros({3, 2}), at::zeros({4}, at::kLong), {"[3, 2]", "[4]"});
  refused("Accuracy", {}, at::zeros({3, 2}), at::zeros({3}), {"int64", "Float"});
  refused("Accuracy", table({{"top_k", 5}}), at::zeros({3, 4}), good, {"top_k = 5", "4 classes"});
  refused("ConfusionMatrix", table({{"num_classes", 3}}), at::zeros({3, 4}), good, {"num_classes = 3", "4 classes"});
  refused("ConfusionMatrix", {}, at::zeros({3, 4}), at::tensor({0, 4, 1}, at::kLong), {"target 4", "[0, 3]"});
  refused("ConfusionMatrix", {}, at::zeros({3, 4}), at::tensor({0, -1, 1}, at::kLong), {"target -1"});
  refused("MeanSquaredError", {}, at::zeros({3, 1}), at::zeros({3}), {"[3, 1]", "[3]"});
  BOOST_CHECK_THROW(plugin().make<dl::Metric>("Accuracy", table({{"top_k", 0}})), dl::Error);
}
