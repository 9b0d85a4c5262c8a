#include "core/weight_average.h"

#include <c10/core/GradMode.h>

#include "core/checkpoint_tensors.h"

namespace dl::host {
namespace {

// The averaged weight; while the average is in use, and in checkpoints, the trained one.
constexpr const char* kState = "weight_average";
constexpr const char* kBuffersFile = "weight_average.buffers.safetensors";

}  // namespace

WeightAverage::WeightAverage(std::optional<EmaSettings> ema, std::optional<SwaSettings> swa, Backend& backend,
                             std::vector<OptimizerSlot>& optimizers)
    : ema_(std::move(ema)), swa_(std::move(swa)), backend_(backend), optimizers_(optimizers) {}

void WeightAverage::after_step(int64_t steps_done) {
  if (ema_ && steps_done > ema_->start_step && (steps_done - ema_->start_step - 1) % ema_->every_n_steps == 0)
    update(1 - ema_->decay);
}

void WeightAverage::after_epoch(int64_t epoch) {
  if (swa_ && epoch >= swa_->start_epoch) update(1.0 / static_cast<double>(averaged_ + 1));
}

void WeightAverage::visit_buffers(bool write, const std::function<void(Tensor& kept, Tensor& whole)>& visitor) {
  for (const auto& slot : optimizers_)
    for (const auto& network : slot.networks)
      backend_.visit(network, false, write, [&](const NetworkEntry& entry, Tensor& whole) {
        if (entry.type != NetworkEntry::Type::buffer || !whole.is_floating_point()) return;
        auto& kept = buffers_[network + "." + entry.name];
        if (kept.defined()) kept = kept.to(whole.device());  // load_buffers() left it on the CPU
        visitor(kept, whole);
      });
}

void WeightAverage::update(double share) {
  const at::NoGradGuard no_grad;
  const bool first = averaged_++ == 0;
  for (auto& slot : optimizers_)
    for (const auto& network : slot.networks)
      for (auto& param : backend_.params(network)) {
        auto& average = param.state(kState);
        if (first)
          average.copy_(param.value);
        else
          average.lerp_(param.value, share);
        if (param.make_state) backend_.after_step({});  // so that not all are in memory at once
      }
  visit_buffers(false, [&](Tensor& average, Tensor& whole) {
    if (first || !average.defined())
      average = whole.detach().clone();
    else
      average.lerp_(whole.detach(), share);
  });
}

void WeightAverage::swap() {
  if (averaged_ == 0) return;
  const at::NoGradGuard no_grad;
  std::vector<std::string> networks;
  for (auto& slot : optimizers_)
    for (const auto& network : slot.networks) {
      networks.push_back(network);
      for (auto& param : backend_.params(network)) {
        auto& other = param.state(kState);
        const auto held = param.value.clone();
        param.value.copy_(other);
        other.copy_(held);
        if (param.make_state) backend_.after_step({});  // so that not all are in memory at once
      }
    }
  backend_.after_step(networks);
  visit_buffers(true, [](Tensor& other, Tensor& whole) {
    if (!other.defined()) other = whole.detach().clone();
    const auto held = whole.detach().clone();
    whole.detach().copy_(other);
    other.copy_(held);
  });
}

void WeightAverage::save_buffers(CheckpointSink& sink) const {
  if (buffers_.empty()) return;
  sink.add({{kBuffersFile, {}}}, [&](const CheckpointSink::Visitor& visitor) {
    for (const auto& [name, buffer] : buffers_) visitor(kBuffersFile, name, buffer);
  });
}

void WeightAverage::load_buffers(const std::filesystem::path& folder) {
  if (!CheckpointTensors::exists(folder, kBuffersFile)) return;
  const CheckpointTensors file(folder, kBuffersFile);
  for (const auto& stored : file.tensors()) buffers_[stored.name] = file.read(stored.name);
}

}  // namespace dl::host
