#include "core/memory_check.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <utility>

#include "core/errors.h"

namespace dl::host {
namespace {

constexpr int64_t kSample = 64;  // elements

/// Bytes of states for each element, found by a step on a made-up parameter.
double state_bytes(Optimizer& optimizer, at::ScalarType dtype) {
  const at::NoGradGuard no_grad;
  Param param;
  param.value = at::zeros({kSample}, dtype);
  param.grad = at::zeros({kSample}, dtype);
  param.full_shape = {kSample};
  param.step = 1;
  std::array<Param*, 1> params{&param};
  try {
    optimizer.step(params, optimizer.base_rate());
  } catch (const std::exception&) {
    return 0;  // it wants another shape: then nothing is known
  }
  double bytes = 0;
  for (const auto& [key, state] : param.states) bytes += static_cast<double>(state.nbytes());
  return bytes / kSample;
}

std::string gibibytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GiB", bytes / (1 << 30));
  return text;
}

int64_t read_number(const char* file) {
  std::ifstream in(file);
  int64_t value = -1;
  return in >> value ? value : -1;
}

}  // namespace

int64_t available_memory() {
  int64_t available = std::numeric_limits<int64_t>::max();
  std::ifstream in("/proc/meminfo");
  for (std::string word; in >> word;) {
    int64_t kilobytes = 0;
    if (word == "MemAvailable:" && in >> kilobytes) available = kilobytes * 1024;
  }
  const auto limit = read_number("/sys/fs/cgroup/memory.max"), used = read_number("/sys/fs/cgroup/memory.current");
  if (limit > 0 && used >= 0) available = std::min(available, std::max<int64_t>(0, limit - used));
  return available;
}

int64_t memory_to_come(Objects& objects) {
  double bytes = 0;
  std::map<std::pair<Optimizer*, at::ScalarType>, double> of_states;
  for (const auto& slot : objects.optimizers)
    for (const auto& network : slot.networks)
      for (const auto& param : objects.backend->params(network)) {
        if (!param.value.is_cpu()) continue;
        if (!param.grad.defined()) bytes += static_cast<double>(param.value.nbytes());
        if (!param.states.empty() || param.make_state) continue;  // there already, or kept elsewhere
        const auto group = slot.group_of(network, param.name);
        auto* optimizer = (group < slot.groups.size() ? slot.groups[group].optimizer : slot.optimizer).get();
        const auto dtype = param.value.scalar_type();
        const auto [each, first] = of_states.try_emplace({optimizer, dtype});
        if (first) each->second = state_bytes(*optimizer, dtype);
        bytes += each->second * static_cast<double>(param.value.numel());
      }
  return static_cast<int64_t>(bytes);
}

void check_memory(Objects& objects, const Launch& launch) {
  const auto each = static_cast<double>(memory_to_come(objects));
  const auto available = static_cast<double>(available_memory());
  const double all = each * launch.local_size;
  if (all <= available) return;
  throw UsageError("the run does not fit this host: gradients and optimizer states take " + gibibytes(each) +
                   " more for each of its " + std::to_string(launch.local_size) + " rank(s), " + gibibytes(all) +
                   " in all, and " + gibibytes(available) +
                   " are free; `dlhost plan CFG.toml --ranks N` says what each backend needs (deepspeed_stage_1 to 3 "
                   "cut it over ranks)");
}

}  // namespace dl::host
