#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "dl/schema.h"
#include "dl/tensor.h"

namespace parallel {

/// Of all backends of this plugin.
struct DDPOptions {
  double bucket_mb = 25;
  std::string reduce_dtype = "same";
  bool activation_checkpointing = false;

  static dl::Schema<DDPOptions> schema(std::string doc);
  int64_t bucket_bytes() const;
  /// The dtype in which gradients travel; none: their own.
  std::optional<at::ScalarType> wire() const;
};

}  // namespace parallel
