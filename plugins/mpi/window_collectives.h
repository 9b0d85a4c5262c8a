#pragma once
#include <cstring>
#include <memory>
#include <vector>

#include "peers.h"
#include "session.h"
#include "slices.h"
#include "window.h"
#include "window_memory.h"

namespace mpi {

/// Collectives in memory that the ranks of a node share, and between nodes by MPI. Each rank reduces its own slice from
/// all ranks of the node, in rank order, and then from all nodes, in their order: the result depends neither on where
/// tensors lie nor on how they are cut, and is the same in all_reduce() and reduce_scatter().
/// Tensors of allocate() are worked on where they are; others go through the window's boxes, chunk by chunk. With
/// several nodes each courier exchanges its slice with the couriers of that number on the other nodes.
/// Tensors are checked before; calls are of one thread at a time, under Session::run().
class WindowCollectives {
 public:
  WindowCollectives(Session& session, std::unique_ptr<Window> window, std::unique_ptr<WindowMemory> memory);

  /// Undefined where shared memory has no room, on all ranks of the node.
  dl::Tensor allocate(int64_t elements, at::ScalarType dtype);
  void all_reduce(dl::Tensor& tensor, dl::ReduceOp op);
  void reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op);
  void all_gather(dl::Tensor& whole, const dl::Tensor& piece);
  /// `bytes`: by rank, what each contributes to `whole`, in rank order.
  void all_gather_uneven(char* whole, const char* mine, const std::vector<int64_t>& bytes);
  void broadcast(dl::Tensor& tensor, int root);
  void barrier();
  /// Whether reduce_scatter() and all_gather() can be done: nodes have equal numbers of ranks.
  bool even() const { return layout_.even(); }

 private:
  bool one_node() const { return layout_.nodes() == 1; }
  int64_t chunk_of(int64_t bytes_each) const;
  static void copy(char* to, const char* from, int64_t bytes) {
    if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
  }
  void announce(at::ScalarType dtype, int64_t elements, int detail, Place place = {});
  /// After the first meeting: whether all ranks of the node have their tensor in one segment.
  bool placed() const;
  char* peer(int local) const { return memory_->at(window_->place(local), local); }

  void reduce_direct(char* data, int64_t elements, const Reduction& how);
  void reduce_staged(char* data, int64_t elements, const Reduction& how, int parts);
  void gather_direct(const char* piece, int64_t bytes);
  /// Runs what this rank has to do with other nodes, by cross_.
  template <class Function>
  void abroad(Function&& function);
  /// stage(turn, k) fills boxes; after a meeting, use(turn, k) reads them.
  template <class Stage, class Use>
  void relay(int64_t chunks, Stage&& stage, Use&& use);
  /// The same with a step between, and a meeting after it: finish(turn, k) reads what work(turn, k) left in outboxes.
  template <class Stage, class Work, class Finish>
  void relay(int64_t chunks, Stage&& stage, Work&& work, Finish&& finish);

  Session& session_;
  const NodeLayout& layout_;
  const int local_, size_;  // in the node
  std::unique_ptr<Window> window_;
  std::unique_ptr<WindowMemory> memory_;
  std::unique_ptr<Peers> cross_;      // the ranks of layout_.cross(); null without
  std::vector<const char*> sources_;  // by local number; kept for the memory
  std::vector<char*> targets_;
  bool warned_ = false;  // that there is no room
};

template <class Function>
void WindowCollectives::abroad(Function&& function) {
  window_->set_abroad(true);
  function();
  window_->set_abroad(false);  // not where it throws: this rank will end the run, and the cause is abroad
}

template <class Stage, class Use>
void WindowCollectives::relay(int64_t chunks, Stage&& stage, Use&& use) {
  const uint64_t turn = window_->turn();
  for (int64_t k = 0; k < chunks; ++k) {
    stage(turn + static_cast<uint64_t>(k), k);
    window_->meet();
    use(turn + static_cast<uint64_t>(k), k);
  }
  window_->advance(static_cast<uint64_t>(chunks));
}

template <class Stage, class Work, class Finish>
void WindowCollectives::relay(int64_t chunks, Stage&& stage, Work&& work, Finish&& finish) {
  if (chunks == 0) return;
  const uint64_t turn = window_->turn();
  stage(turn, int64_t{0});
  window_->meet();
  for (int64_t k = 0; k < chunks; ++k) {
    const uint64_t now = turn + static_cast<uint64_t>(k);
    if (k + 1 < chunks) stage(now + 1, k + 1);
    work(now, k);
    if (k > 0) finish(now - 1, k - 1);
    window_->meet();
  }
  finish(turn + static_cast<uint64_t>(chunks - 1), chunks - 1);
  window_->advance(static_cast<uint64_t>(chunks));
}

}  // namespace mpi
