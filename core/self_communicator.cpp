#include "core/self_communicator.h"

#include <ATen/ops/zeros.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <utility>

#include "dl/error.h"

namespace dl {

namespace {

class FinishedWork : public Work {
 public:
  explicit FinishedWork(std::exception_ptr failure) : failure_(std::move(failure)) {}
  void wait() override {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
};

void check(const char* operation, std::string_view what, const Tensor& tensor) {
  if (!tensor.defined() || tensor.layout() != at::kStrided || !tensor.is_contiguous())
    throw Error(std::string(operation) + " of \"" + std::string(what) +
                "\": the tensor is not contiguous; pass tensor.contiguous() or a flat buffer");
}

void check_piece(const char* operation, std::string_view what, const Tensor& whole, const Tensor& piece) {
  check(operation, what, whole);
  check(operation, what, piece);
  if (whole.numel() != piece.numel() || whole.scalar_type() != piece.scalar_type())
    throw Error(std::string(operation) + " of \"" + std::string(what) +
                "\": with one rank whole and piece are alike, but " + "the whole has " + std::to_string(whole.numel()) +
                " elements of " + c10::toString(whole.scalar_type()) + ", the piece " + std::to_string(piece.numel()) +
                " of " + c10::toString(piece.scalar_type()));
}

}  // namespace

std::vector<std::string> SelfCommunicator::hosts() const {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return {name.data()};
}

Tensor SelfCommunicator::allocate(int64_t elements, at::ScalarType dtype) {
  return at::zeros({elements}, at::device(device_).dtype(dtype));
}

void SelfCommunicator::all_reduce(Tensor& tensor, ReduceOp, std::string_view what) {
  check("all_reduce", what, tensor);
}

void SelfCommunicator::all_gather(Tensor& whole, const Tensor& piece, std::string_view what) {
  check_piece("all_gather", what, whole, piece);
  whole.view({-1}).copy_(piece.view({-1}));
}

Tensor SelfCommunicator::all_gather_rows(const Tensor& rows, std::string_view what) {
  check("all_gather_rows", what, rows);
  if (rows.dim() == 0) throw Error("all_gather_rows of \"" + std::string(what) + "\": a scalar has no rows");
  return rows.clone();
}

void SelfCommunicator::reduce_scatter(Tensor& piece, const Tensor& whole, ReduceOp, std::string_view what) {
  check_piece("reduce_scatter", what, whole, piece);
  piece.view({-1}).copy_(whole.view({-1}));
}

void SelfCommunicator::broadcast(Tensor& tensor, int root, std::string_view what) {
  check("broadcast", what, tensor);
  if (root != 0)
    throw Error("broadcast of \"" + std::string(what) + "\": there is no rank " + std::to_string(root) +
                ", rank 0 is the only one");
}

void SelfCommunicator::barrier(std::string_view) {}

std::shared_ptr<Work> SelfCommunicator::start(std::function<void()> collective) {
  std::exception_ptr failure;
  try {
    collective();
  } catch (...) {
    failure = std::current_exception();
  }
  return std::make_shared<FinishedWork>(failure);
}

void SelfCommunicator::abort(int) noexcept {}

}  // namespace dl
