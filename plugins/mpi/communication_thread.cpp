#include "communication_thread.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <utility>

namespace mpi {

namespace {

class QueuedWork : public dl::Work {
 public:
  explicit QueuedWork(std::future<void> future) : future_(std::move(future)) {}
  void wait() override { future_.get(); }

 private:
  std::future<void> future_;
};

}  // namespace

struct CommunicationThread::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::packaged_task<void()>> queue;
  size_t unfinished = 0;       // queued, or running
  bool stop = false;           // once the queue is empty
  std::exception_ptr failure;  // of the thread alone

  void run() {
    for (;;) {
      std::packaged_task<void()> task;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return stop || !queue.empty(); });
        if (queue.empty()) return;
        task = std::move(queue.front());
        queue.pop_front();
      }
      task();
      task = {};  // what the collective holds is let go of before anyone is told that it is done
      std::lock_guard lock(mutex);
      --unfinished;
      changed.notify_all();
    }
  }
};

CommunicationThread::CommunicationThread() : state_(std::make_shared<State>()) {}

CommunicationThread::~CommunicationThread() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  thread_.join();
}

std::shared_ptr<dl::Work> CommunicationThread::push(std::function<void()> collective) {
  std::packaged_task<void()> task([state = state_.get(), collective = std::move(collective)] {
    if (state->failure) std::rethrow_exception(state->failure);
    try {
      collective();
    } catch (...) {
      state->failure = std::current_exception();
      throw;
    }
  });
  auto work = std::make_shared<QueuedWork>(task.get_future());
  if (!thread_.joinable()) thread_ = std::thread([state = state_] { state->run(); });
  {
    std::lock_guard lock(state_->mutex);
    state_->queue.push_back(std::move(task));
    ++state_->unfinished;
  }
  state_->changed.notify_all();
  return work;
}

void CommunicationThread::drain() {
  if (!thread_.joinable() || std::this_thread::get_id() == thread_.get_id()) return;
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->unfinished == 0; });
}

void CommunicationThread::abandon() noexcept {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(state_->mutex);
    state_->queue.clear();
    state_->stop = true;
  }
  state_->changed.notify_all();
  thread_.detach();
}

}  // namespace mpi
