#pragma once
/// What the communicator's contract asks of the tensors of a call. Each throws dl::Error naming operation and `what`.
#include <string_view>

#include "dl/tensor.h"

namespace nccl {

/// Defined, dense, contiguous and on `device`.
void check_tensor(std::string_view operation, std::string_view what, const dl::Tensor& tensor, at::Device device);
/// As check_tensor(), and `whole` has `size` times the elements of `piece`, of the same dtype.
void check_pieces(std::string_view operation, std::string_view what, const dl::Tensor& whole, const dl::Tensor& piece,
                  int size, at::Device device);
/// As check_tensor(), and of a dtype that NCCL reduces.
void check_reducible(std::string_view operation, std::string_view what, const dl::Tensor& tensor, at::Device device);
void check_root(std::string_view operation, std::string_view what, int root, int size);

}  // namespace nccl
