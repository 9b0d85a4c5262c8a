#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>

#include "dl/task.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "support/loaded_plugin.h"

using support::table;

namespace {

/// Logits are the image's first K pixels times one weight.
struct Net : dl::UnaryNetwork {
  Net() { weight = register_parameter("weight", at::tensor({2.0}, at::kDouble)); }
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override {
    return rows_only ? (x.flatten(1) * weight).sum(1) : x.flatten(1) * weight;
  }
  dl::Tensor weight;
  bool rows_only = false;
};

/// The mean score of the targets' classes, negative.
struct MeanScore : dl::Loss {
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override {
    return -prediction.gather(1, target.unsqueeze(1)).mean();
  }
};

struct Logged {
  std::string name;
  double mean, weight;
  bool operator==(const Logged&) const = default;
};

struct Host : dl::Resources, dl::Step, dl::Evaluation {
  dl::Network& network(std::string_view role) override {
    BOOST_CHECK_EQUAL(role, "main");
    return net;
  }
  dl::Loss& loss(std::string_view role) override {
    BOOST_CHECK_EQUAL(role, "main");
    return mean_score;
  }
  at::Device device() const override { return at::kCPU; }

  using dl::Step::update;
  void update(std::string_view optimizer, const std::function<dl::StepLoss(const dl::Batch&)>& loss_of) override {
    BOOST_CHECK_EQUAL(optimizer, "main");
    for (const auto& micro_batch : window) {
      const auto [loss, weight] = loss_of(micro_batch);
      loss.backward();
      logged.push_back({"update", loss.item<double>(), weight});
    }
  }
  void log(std::string_view name, const dl::Tensor& mean, double weight) override {
    BOOST_CHECK(!mean.requires_grad());
    logged.push_back({std::string(name), mean.item<double>(), weight});
  }
  void metrics(const dl::Tensor& prediction, const dl::Tensor& target) override {
    seen_prediction = prediction;
    seen_target = target;
  }
  int64_t index() const override { return 0; }
  int64_t epoch() const override { return 0; }
  dl::Rng rng(std::string_view purpose, int64_t index) const override {
    return {0, purpose, 0, static_cast<uint64_t>(index)};
  }

  std::shared_ptr<dl::Task> task(const dl::Value& params = {}) {
    static const support::LoadedPlugin plugin(DL_PLUGIN_FILE);
    return plugin.make<dl::Task>("ImageClassification", params, static_cast<dl::Resources*>(this));
  }

  Net net;
  MeanScore mean_score;
  std::vector<dl::Batch> window;
  std::vector<Logged> logged;
  dl::Tensor seen_prediction, seen_target;
};

/// Two images of 1 x 1 x 3, the classes 2 and 1: scores with weight 2 are {2, 4, 8} and {6, 0, 2}.
dl::Batch batch() {
  return {{at::tensor({1.0, 2.0, 4.0, 3.0, 0.0, 1.0}, at::kDouble).view({2, 1, 1, 3}), at::tensor({2, 1}, at::kLong)},
          {5, 9}};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(image_classification, Host)

BOOST_AUTO_TEST_CASE(a_step_updates_on_every_micro_batch_by_its_size) {
  auto one = batch();
  for (auto& field : one.fields) field = field.narrow(0, 0, 1);
  one.indices.resize(1);
  window = {batch(), one};
  task()->train_step(*this);
  BOOST_CHECK(logged == (std::vector<Logged>{{"update", -4, 2}, {"update", -8, 1}}));
  BOOST_CHECK_EQUAL(net.weight.grad().item<double>(), -2 - 4);
}

BOOST_AUTO_TEST_CASE(train_accuracy_is_logged_where_asked_for) {
  window = {batch()};
  task(table({{"log_train_accuracy", true}}))->train_step(*this);
  BOOST_CHECK(logged == (std::vector<Logged>{{"accuracy", 0.5, 2}, {"update", -4, 2}}));
}

BOOST_AUTO_TEST_CASE(evaluation_logs_the_loss_and_hands_logits_and_labels_to_metrics) {
  const at::NoGradGuard no_grad;
  task()->eval_step(batch(), *this);
  BOOST_CHECK(logged == (std::vector<Logged>{{"loss", -4, 2}}));
  BOOST_CHECK(seen_prediction.equal(batch()[0].flatten(1) * 2));
  BOOST_CHECK(seen_target.equal(batch()[1]));
}

BOOST_AUTO_TEST_CASE(padding_weighs_nothing) {
  const at::NoGradGuard no_grad;
  auto padding = batch();
  padding.padding = true;
  task()->eval_step(padding, *this);
  BOOST_CHECK_EQUAL(logged.at(0).weight, 0);
}

BOOST_AUTO_TEST_CASE(prediction_gives_probabilities_and_classes_without_labels) {
  const at::NoGradGuard no_grad;
  const auto outputs = task()->predict({{batch()[0]}, {0, 1}});
  BOOST_REQUIRE_EQUAL(outputs.size(), 2);
  BOOST_CHECK_EQUAL(outputs[0].name, "probability");
  const double a = std::exp(-6.0) + std::exp(-4.0) + 1, b = 1 + std::exp(-6.0) + std::exp(-4.0);
  support::check_close(oracle::flat(outputs[0].tensor),
                       {std::exp(-6.0) / a, std::exp(-4.0) / a, 1 / a, 1 / b, std::exp(-6.0) / b, std::exp(-4.0) / b},
                       1e-14);
  BOOST_CHECK_EQUAL(outputs[1].name, "class");
  BOOST_CHECK(outputs[1].tensor.equal(at::tensor({2, 0}, at::kLong)));
}

BOOST_AUTO_TEST_CASE(probabilities_of_bfloat16_logits_are_float32) {
  const at::NoGradGuard no_grad;
  net.weight.set_data(net.weight.to(at::kBFloat16));
  const auto outputs = task()->predict({{batch()[0].to(at::kBFloat16)}, {0, 1}});
  BOOST_CHECK(outputs[0].tensor.scalar_type() == at::kFloat);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const at::NoGradGuard no_grad;
  BOOST_CHECK_EXCEPTION(task()->eval_step({{batch()[0]}, {0, 1}}, *this), dl::Error,
                        support::says({"labels", "1 field"}));
  net.rows_only = true;
  BOOST_CHECK_EXCEPTION(task()->predict(batch()), dl::Error, support::says({"logits [B, K]", "[2]"}));
}

BOOST_AUTO_TEST_SUITE_END()
