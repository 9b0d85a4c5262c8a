#pragma once
/// What the communicator's contract asks of the tensors of a call. Each throws dl::Error naming operation and `what`.
#include <cstdint>
#include <string>
#include <string_view>

#include "call.h"
#include "dl/tensor.h"

namespace mpi {

/// Defined, dense, contiguous and on the CPU.
void check_tensor(std::string_view operation, std::string_view what, const dl::Tensor& tensor);
/// As check_tensor(), and `whole` has `size` times the elements of `piece`, of the same dtype.
void check_pieces(std::string_view operation, std::string_view what, const dl::Tensor& whole, const dl::Tensor& piece,
                  int size);
/// As check_tensor(), and of a dtype that can be reduced.
void check_reducible(std::string_view operation, std::string_view what, const dl::Tensor& tensor);
void check_root(std::string_view operation, std::string_view what, int root, int size);

}  // namespace mpi
