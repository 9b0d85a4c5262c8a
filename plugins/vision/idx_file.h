#pragma once
#include <string>
#include <vector>

#include "dl/tensor.h"

namespace vision {

/// A file of bytes in the IDX format of MNIST (LeCun, Cortes, Burges), plain or compressed by gzip: a big-endian magic
/// number 0x000008DD with DD dimensions, DD lengths, the values. Immutable: any thread.
class IdxFile {
 public:
  /// Reads the header. `dimensions`: how many the file must have. Throws dl::Error, naming the file, where it can't be
  /// read, isn't such a file, is empty, or (a plain one) has another length than its header says.
  IdxFile(std::string path, int64_t dimensions);

  const std::string& path() const { return path_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t count() const { return shape_.front(); }
  /// All values: uint8, of the file's shape, decoded straight into the tensor. Throws dl::Error, naming the file, where
  /// it is truncated, too long or damaged.
  dl::Tensor read() const;

 private:
  int64_t header_bytes() const { return 4 + 4 * static_cast<int64_t>(shape_.size()); }
  std::string path_;
  std::vector<int64_t> shape_;
};

}  // namespace vision
