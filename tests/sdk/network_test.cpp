#include "dl/network.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>

#include "dl/error.h"

namespace {

struct BlockImpl : torch::nn::Module {
  dl::Tensor w = register_parameter("w", at::ones({2}));
  dl::Tensor forward(const dl::Tensor& x) { return x * w; }
};

struct PairImpl : torch::nn::Module {
  dl::Tensors forward(const dl::Tensor& a, const dl::Tensor& b) { return {a + b, a - b}; }
};

class Net : public dl::UnaryNetwork {
 public:
  explicit Net(dl::Build& build)
      : block_(unit(build, "block", [] { return std::make_shared<BlockImpl>(); })),
        pair_(unit(build, "pair", [] { return std::make_shared<PairImpl>(); })) {}
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override {
    const auto both = pair_(block_(x), x);
    return both[0] + both[1];
  }

 private:
  dl::Unit<BlockImpl> block_;
  dl::Unit<PairImpl> pair_;
};

class Recorder : public dl::Build, public dl::UnitRunner {
 public:
  void created(dl::UnitState& unit) override {
    names.push_back(unit.name);
    if (runs) unit.runner = this;
  }
  dl::Tensors run(dl::UnitState& unit, dl::Tensors inputs,
                  const std::function<dl::Tensors(dl::Tensors)>& forward) override {
    called.push_back(unit.name + std::to_string(inputs.size()));
    return forward(std::move(inputs));
  }
  std::vector<std::string> names, called;
  bool runs = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(units_are_announced_and_run) {
  Recorder plain, hooked;
  hooked.runs = true;
  Net a(plain), b(hooked);
  const auto x = at::ones({3, 2}) * 5;
  const auto y = a(x);
  BOOST_TEST(plain.names.size() == 2U);
  BOOST_TEST(plain.names.at(0) == "block");
  BOOST_TEST(at::equal(b(x), y));
  BOOST_TEST(hooked.called.size() == 2U);
  BOOST_TEST(hooked.called.at(0) == "block1");
  BOOST_TEST(hooked.called.at(1) == "pair2");
  BOOST_TEST(a.named_parameters().keys().at(0) == "block.w");
}

BOOST_AUTO_TEST_CASE(names_with_dots_are_modules_in_modules) {
  struct Deep : dl::UnaryNetwork {
    explicit Deep(dl::Build& build) {
      for (const char* path : {"layer1.0", "layer1.1", "layer1.1.more", "layer2.0"})
        unit(build, path, [] { return std::make_shared<BlockImpl>(); });
    }
    using dl::UnaryNetwork::forward;
    dl::Tensor forward(const dl::Tensor& x) override { return x; }
    using dl::Network::register_at;
  };
  Recorder build;
  Deep net(build);
  const std::vector<std::string> expected{"layer1.0.w", "layer1.1.w", "layer1.1.more.w", "layer2.0.w"};
  BOOST_TEST(net.named_parameters().keys() == expected, boost::test_tools::per_element());
  BOOST_TEST(build.names.at(2) == "layer1.1.more");
  net.eval();
  BOOST_TEST(!net.units()[2]->module->is_training());
  for (const char* path : {"layer1.0", "layer2", "layer3.", ".0", ""})
    BOOST_CHECK_THROW(net.register_at(path, std::make_shared<BlockImpl>()), std::exception);
}

BOOST_AUTO_TEST_CASE(one_input_only) {
  Recorder build;
  Net net(build);
  dl::Network& general = net;
  BOOST_CHECK_THROW(general.forward({at::ones({2}), at::ones({2})}), dl::Error);
}

BOOST_AUTO_TEST_SUITE_END()
