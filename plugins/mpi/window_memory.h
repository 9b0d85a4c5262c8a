#pragma once
#include <functional>
#include <memory>

#include "dl/tensor.h"
#include "presence.h"
#include "shared_file.h"

namespace mpi {

/// Tensors in memory that the ranks of a node share: one segment of the file for each, with a part for each rank. A
/// segment goes when this rank's tensor does; tensors may outlive this object.
class WindowMemory {
 public:
  /// From `begin` on the file is free.
  WindowMemory(std::shared_ptr<SharedFile> file, int local, int size, int64_t begin);

  /// A flat tensor, zeroed, or an undefined one where there is no room. All ranks of the node; `all_agree` tells
  /// whether all of them say yes.
  dl::Tensor allocate(int64_t elements, at::ScalarType dtype, const std::function<bool(bool)>& all_agree);
  /// Where these bytes lie.
  Place place(const void* data, size_t bytes) const;
  /// The memory of rank `local` at `place`, in this process.
  char* at(Place place, int local) const;

 private:
  struct Segments;
  std::shared_ptr<SharedFile> file_;
  std::shared_ptr<Segments> segments_;
  const int local_, size_;
  int64_t end_;
  int64_t next_ = 0;
};

}  // namespace mpi
