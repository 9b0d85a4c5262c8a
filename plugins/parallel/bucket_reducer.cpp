#include "bucket_reducer.h"

#include <utility>

namespace parallel {

BucketReducer::BucketReducer(dl::Communicator& communicator, bool overlap)
    : communicator_(communicator), overlap_(overlap && communicator.size() > 1) {}

void BucketReducer::begin(std::vector<Bucket*> order) {
  // What an update that broke off has left under way.
  for (const auto& work : std::exchange(under_way_, {})) work->wait();
  order_ = std::move(order);
  next_ = 0;
}

void BucketReducer::start_full() {
  while (next_ < order_.size() && order_[next_]->arrived == order_[next_]->members) start(*order_[next_++]);
}

void BucketReducer::finish() {
  if (communicator_.size() == 1) return;
  while (next_ < order_.size()) start(*order_[next_++]);
  for (const auto& work : std::exchange(under_way_, {})) work->wait();
}

void BucketReducer::start(Bucket& bucket) {
  bucket.started = true;
  if (!overlap_) return communicator_.all_reduce(bucket.flat, dl::ReduceOp::sum, bucket.what);
  under_way_.push_back(
      communicator_.start([&communicator = communicator_, flat = bucket.flat, what = bucket.what]() mutable {
        communicator.all_reduce(flat, dl::ReduceOp::sum, what);
      }));
}

}  // namespace parallel
