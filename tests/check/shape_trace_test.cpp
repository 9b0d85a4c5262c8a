#include "core/shape_trace.h"

#include <ATen/ops/ones.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <boost/test/unit_test.hpp>

#include "core/shape_text.h"

using dl::host::shape_text;
using dl::host::ShapeTrace;

namespace {

struct Net {
  torch::nn::Conv2d conv{torch::nn::Conv2dOptions(1, 4, 3).padding(1)};
  torch::nn::Linear fc{4 * 8 * 8, 3};
  std::vector<std::pair<std::string, at::Tensor>> parameters() const {
    return {{"conv.weight", conv->weight},
            {"conv.bias", conv->bias},
            {"block.fc.weight", fc->weight},
            {"block.fc.bias", fc->bias}};
  }
  at::Tensor forward(const at::Tensor& x) { return fc(conv(x).relu().flatten(1)); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shape_trace)

BOOST_AUTO_TEST_CASE(layers_in_order) {
  Net net;
  ShapeTrace trace(net.parameters());
  {
    const ShapeTrace::Listen listen(trace);
    net.forward(at::ones({2, 1, 8, 8}));
  }
  BOOST_REQUIRE_EQUAL(trace.layers().size(), 2U);
  const auto& [conv, fc] = std::tie(trace.layers()[0], trace.layers()[1]);
  BOOST_TEST(conv.name == "conv");
  BOOST_TEST(conv.operation == "conv2d");
  BOOST_TEST(conv.input == "[2, 1, 8, 8] float32");
  BOOST_TEST(conv.output == "[2, 4, 8, 8] float32");
  BOOST_TEST(fc.name == "block.fc");
  BOOST_TEST(fc.operation == "addmm");
  BOOST_TEST(fc.input == "[2, 256] float32");
  BOOST_TEST(fc.output == "[2, 3] float32");
  BOOST_TEST(trace.failed() == "");
}

BOOST_AUTO_TEST_CASE(the_backward_pass_has_no_layers) {
  Net net;
  ShapeTrace trace(net.parameters());
  net.forward(at::ones({2, 1, 8, 8})).sum().backward();
  BOOST_TEST(trace.layers().empty());
}

BOOST_AUTO_TEST_CASE(what_failed) {
  Net net;
  ShapeTrace trace(net.parameters());
  BOOST_CHECK_THROW(net.forward(at::ones({2, 1, 6, 6})), c10::Error);
  BOOST_TEST(trace.failed() ==
             "block.fc (addmm), given [2, 144] float32 and block.fc.bias [3], block.fc.weight [3, 256]");
}

BOOST_AUTO_TEST_CASE(it_ends_with_the_object) {
  Net net;
  { const ShapeTrace trace(net.parameters()); }
  ShapeTrace trace({});
  const ShapeTrace::Listen listen(trace);
  net.forward(at::ones({1, 1, 8, 8}));
  BOOST_TEST(trace.layers().empty());  // it knows no parameters
}

BOOST_AUTO_TEST_CASE(texts) {
  BOOST_TEST(shape_text(at::ones({}, at::kDouble)) == "[] float64");
  BOOST_TEST(shape_text(at::ones({3, 1}, at::kLong)) == "[3, 1] int64");
  BOOST_TEST(shape_text({}) == "no tensor");
}

BOOST_AUTO_TEST_SUITE_END()
