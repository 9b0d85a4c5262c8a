#include "reduction_queue.h"

#include <utility>

namespace parallel {

ReductionQueue::ReductionQueue(dl::Communicator& communicator, bool overlap, size_t most_under_way)
    : communicator_(communicator), overlap_(overlap && communicator.size() > 1), most_under_way_(most_under_way) {}

void ReductionQueue::begin(std::vector<Reduction*> order) {
  // What an update that broke off has left under way.
  for (const auto& work : std::exchange(under_way_, {})) work->wait();
  order_ = std::move(order);
  next_ = 0;
}

void ReductionQueue::start_full() {
  while (next_ < order_.size() && order_[next_]->full()) start(*order_[next_++]);
}

void ReductionQueue::finish() {
  while (next_ < order_.size()) start(*order_[next_++]);
  for (const auto& work : std::exchange(under_way_, {})) work->wait();
}

void ReductionQueue::start(Reduction& reduction) {
  const auto reduce = reduction.start();
  if (!overlap_) return reduce(communicator_);
  if (under_way_.size() >= most_under_way_) {
    const auto oldest = under_way_.front();
    under_way_.erase(under_way_.begin());
    oldest->wait();
  }
  under_way_.push_back(communicator_.start([&communicator = communicator_, reduce] { reduce(communicator); }));
}

}  // namespace parallel
