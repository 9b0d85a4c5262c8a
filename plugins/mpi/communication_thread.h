#pragma once
#include <functional>
#include <memory>
#include <thread>

#include "dl/communicator.h"

namespace mpi {

/// Runs collectives beside the caller, one after another, in the order in which they were pushed. The thread begins
/// with the first push. After one has failed the ranks are no longer in step, so all later ones fail with the same
/// error.
class CommunicationThread {
 public:
  CommunicationThread();
  /// Runs what was pushed, then ends.
  ~CommunicationThread();
  CommunicationThread(const CommunicationThread&) = delete;
  CommunicationThread& operator=(const CommunicationThread&) = delete;

  std::shared_ptr<dl::Work> push(std::function<void()> collective);
  /// Returns when all that was pushed has run; at once where the caller is the communication thread itself.
  void drain();
  /// Lets go of the thread: it finishes the collective that it is in, if ever, and runs no other.
  void abandon() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which outlives this object where it was abandoned
  std::thread thread_;
};

}  // namespace mpi
