// ResNets and the MLP against torchvision and PyTorch: names, initial weights, forward and backward.
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <torch/utils.h>

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "dl/network.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "vision_plugin.h"

using support::table;

namespace {

struct NoBuild : dl::Build {
  void created(dl::UnitState&) override {}
};

const std::map<std::string, std::vector<double>>& expected() {
  static const auto numbers = oracle::read("deep_networks");
  return numbers;
}

std::shared_ptr<dl::Network> make(const std::string& type, const dl::Value& params = {}) {
  at::set_num_threads(1);  // threads that wait for each other on busy cores take ten times as long
  static NoBuild build;
  return plugin().make<dl::Network>(type, params, static_cast<dl::Build*>(&build));
}

/// Parameters and buffers, module by module: the order of PyTorch's state_dict().
void collect(const torch::nn::Module& module, const std::string& prefix,
             std::vector<std::pair<std::string, dl::Tensor>>& state) {
  for (const auto& item : module.named_parameters(/*recurse=*/false))
    state.emplace_back(prefix + item.key(), item.value());
  for (const auto& item : module.named_buffers(/*recurse=*/false))
    state.emplace_back(prefix + item.key(), item.value());
  for (const auto& child : module.named_children()) collect(*child.value(), prefix + child.key() + ".", state);
}
std::vector<std::pair<std::string, dl::Tensor>> state_of(const dl::Network& net) {
  std::vector<std::pair<std::string, dl::Tensor>> state;
  collect(net, "", state);
  return state;
}

/// deep_networks.py: names().
void check_names(const std::string& key, const dl::Network& net) {
  std::string text;
  const auto state = state_of(net);
  for (const auto& [name, tensor] : state) {
    text += name + " [";
    for (int64_t i = 0; i < tensor.dim(); ++i) text += (i ? ", " : "") + std::to_string(tensor.size(i));
    text += "]\n";
  }
  const auto& wanted = expected().at(key + " names");
  BOOST_CHECK_EQUAL(static_cast<double>(state.size()), wanted[0]);
  BOOST_CHECK_EQUAL(static_cast<double>(oracle::fnv1a(text) >> 11), wanted[1]);
}

/// deep_networks.py: fill().
void fill(dl::Network& net) {
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_of(net)) {
    if (tensor.dim() == 0) continue;
    auto values = oracle::hashed(tensor.sizes(), name);
    if (tensor.dim() > 1)
      values.mul_(std::sqrt(6.0 / static_cast<double>(tensor.numel() / tensor.size(0))));
    else if (name.ends_with("running_var") || name.ends_with(".weight"))
      values.mul_(0.5).add_(1);
    else
      values.mul_(0.1);
    tensor.copy_(values);
  }
}

/// deep_networks.py: record(). `each`: every tensor of the state_dict has its line.
void check(const std::string& key, dl::Network& net, const dl::Tensor& x, bool each) {
  BOOST_TEST_CONTEXT(key) {
    check_names(key, net);
    net.to(at::kDouble);
    fill(net);
    net.eval();
    support::check_close(oracle::flat(net(x)), expected().at(key + " eval"), 1e-10, 1e-10);
    net.train();
    const auto logits = net(x);
    support::check_close(oracle::flat(logits), expected().at(key + " train"), 1e-10, 1e-10);
    at::cross_entropy_loss(logits, at::arange(x.size(0), at::kLong).remainder_(logits.size(1))).backward();
    std::map<std::string, double> sums;
    size_t lines = 0;
    for (const auto& [name, tensor] : state_of(net)) BOOST_TEST_CONTEXT(name) {
        const auto held = tensor.grad().defined() ? tensor.grad() : tensor.detach();
        const auto projection = (held * oracle::hashed(tensor.sizes(), name)).sum().item<double>();
        sums[tensor.grad().defined() ? "gradients" : "buffers"] += projection;
        const auto wanted = expected().find(key + " " + name);
        if (wanted == expected().end()) continue;
        ++lines;
        const auto norm = held.to(at::kDouble).norm().item<double>();
        support::check_close({projection}, {wanted->second[0]}, 0, 1e-10 * norm);
        support::check_close({norm}, {wanted->second[1]}, 1e-10, 1e-14);
      }
    BOOST_CHECK_EQUAL(lines, each ? state_of(net).size() : 12);
    for (const auto& [what, sum] : sums) support::check_close({sum}, expected().at(key + " all " + what), 1e-10, 1e-9);
  }
}

void check_initial(const std::string& key, const std::string& type, const dl::Value& params) {
  torch::manual_seed(7);
  const auto net = make(type, params);
  for (const auto& item : net->named_parameters()) BOOST_TEST_CONTEXT(item.key()) {
      const auto p = item.value().detach().to(at::kDouble).flatten();
      support::check_close(
          {p.sum().item<double>(), p.square().sum().item<double>(), p[0].item<double>(), p[-1].item<double>()},
          expected().at(key + " init " + item.key()), 1e-9, 1e-7);
    }
}

const dl::Tensor& colour() {
  static const auto images = oracle::hashed({3, 3, 33, 40}, "images");
  return images;
}

}  // namespace

BOOST_AUTO_TEST_CASE(initial_weights_equal_pytorchs_of_the_same_seed) {
  check_initial("resnet18", "ResNet18", table({{"num_classes", 7}, {"zero_init_residual", true}}));
  check_initial("mlp", "MLP", table({{"in_features", 12}, {"width", 16}, {"layers", 3}, {"out_features", 5}}));
}

