#include "stream_work.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstdio>
#include <utility>

namespace nccl {

StreamWork::StreamWork(std::function<void()> collective, c10::Event done, std::exception_ptr failure)
    // NOLINTNEXTLINE(bugprone-throw-keyword-missing): kept, not thrown
    : collective_(std::move(collective)), done_(std::move(done)), failure_(std::move(failure)) {}

StreamWork::~StreamWork() {
  if (waited_) return;
  try {
    done_.synchronize();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "a collective that nobody waited for failed: %s\n", error.what());
  }
}

void StreamWork::wait() {
  waited_ = true;
  done_.block(c10::impl::VirtualGuardImpl(done_.device_type()).getStream(done_.device()));
  collective_ = nullptr;
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace nccl
