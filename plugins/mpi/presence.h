#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "call.h"

namespace mpi {

/// Where a tensor lies in memory that the ranks of a node share. segment -1: elsewhere.
struct Place {
  int64_t segment = -1, offset = 0;
};

/// What a rank shows to the others of its node, in memory that they share. The calls are kept by turns: when a rank
/// writes its next but one, all have read this one. Laid out so that a look at a peer costs one cache line, alone in
/// its pair (which processors fetch together).
class alignas(128) Presence {
 public:
  /// How often this rank has come to a meeting.
  std::atomic<uint64_t> arrived{0};

  /// Announces the next call; seen by the others once `arrived` has grown.
  void announce(const Call& call, uint64_t signature, Place place);
  /// The announcement `turn` (from 1).
  uint64_t signature(uint64_t turn) const { return shown_[turn % 2].signature; }
  Place place(uint64_t turn) const { return shown_[turn % 2].place; }
  uint64_t turns() const { return turns_; }

  /// For messages: read while the rank may be writing.
  std::string last_call() const { return texts_[turns_ % 2].text(); }
  /// `its process (4711) is stopped`, as far as /proc tells.
  std::string process() const;

  std::atomic<bool> abroad{false};  ///< waits for other nodes
  int64_t pid = 0;

 private:
  struct Shown {
    uint64_t signature = 0;
    Place place;
  };
  Shown shown_[2];
  alignas(128) uint64_t turns_ = 0;
  CallText texts_[2];
};

}  // namespace mpi
