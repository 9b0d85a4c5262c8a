#pragma once
#include <array>
#include <mutex>

#include "dl/data.h"
#include "dl/schema.h"

namespace vision {

/// Made-up samples for tests and timing, learnable: each class has a fixed pattern of normal numbers, each sample is
/// its class's pattern plus normal noise. A sample is a pure function of (seed, split, index). Fields: 0 the image,
/// float32 [B, shape…]; 1 the label, int64 [B]; the split predict has the test images alone. Samples are made when they
/// are asked for, some 20 ns an element; with `in_memory` each split once, and then copied.
class Synthetic : public dl::Data {
 public:
  struct Options {
    std::vector<int64_t> shape = {1, 28, 28};
    int64_t num_classes = 10;
    int64_t train_size = 1024, validation_size = 256, test_size = 256;
    int64_t seed = 0;
    double noise = 1;
    bool in_memory = false;
  };
  static dl::Schema<Options> schema();
  explicit Synthetic(const Options& options);

  int64_t size(dl::Split split) const override;
  dl::Sample get(dl::Split split, int64_t index, dl::Rng& rng) const override;
  bool has_batches() const override { return true; }
  dl::Tensors get_batch(dl::Split split, std::span<const int64_t> indices) const override;
  dl::Value info() const override;

 private:
  /// A split's samples, made at the first use.
  struct Kept {
    std::once_flag once;
    dl::Tensor samples_ND, labels_N;
  };
  void check_index(dl::Split split, int64_t index) const;
  /// Writes the sample to `values` and returns its label.
  int64_t make(dl::Split split, int64_t index, float* values) const;
  const Kept& kept(dl::Split split) const;

  Options options_;
  mutable std::array<Kept, 3> kept_;  // train, validation, test
  dl::Tensor patterns_KD;             // D: all elements of a sample
};

}  // namespace vision
