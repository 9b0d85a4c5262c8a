#pragma once
#include <mpi.h>

#include <atomic>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "call.h"
#include "deadline.h"
#include "node_layout.h"

namespace mpi {

/// This process's part in MPI: initialised here where nobody else did, finalised in the destructor. Leaves MPI alone
/// where finalising could hang: after a failed call, after abort(), and while an exception unwinds the stack. mpirun
/// then sees a process end without MPI_Finalize, and ends the others.
class Session {
 public:
  /// Throws dl::Error where MPI lacks threads or was finalised before. `ranks_per_node`: see NodeLayout.
  Session(double timeout_s, int ranks_per_node);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  MPI_Comm comm() const { return comm_; }
  int rank() const { return rank_; }
  int size() const { return size_; }
  const NodeLayout& layout() const { return *layout_; }
  const std::vector<std::string>& hosts() const { return hosts_; }
  /// "rank 1 on node7".
  std::string who(int rank) const;
  /// " (ranks 2, 3 are there)" of a rank on another host; "" of one on this.
  std::string company(int rank) const;
  double timeout_s() const { return timeout_s_; }

  /// Runs a collective, which is current() meanwhile. One that throws leaves the ranks out of step: all later ones
  /// throw dl::Error, too. `operation` must outlive the session.
  template <class Function>
  void run(const char* operation, std::string_view what, Function&& function) {
    begin(operation, what);
    try {
      function();
    } catch (const std::exception& error) {
      broken(error);
      throw;
    }
  }
  const Call& current() const { return current_; }
  /// Throws dl::Error naming this rank, its host, the current collective and what MPI says of `code`.
  [[noreturn]] void fail(int code) const;
  /// While alive, `step`, which waits in MPI for all ranks, must end within the time-out: else that is said on stderr,
  /// and all processes end. Null where there is one rank.
  std::unique_ptr<Deadline> deadline(const std::string& step);
  /// False where a call failed or the caller is in the middle of an exception: peers may be gone.
  bool healthy() const;
  /// From here on this session finalises nothing.
  void leave() noexcept { failed_ = true; }
  /// Ends all processes, from any thread; returns where there is one rank.
  void abort(int code) noexcept;

 private:
  void begin(const char* operation, std::string_view what);
  void broken(const std::exception& error);

  const int exceptions_;  // in flight when this was made
  bool owner_ = false;    // of MPI_Finalize
  std::atomic<bool> failed_{false};
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  const double timeout_s_;
  std::vector<std::string> hosts_;
  Call current_;
  std::string what_, failure_;
  std::unique_ptr<NodeLayout> layout_;
};

}  // namespace mpi
