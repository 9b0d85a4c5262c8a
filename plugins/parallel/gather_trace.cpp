#include "gather_trace.h"

#include <utility>

namespace parallel {

void GatherTrace::begin_update() {
  recording_ = ahead_;
  as_before_ = !before_.empty();
  now_.clear();
}

void GatherTrace::end_update() {
  if (!std::exchange(recording_, false)) return;
  before_ = std::exchange(now_, {});
}

void GatherTrace::need(FlatParameters& parameters) {
  parameters.gather();
  if (!recording_) return;
  const size_t at = now_.size();
  now_.push_back(&parameters);
  as_before_ = as_before_ && at < before_.size() && before_[at] == &parameters;
  if (as_before_ && at + 1 < before_.size()) before_[at + 1]->start_gather();
}

}  // namespace parallel
