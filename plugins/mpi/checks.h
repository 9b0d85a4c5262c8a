#pragma once
/// What the communicator's contract asks of the tensors of a call. Each throws dl::Error naming operation and `what`.
#include <cstdint>
#include <string>
#include <string_view>

#include "dl/tensor.h"

namespace mpi {

/// `all_reduce of "gradients"`: how messages name a call.
std::string call_name(std::string_view operation, std::string_view what);

/// Defined, dense, contiguous and on the CPU.
void check_tensor(std::string_view operation, std::string_view what, const dl::Tensor& tensor);
/// As check_tensor(), and `whole` has `size` times the elements of `piece`, of the same dtype.
void check_pieces(std::string_view operation, std::string_view what, const dl::Tensor& whole, const dl::Tensor& piece,
                  int size);
void check_root(std::string_view operation, std::string_view what, int root, int size);

}  // namespace mpi
