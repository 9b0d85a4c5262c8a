#include "bucket_reducer.h"

#include <ATen/core/grad_mode.h>

#include <utility>

namespace parallel {

namespace {

void sum(dl::Communicator& communicator, dl::Tensor& flat, dl::Tensor& wire, const std::string& what) {
  if (!wire.defined()) return communicator.all_reduce(flat, dl::ReduceOp::sum, what);
  const at::NoGradGuard no_grad;
  wire.copy_(flat);
  communicator.all_reduce(wire, dl::ReduceOp::sum, what);
  flat.copy_(wire);
}

}  // namespace

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
  if (!overlap_) return sum(communicator_, bucket.flat, bucket.wire, bucket.what);
  under_way_.push_back(communicator_.start([&communicator = communicator_, flat = bucket.flat, wire = bucket.wire,
                                            what = bucket.what]() mutable { sum(communicator, flat, wire, what); }));
}

}  // namespace parallel
