#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "presence.h"
#include "shared_file.h"

namespace mpi {

/// What this rank's node is, to its window.
struct WindowMembers {
  int local = 0;
  std::vector<std::string> who;  ///< by local number: "rank 3 on node7"
  double timeout_s = 1800;
  std::function<void()> meanwhile = [] {};  ///< called now and then while this rank waits
};

/// Memory that the ranks of a node share, and how they meet in it. For each rank: what it shows to the others, and two
/// pairs of boxes, taken in turn, through which tensors outside shared memory go.
///
/// A call: announce(), then any number of meet(); the first one brings everybody's announcement. Boxes: what a rank
/// writes into its boxes of turn t before a meeting, the others read after it and before the next one; boxes of
/// turn t+2 are the same ones. So each turn must have at least one meeting, and that is enough.
class Window {
 public:
  /// Bytes in the shared file that a node takes.
  static int64_t bytes_for(int ranks, int64_t box_bytes);
  /// The part of the file that rank `local` must have reserved, as begin and length.
  static std::pair<int64_t, int64_t> part_of(int local, int64_t box_bytes);

  /// All parts are reserved, all ranks signed in.
  Window(std::shared_ptr<SharedFile> file, char* memory, int64_t box_bytes, WindowMembers members);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  int local() const { return members_.local; }
  int size() const { return static_cast<int>(members_.who.size()); }
  int64_t box_bytes() const { return box_bytes_; }

  /// `signature`: what must be equal on all ranks of the node besides operation and `what`. The call's words must
  /// outlive its last meeting.
  void announce(const Call& call, uint64_t signature, Place place = {});
  /// Returns when all ranks of the node have come. Throws Error naming those that have not when one of them has died or
  /// the time is over. The first meeting after announce() throws, on all ranks, where their calls differ.
  void meet();
  /// Where the tensor of rank `local` lies, after the first meeting.
  Place place(int local) const;

  /// What this rank wrote in turn `turn`, and others read.
  char* inbox(int local, uint64_t turn) const { return box(local, turn % 2); }
  char* outbox(int local, uint64_t turn) const { return box(local, 2 + turn % 2); }
  /// The turn to go on with; the same on all ranks.
  uint64_t turn() const { return turn_; }
  void advance(uint64_t turns) { turn_ += turns; }

  /// Whether this rank waits for other nodes: those that wait for it must not blame it.
  void set_abroad(bool abroad) { presence(members_.local).abroad = abroad; }

 private:
  Presence& presence(int local) const { return *reinterpret_cast<Presence*>(memory_ + local * part_bytes_); }
  char* box(int local, uint64_t index) const;
  void wait_for(int local);
  void check_alike();
  [[noreturn]] void give_up(double waited) const;

  const std::shared_ptr<SharedFile> file_;
  char* const memory_;
  const int64_t box_bytes_, part_bytes_;
  const WindowMembers members_;
  const bool shared_cores_;
  uint64_t meetings_ = 0, turn_ = 0;
  Call call_;
  bool announced_ = false;  // and not yet compared
};

}  // namespace mpi
