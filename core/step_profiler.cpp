#include "core/step_profiler.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <set>

namespace dl::host {

namespace impl = torch::profiler::impl;

StepProfiler::StepProfiler(const ProfileSettings& settings, std::filesystem::path file)
    : settings_(settings), file_(std::move(file)) {}

StepProfiler::~StepProfiler() {
  if (recording_) finish();
}

void StepProfiler::before_step(int64_t step) {
  if (recording_ || step != settings_.start_step) return;
  const impl::ProfilerConfig config(impl::ProfilerState::KINETO, /*report_input_shapes=*/true);
  const std::set<impl::ActivityType> activities{impl::ActivityType::CPU};
  torch::autograd::profiler::prepareProfiler(config, activities);
  torch::autograd::profiler::enableProfiler(
      config, activities, {at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE});
  recording_ = true;
}

bool StepProfiler::after_step(int64_t step) {
  if (!recording_ || step + 1 < settings_.start_step + settings_.num_steps) return false;
  finish();
  return true;
}

void StepProfiler::finish() {
  recording_ = false;
  const auto result = torch::autograd::profiler::disableProfiler();
  std::filesystem::create_directories(file_.parent_path());
  result->save(file_.string());
}

}  // namespace dl::host
