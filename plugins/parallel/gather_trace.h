#pragma once
#include <vector>

#include "flat_parameters.h"

namespace parallel {

/// The order in which an update asked for streamed parameters: the next update will ask in the same, so each gather can
/// begin while what was asked for before it is computed with. Training thread, or autograd's.
class GatherTrace {
 public:
  /// `ahead`: whether gathers begin ahead of their use at all.
  explicit GatherTrace(bool ahead) : ahead_(ahead) {}

  void begin_update();
  void end_update();
  /// Gathers `parameters`, and begins with those that came next in the last update.
  void need(FlatParameters& parameters);

 private:
  const bool ahead_;
  bool recording_ = false, as_before_ = false;
  std::vector<FlatParameters*> before_, now_;
};

}  // namespace parallel
