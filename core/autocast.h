#pragma once
#include <optional>

#include "dl/tensor.h"

namespace dl::host {

/// As torch.autocast: while it lives, products and convolutions on `device` that this thread calls run in `dtype`, and
/// what needs range or precision (losses, sums) in float32. nullopt: it is off. Not for backward passes: each
/// operator's runs in the dtype of its forward by itself.
class Autocast {
 public:
  /// Keeps the casts of parameters while it lives, for all Autocast objects within; without one, each has its own. The
  /// parameters must not change meanwhile. As in torch, one that is first cast where gradients are off gets none
  /// afterwards.
  class Cache {
   public:
    Cache();
    ~Cache();
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;
  };

  Autocast(std::optional<at::ScalarType> dtype, at::DeviceType device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  const Cache cache_;
  at::DeviceType device_;
  bool enabled_before_;
  at::ScalarType dtype_before_;
};

}  // namespace dl::host
