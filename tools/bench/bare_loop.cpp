// The training step as a user of LibTorch would write it without dlhost: one process, the same network, batch size,
// optimizer kernel and allocator settings, on made-up samples in memory. Prints a line "RESULT {json}" with the median
// step after 5 that don't count.
//   bench_bare_loop cnn|resnet18|mlp_big BATCH STEPS THREADS sgd|adamw
#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randperm.h>
#include <ATen/ops/zeros_like.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "bare_networks.h"

namespace {

constexpr int64_t kWarmUp = 5;

struct Setup {
  std::shared_ptr<bare::Net> net;
  std::vector<int64_t> shape;
  int64_t classes;
};

Setup setup(std::string_view model) {
  if (model == "cnn") return {std::make_shared<bare::Cnn>(), {1, 28, 28}, 10};
  if (model == "resnet18") return {std::make_shared<bare::ResNet18>(), {3, 32, 32}, 10};
  if (model == "mlp_big") return {std::make_shared<bare::Mlp>(), {2048}, 2048};
  std::fprintf(stderr, "no such model\n");
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: %s MODEL BATCH STEPS THREADS sgd|adamw\n", argv[0]), 2;
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
  const int64_t batch = std::atoll(argv[2]), steps = std::atoll(argv[3]) + kWarmUp;
  at::set_num_threads(std::atoi(argv[4]));
  const bool sgd = std::string_view(argv[5]) == "sgd";
  at::manual_seed(0);
  auto [net, shape, classes] = setup(argv[1]);
  shape.insert(shape.begin(), batch * steps);
  const auto samples = at::randn(shape, at::kFloat);
  const auto labels = at::randint(0, classes, {batch * steps}, at::kLong);
  const auto order = at::randperm(batch * steps, at::kLong);

  std::vector<at::Tensor> params = net->parameters(), means, squares, counts;
  const auto count = at::full({}, 0, at::kFloat);
  for (auto& param : params) {
    means.push_back(at::zeros_like(param));
    if (!sgd) squares.push_back(at::zeros_like(param));
    counts.push_back(count);
  }
  std::vector<double> seconds;
  auto last = std::chrono::steady_clock::now();
  double loss_sum = 0;
  for (int64_t step = 0; step < steps; ++step) {
    const auto rows = order.narrow(0, step * batch, batch);
    const auto loss = at::cross_entropy_loss(net->forward(samples.index_select(0, rows)), labels.index_select(0, rows));
    loss.backward();
    std::vector<at::Tensor> grads;
    for (auto& param : params) grads.push_back(std::exchange(param.mutable_grad(), at::Tensor()));
    {
      const at::NoGradGuard no_grad;
      if (sgd) {
        at::_fused_sgd_(params, grads, means, 0.01, 0.9, 0.01, 0.0, false, false, step == 0);
      } else {
        count.add_(1);
        at::_fused_adamw_(params, grads, means, squares, {}, counts, 1e-3, 0.9, 0.999, 0.01, 1e-8, false, false);
      }
    }
    if (step % 10 == 9) loss_sum += loss.item<double>();
    const auto now = std::chrono::steady_clock::now();
    if (step >= kWarmUp) seconds.push_back(std::chrono::duration<double>(now - last).count());
    last = now;
  }
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double part) {
    return 1000 * seconds[static_cast<size_t>(part * static_cast<double>(seconds.size() - 1))];
  };
  std::printf(
      "RESULT {\"ms_step\": %.4f, \"ms_p10\": %.4f, \"ms_p90\": %.4f, \"samples_s\": %.1f, \"mean_loss\": %.4f}\n",
      at(0.5), at(0.1), at(0.9), 1000 * static_cast<double>(batch) / at(0.5),
      loss_sum / static_cast<double>(std::max<int64_t>(1, steps / 10)));
}
