#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dl/schema.h"
#include "dl/tensor.h"
#include "offload_file.h"

namespace parallel {

/// Of all backends of this plugin.
struct DDPOptions {
  double bucket_mb = 25;
  std::string reduce_dtype = "same";
  bool activation_checkpointing = false;
  std::string offload_optimizer;
  std::string offload_parameters;

  /// `cuts_parameters`: else they can't be offloaded.
  static dl::Schema<DDPOptions> schema(std::string doc, bool cuts_parameters = false);
  int64_t bucket_bytes() const;
  /// The dtype in which gradients travel; none: their own.
  std::optional<at::ScalarType> wire() const;
  /// The file for optimizer states, and that for parameters; null: they stay in memory. Throws Error where it can't be
  /// made, or off the CPU.
  std::shared_ptr<OffloadFile> state_file(at::Device device) const;
  std::shared_ptr<OffloadFile> parameter_file(at::Device device) const;
};

}  // namespace parallel
