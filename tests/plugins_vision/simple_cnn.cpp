#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/utils.h>

#include <boost/test/unit_test.hpp>

#include "dl/network.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "vision_plugin.h"

using support::table;

namespace {

struct NoBuild : dl::Build {
  void created(dl::UnitState&) override {}
};

std::shared_ptr<dl::Network> make(const dl::Value& params = {}) {
  static NoBuild build;
  return plugin().make<dl::Network>("SimpleCNN", params, static_cast<dl::Build*>(&build));
}

/// simple_cnn.py: summary().
std::vector<double> summary(const dl::Tensor& tensor) {
  const auto values = tensor.detach().to(at::kDouble).flatten();
  return {values.sum().item<double>(), values.square().sum().item<double>(), values[0].item<double>(),
          values[-1].item<double>()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(initial_weights_equal_pytorchs_of_the_same_seed) {
  torch::manual_seed(7);
  const auto net = make();
  auto expected = oracle::read("simple_cnn");
  int64_t count = 0;
  for (const auto& item : net->named_parameters()) {
    BOOST_TEST_CONTEXT(item.key())
    support::check_close(summary(item.value()), expected.at("init " + item.key()), 1e-9, 1e-9);
    count += item.value().numel();
  }
  BOOST_CHECK_EQUAL(count, 220234);
  BOOST_CHECK_EQUAL(net->named_parameters().size(), 8);
}

BOOST_AUTO_TEST_CASE(logits_and_gradients_equal_pytorchs) {
  auto expected = oracle::read("simple_cnn");
  for (const auto& [key, params] : {std::pair{std::string("grey"), dl::Value()},
                                    {"colour", table({{"num_classes", 3}, {"num_channels", 3}, {"image_size", 8}})}})
    BOOST_TEST_CONTEXT(key) {
      const auto net = make(params);
      net->to(at::kDouble);
      int64_t salt = 0;
      for (auto& parameter : net->parameters()) parameter.set_data(oracle::pattern(parameter.sizes(), ++salt, 32));
      const int64_t channels = key == "grey" ? 1 : 3, size = key == "grey" ? 28 : 8;
      const auto logits = (*net)(oracle::pattern({2, channels, size, size}, 9));
      support::check_close(oracle::flat(logits), expected.at(key + " logits"), 1e-12, 1e-12);
      at::cross_entropy_loss(logits, at::tensor({1, 2}, at::kLong)).backward();
      for (const auto& item : net->named_parameters()) BOOST_TEST_CONTEXT(item.key())
      support::check_close(summary(item.value().grad()), expected.at(key + " grad " + item.key()), 1e-11, 1e-12);
    }
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_fit_are_refused) {
  BOOST_CHECK_EXCEPTION(make(table({{"image_size", 30}})), dl::Error,
                        support::says({"\"image_size\"", "multiple of 4", "30"}));
  BOOST_CHECK_THROW(make(table({{"num_classes", 0}})), dl::Error);
  const auto net = make();
  for (const auto& shape : std::vector<std::vector<int64_t>>{{2, 3, 28, 28}, {2, 1, 32, 32}, {2, 28, 28}})
    BOOST_CHECK_EXCEPTION((*net)(at::zeros(shape)), dl::Error, support::says({"[B, 1, 28, 28]", "num_channels"}));
}
