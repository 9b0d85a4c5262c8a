#include "core/checkpoint_writer.h"

#include <signal.h>

#include <utility>

#include "dl/error.h"

namespace dl::host {

CheckpointWriter::~CheckpointWriter() {
  if (busy()) thread_.join();
}

void CheckpointWriter::start(std::function<CheckpointManifest()> write) {
  if (busy()) throw Error("a checkpoint is being written already");
  done_ = false;
  failure_ = nullptr;
  // The signals that stop a run are for the training thread, whose calls they may interrupt.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, write = std::move(write)] {
    try {
      written_ = write();
    } catch (...) {
      failure_ = std::current_exception();
    }
    done_ = true;
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

CheckpointManifest CheckpointWriter::take() {
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return std::move(written_);
}

}  // namespace dl::host
