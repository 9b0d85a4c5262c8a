#pragma once
#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace dl::testing {

/// A device that has a GPU's streams, events, pinned memory and generator, and computes on the CPU, at once, whatever
/// the stream: for code that is written against LibTorch's devices and is to run where there is no GPU (the way of
/// PyTorch's test/cpp_extensions/open_registration_extension). Its tensors are refused wherever one on the CPU is
/// expected, as a GPU's are. It goes by the type HPU, which nothing else here has: a module's parameters can't be moved
/// to PrivateUse1, the type meant for this. Registered for the process by the first device(), before all else.
class FakeGpu {
 public:
  static at::Device device();
  /// What streams and events were asked since the last call, by this thread, with the numbers of streams (0: the
  /// default one) and events: "record 3 on 0", "block 2 by 3", "copy on 2", "use on 0".
  static std::vector<std::string> log();
  /// While set, no event is done.
  static void hang(bool on);
  /// The seed that its generator was given last.
  static uint64_t seed();
  /// Pieces of pinned memory that were asked for.
  static int64_t pinned();
};

}  // namespace dl::testing
