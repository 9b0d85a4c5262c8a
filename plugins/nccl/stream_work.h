#pragma once
#include <c10/core/Event.h>

#include <exception>
#include <functional>

#include "dl/communicator.h"

namespace nccl {

/// A collective that was put on a stream. It keeps what the collective holds, for its memory is in use until `done`.
class StreamWork final : public dl::Work {
 public:
  StreamWork(std::function<void()> collective, c10::Event done, std::exception_ptr failure);
  /// Without wait() before, waits on the CPU.
  ~StreamWork() override;
  /// Makes the current stream wait; returns at once.
  void wait() override;

 private:
  std::function<void()> collective_;
  c10::Event done_;
  std::exception_ptr failure_;
  bool waited_ = false;
};

}  // namespace nccl
