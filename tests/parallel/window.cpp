#include "window.h"

#include <algorithm>
#include <stdexcept>

namespace dl::testing {

Rows share(int64_t rows, const Communicator& communicator) {
  const int64_t rank = communicator.rank(), size = communicator.size();
  const auto begin = [&](int64_t r) { return r * (rows / size) + std::min(r, rows % size); };
  return {begin(rank), begin(rank + 1)};
}

std::vector<Rows> cut(Rows rows, int parts) {
  std::vector<Rows> cuts;
  for (int64_t i = 0; i < parts; ++i)
    cuts.push_back({rows.begin + rows.size() * i / parts, rows.begin + rows.size() * (i + 1) / parts});
  return cuts;
}

parallel::DDP make_ddp(Communicator& communicator, bool overlap, double bucket_mb) {
  return {parallel::DDPOptions{bucket_mb}, BackendContext{communicator, communicator, at::kCPU, overlap}};
}

Tensor squared_error(const Tensor& prediction, const Tensor& target) {
  return prediction.sub(target).square().sum(1).mean();
}

double update(dl::Backend& ddp, const std::vector<std::string>& networks, const std::vector<Rows>& micro_batches,
              int64_t total, const LossOnRows& loss) {
  ddp.begin_update(networks);
  double totals[] = {0.0};
  for (size_t i = 0; i < micro_batches.size(); ++i) {
    const auto rows = static_cast<double>(micro_batches[i].size());
    ddp.backward(loss(micro_batches[i]), rows / static_cast<double>(total), i + 1 == micro_batches.size());
    totals[0] += rows;
  }
  ddp.end_update(networks, totals);
  return totals[0];
}

std::vector<NamedTensor> plain_gradients(torch::nn::Module& module, const Tensor& loss) {
  module.zero_grad();
  loss.backward();
  std::vector<NamedTensor> gradients;
  for (const auto& item : module.named_parameters()) {
    const auto& gradient = item.value().grad();
    gradients.push_back({item.key(), gradient.defined() ? gradient.clone() : gradient});
  }
  return gradients;
}

double largest_difference(parallel::DDP& ddp, const std::string& network, const std::vector<NamedTensor>& expected) {
  double largest = 0;
  for (const auto& param : ddp.params(network)) {
    const auto found = std::find_if(expected.begin(), expected.end(),
                                    [&](const NamedTensor& gradient) { return gradient.name == param.name; });
    if (found == expected.end() || !found->tensor.defined()) throw std::runtime_error("no gradient of " + param.name);
    largest = std::max(largest, param.grad.sub(found->tensor).abs().max().item<double>());
  }
  return largest;
}

}  // namespace dl::testing