BOOST_AUTO_TEST_CASE(resnets_equal_torchvisions) {
  check("resnet18", *make("ResNet18", table({{"num_classes", 7}})), colour(), true);
  check("resnet34", *make("ResNet34", table({{"num_classes", 2}})), colour(), false);
  check("resnet50", *make("ResNet50", table({{"num_classes", 2}})), colour(), true);
  check("resnet101", *make("ResNet101", table({{"num_classes", 2}})), colour(), false);
  check("resnet152", *make("ResNet152", table({{"num_classes", 2}})), colour(), false);
}

BOOST_AUTO_TEST_CASE(the_stem_for_small_images) {
  check("resnet18 cifar", *make("ResNet18", table({{"num_classes", 3}, {"num_channels", 1}, {"stem", "cifar"}})),
        oracle::hashed({3, 1, 12, 20}, "images"), true);
}

BOOST_AUTO_TEST_CASE(float32_gives_the_same_by_other_kernels) {
  for (const int64_t channels : {1, 3}) {
    const auto net = make("ResNet18", table({{"num_classes", 3}, {"num_channels", channels}, {"stem", "cifar"}}));
    const auto x = oracle::hashed({3, channels, 12, 20}, "images");
    net->to(at::kDouble);
    fill(*net);
    const auto exact = (*net)(x);
    net->to(at::kFloat);
    support::check_close(oracle::flat((*net)(x.to(at::kFloat))), oracle::flat(exact), 1e-4, 1e-4);
  }
}

BOOST_AUTO_TEST_CASE(zero_init_residual_begins_blocks_as_the_identity) {
  for (const bool zero : {false, true}) {
    const auto net = make("ResNet50", table({{"zero_init_residual", zero}}));
    const auto parameters = net->named_parameters();
    BOOST_CHECK_EQUAL(parameters["layer2.1.bn3.weight"].sum().item<double>(), zero ? 0 : 512);
    BOOST_CHECK_EQUAL(parameters["layer2.1.bn2.weight"].sum().item<double>(), 128);
  }
}

BOOST_AUTO_TEST_CASE(every_block_is_a_unit) {
  BOOST_CHECK_EQUAL(make("ResNet18")->units().size(), 8U);
  BOOST_CHECK_EQUAL(make("ResNet152")->units().size(), 50U);
  const auto units = make("ResNet34")->units();
  BOOST_REQUIRE_EQUAL(units.size(), 16U);
  BOOST_CHECK_EQUAL(units[3]->name, "layer2.0");
  BOOST_CHECK_EQUAL(make("MLP")->units().at(2)->name, "4");
}

BOOST_AUTO_TEST_CASE(the_mlp_equals_pytorchs) {
  const auto params = table({{"in_features", 12}, {"width", 16}, {"layers", 3}, {"out_features", 5}});
  check("mlp", *make("MLP", params), oracle::hashed({4, 3, 2, 2}, "images"), true);
  const auto one = table({{"in_features", 12}, {"layers", 1}, {"out_features", 5}});
  check("mlp one layer", *make("MLP", one), oracle::hashed({4, 12}, "images"), true);
  const auto big = make("MLP", table({{"in_features", 2048}, {"width", 2048}, {"layers", 24}, {"out_features", 2048}}));
  check_names("mlp_big", *big);
}

BOOST_AUTO_TEST_CASE(inputs_and_options_that_do_not_fit_are_refused) {
  BOOST_CHECK_EXCEPTION(make("ResNet18", table({{"stem", "cifar10"}})), dl::Error,
                        support::says({"\"stem\"", "imagenet", "cifar", "cifar10"}));
  BOOST_CHECK_THROW(make("ResNet18", table({{"num_classes", 0}})), dl::Error);
  const auto net = make("ResNet18");
  for (const auto& shape : std::vector<std::vector<int64_t>>{{2, 1, 32, 32}, {3, 32, 32}})
    BOOST_CHECK_EXCEPTION((*net)(at::zeros(shape)), dl::Error, support::says({"[B, 3, H, W]", "num_channels"}));
  BOOST_CHECK_THROW(make("MLP", table({{"layers", 0}})), dl::Error);
  const auto mlp = make("MLP");
  for (const auto& shape : std::vector<std::vector<int64_t>>{{2, 3, 28, 28}, {784}, {2, 28}})
    BOOST_CHECK_EXCEPTION((*mlp)(at::zeros(shape)), dl::Error, support::says({"784", "in_features"}));
}

/// Autocast casts each weight once, however often the network runs, until its cache is cleared.
BOOST_AUTO_TEST_CASE(the_mlps_weights_are_cast_once) {
  const auto network = make("MLP", table({{"in_features", 4}, {"width", 4}, {"out_features", 2}}));
  const auto x = oracle::hashed({2, 4}, "images").to(at::kFloat);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const auto before = (*network)(x);
  {
    const at::NoGradGuard no_grad;
    for (auto& parameter : network->parameters()) parameter.mul_(2);
  }
  const auto kept = (*network)(x);
  at::autocast::clear_cache();
  const auto after = (*network)(x);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  BOOST_TEST(before.scalar_type() == at::kBFloat16);
  BOOST_TEST(at::equal(kept, before));
  BOOST_TEST(!at::equal(after, before));
}
