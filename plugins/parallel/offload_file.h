#pragma once
#include <memory>
#include <string>
#include <vector>

#include "dl/optimizer.h"

namespace parallel {

/// Tensors on the CPU whose memory is a file's (ZeRO-Infinity's NVMe offload: Rajbhandari et al., 2021): pages that are
/// not in use can leave memory, and come back when they are touched. The file has no name and goes with the process.
class OffloadFile {
 public:
  /// Throws Error where no file can be made in `folder`.
  explicit OffloadFile(const std::string& folder);
  ~OffloadFile();
  OffloadFile(const OffloadFile&) = delete;
  OffloadFile& operator=(const OffloadFile&) = delete;

  /// A flat tensor of zeros; it must not outlive the file. Throws Error where the disk is full.
  dl::Tensor zeros(int64_t elements, at::ScalarType dtype);
  /// This process does not hold the pages any more; the system writes them out when it wants the memory. Cheap where
  /// few are held; tensors may be in use on other threads.
  void let_go();

 private:
  /// A stretch of the file and of addresses, mapped at once: letting go is one call for many tensors.
  struct Window {
    char* data = nullptr;
    size_t bytes = 0, used = 0;
  };
  void* map(size_t bytes);

  const std::string folder_;
  int file_ = -1;
  size_t size_ = 0;
  std::vector<Window> windows_;
};

/// From now on the parameter's states are made in `file`; null: in memory.
void place_states(dl::Param& param, const std::shared_ptr<OffloadFile>& file);

}  // namespace parallel
