#include "core/background_work.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

#include "dl/error.h"

namespace dl::host {
namespace {

constexpr int kNicer = 5;

}  // namespace

BackgroundWork::~BackgroundWork() {
  if (busy()) thread_.join();
}

void BackgroundWork::start(std::function<void()> work) {
  if (busy()) throw Error("the work in the background has not ended yet");
  done_ = false;
  // The signals that stop a run are for the training thread, whose calls they may interrupt.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, work = std::move(work)] {
    (void)!::nice(kNicer);  // of this thread alone, on Linux
    try {
      work();
    } catch (...) {
      failure_ = std::current_exception();
    }
    done_ = true;
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void BackgroundWork::take() {
  if (busy()) thread_.join();
  if (auto failure = std::exchange(failure_, nullptr)) std::rethrow_exception(failure);
}

}  // namespace dl::host
