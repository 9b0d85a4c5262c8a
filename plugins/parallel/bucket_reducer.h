#pragma once
#include <memory>
#include <vector>

#include "bucket.h"
#include "dl/communicator.h"

namespace parallel {

/// Sums the buckets of an update over the ranks, in one fixed order that is the same on all of them: a bucket is
/// started only after the one before it, however early its gradients are there. With overlap or without, the same
/// all-reduces of the same buckets: the same bits.
class BucketReducer {
 public:
  BucketReducer(dl::Communicator& communicator, bool overlap);

  /// The buckets of the update that begins.
  void begin(std::vector<Bucket*> order);
  bool overlap() const { return overlap_; }
  /// Starts each next bucket in line that is full. With overlap only.
  void start_full();
  /// Sums all that is left and returns when everything is done.
  void finish();

 private:
  void start(Bucket& bucket);

  dl::Communicator& communicator_;
  const bool overlap_;
  std::vector<Bucket*> order_;
  size_t next_ = 0;
  std::vector<std::shared_ptr<dl::Work>> under_way_;
};

}  // namespace parallel
