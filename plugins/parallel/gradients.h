#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arrival_hooks.h"
#include "bucket.h"
#include "dl/communicator.h"
#include "dl/optimizer.h"

namespace parallel {

/// The gradients of one network: flat buckets, of which each parameter's `.grad` is a view, and what has arrived in
/// them. An update begins without gradients: autograd then hands over its own, which is copied into the bucket while it
/// is in the caches (nothing is zeroed and added to); later ones are added in place. Where nobody needs them flat,
/// there are no buckets, and autograd's own gradients stay. See ArrivalHooks for when they come.
class Gradients {
 public:
  /// `parameters`: leaves that require grad; `params` belongs to each of them, and gets its `grad`. `flat`: whether
  /// there are buckets. `wire`: the dtype in which gradients travel; none: their own. `bucket_filled` is called after a
  /// bucket got its last gradient.
  Gradients(const std::string& network, std::vector<dl::Tensor> parameters, std::span<dl::Param> params,
            int64_t bucket_bytes, bool flat, std::optional<at::ScalarType> wire, dl::Communicator& communicator,
            std::function<void()> bucket_filled);

  /// Drops all gradients; nothing is used any more.
  void begin();
  /// From here on, each parameter's next gradient is its last of this update.
  void expect_last();
  /// No more gradients come: those that never came are zero.
  void complete();
  /// Whether this rank got a gradient since begin(), by parameter.
  const std::vector<bool>& used() const { return used_; }
  std::vector<Bucket>& buckets() { return buckets_; }
  /// Where each parameter's gradient lies in them.
  const std::vector<Slice>& slices() const { return slices_; }

 private:
  struct Slot {
    dl::Param* param;
    dl::Tensor parameter;
    dl::Tensor view;  // undefined without buckets
    size_t bucket = 0;
    bool arrived = false;
  };
  void make_buckets(const std::string& network, std::span<const dl::Tensor> parameters, int64_t bucket_bytes,
                    std::optional<at::ScalarType> wire, dl::Communicator& communicator);
  void arrived(size_t index, bool has_gradient);
  static void keep_in_bucket(Slot& slot);

  std::vector<Slot> slots_;
  std::vector<Bucket> buckets_;
  std::vector<Slice> slices_;
  std::vector<bool> used_;
  bool last_ = false;
  std::function<void()> bucket_filled_;
  ArrivalHooks hooks_;
};

}  // namespace parallel
