// The training step of configs/fashion_mnist_cnn.toml as a user of LibTorch would write it without dlhost: one process, the
// same network, batch, optimizer kernel and allocator settings, on made-up images of the same shape. Prints samples/s.
//   bench_bare_loop STEPS
#include <ATen/Parallel.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros_like.h>
#include <malloc.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <random>

namespace {

struct Cnn : torch::nn::Module {
  torch::nn::Conv2d conv1{torch::nn::Conv2dOptions(1, 32, 3).padding(1)}, conv2{torch::nn::Conv2dOptions(32, 64, 3).padding(1)};
  torch::nn::Linear fc1{64 * 7 * 7, 64}, fc2{64, 10};
  Cnn() {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("fc1", fc1);
    register_module("fc2", fc2);
  }
  at::Tensor forward(at::Tensor x) {
    x = at::max_pool2d(conv1(x.reshape({x.size(0), 28, 28, 1}).permute({0, 3, 1, 2})), 2).relu_();  // channels last
    x = at::max_pool2d(conv2(x), 2).relu_();
    return fc2(at::relu(fc1(x.flatten(1))));
  }
};

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
  at::set_num_threads(1);
  at::manual_seed(0);
  const int64_t steps = argc > 1 ? std::atoll(argv[1]) : 900;
  constexpr int64_t kSamples = 60'000, kBatch = 64;
  const auto images = at::randint(0, 256, {kSamples, 1, 28, 28}, at::kByte);
  const auto labels = at::randint(0, 10, {kSamples}, at::kLong);
  std::vector<int64_t> order(kSamples);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(0));
  const auto order_tensor = at::from_blob(order.data(), {kSamples}, at::kLong);

  Cnn cnn;
  std::vector<at::Tensor> params = cnn.parameters(), grads, momenta;
  for (auto& param : params) {
    param.mutable_grad() = at::zeros_like(param);
    grads.push_back(param.grad());
    momenta.push_back(at::zeros_like(param));
  }
  const auto start = std::chrono::steady_clock::now();
  double loss_sum = 0;
  for (int64_t step = 0; step < steps; ++step) {
    const auto rows = order_tensor.narrow(0, step * kBatch % (kSamples - kBatch), kBatch);
    const auto x = images.index_select(0, rows).to(at::kFloat).div_(255).sub_(0.2860).div_(0.3530);
    const auto y = labels.index_select(0, rows);
    for (auto& grad : grads) grad.zero_();
    auto loss = at::cross_entropy_loss(cnn.forward(x), y);
    loss.backward();
    const at::NoGradGuard no_grad;
    at::_fused_sgd_(params, grads, momenta, 1e-4, 0.9, 0.02, 0.0, false, false, step == 0);
    if (step % 10 == 9) loss_sum += loss.item<double>();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.1f samples/s  (%.3f ms a step, mean logged loss %.4f)\n", static_cast<double>(steps * kBatch) / seconds,
              seconds * 1000 / static_cast<double>(steps), loss_sum / std::max<int64_t>(1, steps / 10));
}
