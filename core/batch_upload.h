#pragma once
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <optional>

#include "dl/data.h"

namespace dl::host {

/// Copies batches to a GPU on a stream of its own, beside what the current stream is doing. One thread, one batch at a
/// time.
class BatchUpload {
 public:
  explicit BatchUpload(at::Device device);

  /// Begins the copy of `batch`, whose fields lie in pinned memory.
  void begin(Batch batch);
  bool under_way() const { return batch_.has_value(); }
  /// The batch that was begun, on the device. What is put on the current stream from here on runs after the copy; the
  /// caller does not wait for it.
  Batch take();

 private:
  c10::Stream stream_;
  c10::Event copied_;
  std::optional<Batch> batch_;
};

}  // namespace dl::host
