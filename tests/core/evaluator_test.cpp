#include "core/evaluator.h"

#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <boost/test/unit_test.hpp>
#include <mutex>
#include <set>

#include "core/self_communicator.h"
#include "dl/error.h"
#include "tests/support/thread_communicator.h"

using namespace dl;
using namespace dl::host;

namespace {

class Numbers : public Data {
 public:
  explicit Numbers(int64_t size) : size_(size) {}
  int64_t size(Split) const override { return size_; }
  Sample get(Split, int64_t index, Rng&) const override {
    return {at::tensor(1.0 / static_cast<double>(index + 1), at::kDouble)};
  }

 private:
  int64_t size_;
};

class MeanTask : public Task {
 public:
  void train_step(Step&) override {}
  void eval_step(const Batch& batch, Evaluation& evaluation) override {
    evaluation.log("loss", batch[0].mean(), static_cast<double>(batch.size()));
    evaluation.metrics(batch[0], batch[0]);
  }
  std::vector<NamedTensor> predict(const Batch&) override { return {}; }
};

class CountAndMax : public Metric {
 public:
  Tensor update(const Tensor& prediction, const Tensor&) const override {
    return at::tensor({static_cast<double>(prediction.numel()), prediction.max().item<double>()}, at::kDouble);
  }
  void merge(Tensor& total, const Tensor& state) const override {
    total[0] += state[0];
    total[1] = at::stack({total[1], state[1]}).max();
  }
  std::vector<std::pair<std::string, double>> compute(const Tensor& total) const override {
    return {{"count", total[0].item<double>()}, {"max", total[1].item<double>()}};
  }
};

Metrics evaluate(Communicator& ranks, int64_t samples, int64_t workers) {
  MeanTask task;
  const Numbers data(samples);
  const BatchSource source(data, Split::test, {}, 0, at::kCPU, at::kDouble);
  return Evaluator(task, {std::make_shared<CountAndMax>()}, ranks, 4, workers).run(source, "test_");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evaluator)

/// Batches are made outside of autocast, and evaluated under it, with casts that are kept from batch to batch.
BOOST_AUTO_TEST_CASE(under_autocast) {
  class Product : public MeanTask {
   public:
    void eval_step(const Batch& batch, Evaluation& evaluation) override {
      const auto product = at::matmul(batch[0].unsqueeze(1), weight_);
      dtypes.insert(product.scalar_type());
      const at::NoGradGuard no_grad;
      weight_.mul_(2);
      evaluation.log("weight", product.sum() / batch[0].sum(), 1);
    }
    std::set<at::ScalarType> dtypes;

   private:
    Tensor weight_ = at::ones({1, 1}).requires_grad_();
  } task;
  SelfCommunicator self;
  const Numbers data(9);
  const BatchSource source(data, Split::test, {}, 0, at::kCPU, at::kFloat);
  const Evaluator evaluator(task, {}, self, 4, 0, at::kBFloat16);
  for (const double weight : {1, 8}) {
    const auto metrics = evaluator.run(source, "test_");
    BOOST_REQUIRE(metrics.size() == 1U);
    BOOST_TEST(metrics[0].second == weight, boost::test_tools::tolerance(0.01));
  }
  BOOST_TEST((task.dtypes == std::set<at::ScalarType>{at::kBFloat16}));
}

/// Bit for bit the same on any rank count, the short last batch and ranks without a batch included.
BOOST_AUTO_TEST_CASE(the_same_number_on_any_rank_count) {
  for (const int64_t samples : {1, 4, 9, 30}) {
    SelfCommunicator self;
    const auto reference = evaluate(self, samples, 0);
    double mean = 0;
    for (int64_t i = 0; i < samples; ++i) mean += 1.0 / static_cast<double>(i + 1);
    BOOST_TEST(reference.at(0).first == "test_loss");
    BOOST_TEST(reference.at(0).second == mean / static_cast<double>(samples), boost::test_tools::tolerance(1e-14));
    BOOST_TEST(reference.at(1).first == "test_count");
    BOOST_TEST(reference.at(1).second == static_cast<double>(samples));
    BOOST_TEST(reference.at(2).second == 1.0);
    for (const int ranks : {2, 3, 4, 8})
      dl::testing::ThreadGroup::run(ranks, [&](Communicator& communicator) {
        if (evaluate(communicator, samples, 1) != reference)
          throw Error("another number on " + std::to_string(ranks) + " ranks");
      });
  }
}

BOOST_AUTO_TEST_CASE(an_empty_split_is_refused) {
  SelfCommunicator self;
  BOOST_CHECK_THROW(evaluate(self, 0, 0), Error);
}

BOOST_AUTO_TEST_SUITE_END()
