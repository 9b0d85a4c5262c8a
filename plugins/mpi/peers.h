#pragma once
#include <vector>

#include "messages.h"
#include "reduce_kernels.h"

namespace mpi {

/// Collectives by messages from each rank to each directly. Reductions combine first within a group, in the ranks'
/// order, then the groups in theirs: the same bits on all ranks, in all_reduce() as in reduce_scatter(). Errors: as of
/// Messages.
class Peers {
 public:
  /// Among the ranks of `comm`. Collective. `groups`: each rank's number in `comm` once, ascending.
  Peers(Session& session, MPI_Comm comm, std::vector<std::vector<int>> groups);
  /// All of them one group.
  Peers(Session& session, MPI_Comm comm);

  void all_reduce(char* data, int64_t elements, const Reduction& how);
  /// `elements` of each piece, the pieces `stride` bytes apart from `whole` on. `piece` may be this rank's own of them.
  void reduce_scatter(char* piece, const char* whole, int64_t stride, int64_t elements, const Reduction& how);
  /// slots[i]: where rank i's part lies, here as there. This rank's own holds it already.
  void all_gather(const std::vector<std::span<char>>& slots);
  void broadcast(std::span<char> data, int root);
  void barrier();

  int count() const { return messages_.count(); }

 private:
  /// What others send, each `bytes`, comes to lie in memory of ours; `mine` stands for this rank's own.
  void receive(int64_t bytes, const char* mine);
  /// What has come, combined.
  void reduce(char* to, int64_t elements, const Reduction& how);
  void exchange(char* data, int64_t elements, const Reduction& how);
  template <class Function>
  void for_others(Function&& function) {
    for (int i = 1; i < count(); ++i) function((messages_.number() + i) % count());
  }

  Messages messages_;
  const std::vector<std::vector<int>> groups_;
  std::vector<char> memory_;          // for what is to be reduced
  std::vector<const char*> sources_;  // by number
  std::vector<const char*> members_;  // of a group, or of all groups
};

}  // namespace mpi
