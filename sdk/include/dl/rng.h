#pragma once
#include <ATen/core/PhiloxRNGEngine.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "dl/tensor.h"

namespace dl {

/// A random generator that is a pure function of (seed, purpose, step, index): whoever asks for the same four gets the
/// same numbers, on any rank, thread or resumed run. Counter-based: Philox 4x32-10 (Salmon et al., SC'11), as in ATen.
/// One object belongs to one thread; making one costs nothing.
class DL_API Rng {
 public:
  /// `purpose` names the use ("shuffle", "augment", "noise", …); `step` and `index` count within it.
  Rng(uint64_t seed, std::string_view purpose, uint64_t step = 0, uint64_t index = 0);

  uint64_t next();               ///< 64 uniform bits
  double uniform();              ///< in [0, 1), 53 bits
  double normal();               ///< mean 0, variance 1 (Box-Muller)
  int64_t below(int64_t bound);  ///< uniform in [0, bound), without bias; bound > 0
  bool chance(double probability) { return uniform() < probability; }

  /// float32 tensors on the CPU, filled element by element from this generator.
  Tensor normal(at::IntArrayRef shape);
  Tensor uniform(at::IntArrayRef shape);
  /// A permutation of 0 … size-1 (Fisher-Yates).
  std::vector<int64_t> permutation(int64_t size);

 private:
  at::Philox4_32 engine_;
};

/// One 64-bit number from (seed, purpose, step, index), well mixed: to seed another library's generator.
DL_API uint64_t derive_seed(uint64_t seed, std::string_view purpose, uint64_t step = 0, uint64_t index = 0);

}  // namespace dl
