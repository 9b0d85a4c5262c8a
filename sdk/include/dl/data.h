#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dl/kind.h"
#include "dl/rng.h"
#include "dl/value.h"

namespace dl {

enum class Split { train, validation, test, predict };
DL_API std::string to_string(Split split);

using Sample = Tensors;  ///< one example's fields, without the batch dimension, on the CPU

/// Some samples of a split, field by field, batch first, on the run's device. Floating fields have the run's precision.
struct DL_API Batch {
  Tensors fields;
  std::vector<int64_t> indices;  ///< each row's index in the split: the same on any rank count
  bool padding = false;          ///< rows that only keep this rank in step: computed on, counted as nothing
  int64_t size() const { return static_cast<int64_t>(indices.size()); }
  const Tensor& operator[](size_t field) const { return fields.at(field); }
};

struct DataContext {
  std::string root;  ///< `[data] root`, relative paths already resolved; "" where the config has none
};

/// The splits of a data set as indexed samples. Once constructed, called from several loader threads at once.
/// Constructor: `(const Options&)` or `(const Options&, const dl::DataContext&)`; throws Error naming the file and the
/// remedy where data is missing or damaged. Every rank constructs its own.
class DL_API Data {
 public:
  using Interface = Data;
  using Context = const DataContext;
  static constexpr Kind kKind = Kind::data;
  static constexpr uint32_t kAbi = 1;
  virtual ~Data();

  /// Samples in the split; 0 where there is no such split.
  virtual int64_t size(Split split) const = 0;
  /// The sample `index` in [0, size). All randomness comes from `rng`, which is the sample's own.
  virtual Sample get(Split split, int64_t index, Rng& rng) const = 0;
  /// True where get_batch() is there: tensors in memory need no sample by sample copy. Unused with transforms.
  virtual bool has_batches() const { return false; }
  /// Fields [B, …] of the samples `indices`, as collate() would give them. Only called where has_batches().
  virtual Tensors get_batch(Split split, std::span<const int64_t> indices) const;
  /// Fields [B, …] from samples. Default: stacks each field.
  virtual Tensors collate(std::vector<Sample> samples) const;
  /// The last step on a whole batch: uint8 images become normalised floats here. Default: nothing.
  virtual Tensors finish(Split split, Tensors fields) const;
  /// What is known of the data for people and servers: class names, mean, std, … A table; default empty.
  virtual Value info() const;
};

}  // namespace dl
