#pragma once
#include <mpi.h>

#include <cstdint>
#include <span>
#include <vector>

#include "session.h"

namespace mpi {

/// Messages between this rank and others: posted, then waited for together. Never waits longer than the time-out for
/// the next one to get through, and knows whose it waited for. Under Session::run(), one thread at a time.
class Messages {
 public:
  /// Between the ranks of `comm`, which live as long as this. Collective.
  Messages(Session& session, MPI_Comm comm);

  /// This rank's number in `comm`, and how many there are.
  int number() const { return number_; }
  int count() const { return static_cast<int>(ranks_.size()); }

  /// The memory must stay until wait() returns. Nothing is sent where `data` is empty.
  void send(int to, std::span<const char> data);
  void receive(int from, std::span<char> data);
  /// Returns when all that was posted is through. Throws Error naming this rank and the current call, and either the
  /// ranks that have not come within the time-out, or one that sent something else.
  void wait();

 private:
  struct Message {
    int peer;
    bool incoming;
    int bytes;
  };
  void check(int code) const;
  void check_length(const Message& message, MPI_Status& status) const;
  [[noreturn]] void give_up(double waited);
  /// Tells the others where this rank waits, and what those tell that wait, too: empty where one is silent.
  std::vector<CallText> last_words();

  Session& session_;
  const MPI_Comm comm_;
  const bool shared_cores_;
  int number_ = 0;
  std::vector<int> ranks_;  // by number: in the session
  std::vector<MPI_Request> requests_;
  std::vector<Message> messages_;  // of the requests
  std::vector<int> indices_;
  std::vector<MPI_Status> statuses_;
  CallText words_;
};

}  // namespace mpi
