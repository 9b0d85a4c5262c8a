#pragma once
#include <cstdint>
#include <filesystem>

#include "core/settings.h"

namespace dl::host {

/// Records operators, and the phases of each step, from `start_step` on, by LibTorch's own profiler (Kineto), and
/// writes a Chrome trace: chrome://tracing and ui.perfetto.dev open it. Training thread of one rank.
class StepProfiler {
 public:
  StepProfiler(const ProfileSettings& settings, std::filesystem::path file);
  /// Ends a recording under way, writing what there is.
  ~StepProfiler();
  StepProfiler(const StepProfiler&) = delete;
  StepProfiler& operator=(const StepProfiler&) = delete;

  void before_step(int64_t step);
  /// True when the trace was written.
  bool after_step(int64_t step);
  const std::filesystem::path& file() const { return file_; }

 private:
  void finish();

  ProfileSettings settings_;
  std::filesystem::path file_;
  bool recording_ = false;
};

}  // namespace dl::host
