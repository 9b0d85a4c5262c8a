#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "call.h"

namespace mpi {

/// Looks after blocking calls: one that has not returned in time is reported on stderr, once, and `give_up` is called
/// (on the watchdog's thread). A blocking MPI call can't be cancelled, so giving up means ending the processes.
class Watchdog {
 public:
  /// `who` names this rank in the report.
  Watchdog(std::string who, double timeout_s, std::function<void()> give_up);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Alive while a call is under way; one at a time. A null watchdog watches nothing.
  class Watch {
   public:
    Watch(Watchdog* dog, const Call& call) : dog_(dog) {
      if (dog_) dog_->called(call);
    }
    ~Watch() {
      if (dog_) dog_->returned();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Watchdog* dog_;
  };

 private:
  using Clock = std::chrono::steady_clock;
  void called(const Call& call);
  void returned();
  void look();

  const std::string who_;
  const std::chrono::duration<double> timeout_;
  const std::function<void()> give_up_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  bool watching_ = false;
  Call call_;
  std::string what_;  // of the call
  Clock::time_point began_;
  std::thread thread_;
};

}  // namespace mpi
