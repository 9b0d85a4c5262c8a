#pragma once
#include <mpi.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reductions.h"
#include "watchdog.h"

namespace mpi {

/// This process's part in MPI: initialised here where nobody else did, finalised in the destructor. Leaves MPI alone
/// where finalising could hang: after a failed call, after abort(), and while an exception unwinds the stack. mpirun
/// then sees a process end without MPI_Finalize, and ends the others.
class Session {
 public:
  /// Throws dl::Error where MPI lacks threads or was finalised before.
  explicit Session(double timeout_s);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  MPI_Comm comm() const { return comm_; }
  int rank() const { return rank_; }
  int size() const { return size_; }
  int local_rank() const { return local_rank_; }
  int local_size() const { return local_size_; }
  const std::vector<std::string>& hosts() const { return hosts_; }
  const Reductions& reductions() const { return *reductions_; }

  /// Calls `function`, which returns an MPI error code, under the watchdog. Throws dl::Error naming this rank, its host
  /// and the call where the code is not MPI_SUCCESS.
  template <class Function>
  void call(const char* operation, std::string_view what, Function&& function) {
    int code = MPI_SUCCESS;
    {
      const Watchdog::Watch watch(watchdog_.get(), operation, what);
      code = function();
    }
    if (code != MPI_SUCCESS) fail(operation, what, code);
  }
  /// False where a call failed or the caller is in the middle of an exception: peers may be gone.
  bool healthy() const;
  /// From here on this session finalises nothing.
  void leave() noexcept { failed_ = true; }
  /// Ends all processes, from any thread; returns where there is one rank.
  void abort(int code) noexcept;

 private:
  [[noreturn]] void fail(const char* operation, std::string_view what, int code);

  const int exceptions_;  // in flight when this was made
  bool owner_ = false;    // of MPI_Finalize
  std::atomic<bool> failed_{false};
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1, local_rank_ = 0, local_size_ = 1;
  std::vector<std::string> hosts_;
  std::string who_;  // "rank 1 on node7"
  std::unique_ptr<Reductions> reductions_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace mpi
