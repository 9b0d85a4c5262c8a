#include "checks.h"

#include <c10/core/ScalarType.h>

#include <string>

#include "call.h"
#include "dl/error.h"
#include "transport.h"

namespace nccl {

namespace {

[[noreturn]] void refuse(std::string_view operation, std::string_view what, const std::string& why) {
  throw dl::Error(call_name(operation, what) + ": " + why);
}

}  // namespace

void check_tensor(std::string_view operation, std::string_view what, const dl::Tensor& tensor, at::Device device) {
  if (!tensor.defined()) refuse(operation, what, "the tensor is undefined");
  if (tensor.device() != device)
    refuse(operation, what,
           "the tensor is on " + tensor.device().str() + ", this rank's communicator takes tensors on " + device.str() +
               " only");
  if (tensor.layout() != at::kStrided || !tensor.is_contiguous())
    refuse(operation, what, "the tensor is not contiguous; pass tensor.contiguous() or a flat buffer");
}

void check_pieces(std::string_view operation, std::string_view what, const dl::Tensor& whole, const dl::Tensor& piece,
                  int size, at::Device device) {
  check_tensor(operation, what, whole, device);
  check_tensor(operation, what, piece, device);
  if (whole.scalar_type() != piece.scalar_type())
    refuse(operation, what,
           std::string("the whole is ") + c10::toString(whole.scalar_type()) + ", the piece " +
               c10::toString(piece.scalar_type()));
  if (whole.numel() != piece.numel() * size)
    refuse(operation, what,
           "the whole has " + std::to_string(whole.numel()) + " elements, but " + std::to_string(size) + " ranks × " +
               std::to_string(piece.numel()) + " elements of the piece are " + std::to_string(piece.numel() * size));
}

void check_reducible(std::string_view operation, std::string_view what, const dl::Tensor& tensor, at::Device device) {
  check_tensor(operation, what, tensor, device);
  if (!Transport::reduces(tensor.scalar_type()))
    refuse(operation, what,
           std::string(c10::toString(tensor.scalar_type())) +
               " can't be reduced; float32, float64, bfloat16, float16, int64, int32 and uint8 can");
}

void check_root(std::string_view operation, std::string_view what, int root, int size) {
  if (root < 0 || root >= size)
    refuse(operation, what,
           "there is no rank " + std::to_string(root) + ", ranks are 0 to " + std::to_string(size - 1));
}

}  // namespace nccl
