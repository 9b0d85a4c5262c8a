#include "core/prefetcher.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <utility>

namespace dl::host {

Prefetcher::Prefetcher(Make make, int64_t count, int64_t workers, at::Device device)
    : make_(std::move(make)), count_(count) {
  if (!device.is_cpu()) upload_.emplace(device);
  if (workers <= 0) return;
  ring_.resize(static_cast<size_t>(2 * workers + 2));
  for (int64_t i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
}

Prefetcher::~Prefetcher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  free_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Prefetcher::work() {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  const auto size = static_cast<int64_t>(ring_.size());
  for (;;) {
    int64_t index = 0;
    {
      std::unique_lock lock(mutex_);
      free_.wait(lock, [&] { return stop_ || claimed_ >= count_ || claimed_ < next_ + size; });
      if (stop_ || claimed_ >= count_) return;
      index = claimed_++;
    }
    Batch batch;
    std::exception_ptr error;
    try {
      batch = make_(index);
    } catch (...) {
      error = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      auto& slot = ring_[static_cast<size_t>(index % size)];
      slot = {std::move(batch), error, true};
    }
    ready_.notify_one();
  }
}

Batch Prefetcher::next() {
  if (!upload_) return made();
  if (!upload_->under_way()) upload_->begin(made());
  auto batch = upload_->take();
  if (is_made()) upload_->begin(made());
  return batch;
}

bool Prefetcher::is_made() const {
  if (threads_.empty()) return false;
  const std::lock_guard lock(mutex_);
  const auto& slot = ring_[static_cast<size_t>(next_) % ring_.size()];
  return slot.ready && !slot.error;
}

Batch Prefetcher::made() {
  if (threads_.empty()) return make_(next_++);
  Slot slot;
  {
    std::unique_lock lock(mutex_);
    auto& held = ring_[static_cast<size_t>(next_) % ring_.size()];
    ready_.wait(lock, [&] { return held.ready; });
    slot = std::exchange(held, {});
    ++next_;
  }
  free_.notify_one();
  if (slot.error) std::rethrow_exception(slot.error);
  return std::move(slot.batch);
}

}  // namespace dl::host
