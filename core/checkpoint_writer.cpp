#include "core/checkpoint_writer.h"

#include <signal.h>

#include <utility>

#include "dl/error.h"

namespace dl::host {

CheckpointWriter::~CheckpointWriter() {
  if (busy()) thread_.join();
}

void CheckpointWriter::start(CheckpointFolder folder, std::function<void(const std::filesystem::path&)> fill) {
  if (busy()) throw Error("a checkpoint is being written already");
  folder_.emplace(std::move(folder));
  done_ = false;
  failure_ = nullptr;
  // The signals that stop a run are for the training thread, whose calls they may interrupt.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, fill = std::move(fill)] {
    try {
      fill(folder_->path());
      folder_->seal();
    } catch (...) {
      failure_ = std::current_exception();
    }
    done_ = true;
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

CheckpointFolder CheckpointWriter::take() {
  thread_.join();
  auto folder = std::move(*folder_);
  folder_.reset();
  if (failure_) std::rethrow_exception(failure_);
  return folder;
}

}  // namespace dl::host
