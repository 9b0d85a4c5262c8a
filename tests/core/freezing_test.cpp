#include "core/freezing.h"

#include <torch/nn/modules/linear.h>

#include <boost/test/unit_test.hpp>

#include "dl/error.h"

using namespace dl;
using namespace dl::host;

namespace {

class Net : public UnaryNetwork {
 public:
  Net() : a_(register_module("a", torch::nn::Linear(2, 2))), b_(register_module("b", torch::nn::Linear(2, 2))) {}
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return b_(a_(x)); }

 private:
  torch::nn::Linear a_, b_;
};

/// Which of a.weight, a.bias, b.weight, b.bias are trained: "1111".
std::string trained(const Network& net) {
  std::string text;
  for (const auto& parameter : net.parameters()) text += parameter.requires_grad() ? '1' : '0';
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(freezing)

BOOST_AUTO_TEST_CASE(by_epoch) {
  const auto net = std::make_shared<Net>();
  Freezing freezing({{"a.*", 0, 2}, {"main.b.bias", 1, {}}}, {{"main", net}});
  const std::vector<std::string> expected{"0011", "0010", "1110", "1110"};
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    freezing.apply(epoch);
    BOOST_TEST(trained(*net) == expected[static_cast<size_t>(epoch)]);
  }
}

BOOST_AUTO_TEST_CASE(what_the_network_froze_itself_stays_frozen) {
  const auto net = std::make_shared<Net>();
  net->parameters()[0].requires_grad_(false);
  Freezing freezing({{"a.*", 0, 1}}, {{"main", net}});
  freezing.apply(0);
  BOOST_TEST(trained(*net) == "0011");
  freezing.apply(1);
  BOOST_TEST(trained(*net) == "0111");
}

BOOST_AUTO_TEST_CASE(a_rule_that_fits_nothing_is_refused) {
  const std::vector<FreezeRule> rules{{"a.wieght", 0, {}}};
  BOOST_CHECK_EXCEPTION(Freezing(rules, {{"main", std::make_shared<Net>()}}), Error, [](const Error& error) {
    return std::string(error.what()).find("fits no parameter; did you mean \"a.weight\"?") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
