#include "core/dry_communicator.h"

namespace dl::host {
namespace {

double bytes_of(const Tensor& tensor) { return static_cast<double>(tensor.nbytes()); }

}  // namespace

std::vector<std::string> DryCommunicator::hosts() const {
  return std::vector<std::string>(static_cast<size_t>(size_), SelfCommunicator::hosts().at(0));
}

void DryCommunicator::all_reduce(Tensor& tensor, ReduceOp, std::string_view) {
  bytes_sent_ += 2 * share() * bytes_of(tensor);
}

void DryCommunicator::all_gather(Tensor& whole, const Tensor& piece, std::string_view) {
  bytes_sent_ += share() * bytes_of(whole);
  const auto own = piece.view({-1});
  const auto all = whole.view({-1});
  // The piece may be a part of the whole: its own place comes last.
  for (int64_t rank = size_; rank-- > 0;) all.narrow(0, rank * own.numel(), own.numel()).copy_(own);
}

Tensor DryCommunicator::all_gather_rows(const Tensor& rows, std::string_view) {
  bytes_sent_ += (size_ - 1) * bytes_of(rows);
  std::vector<int64_t> repeats(static_cast<size_t>(rows.dim()), 1);
  repeats.at(0) = size_;
  return rows.repeat(repeats);
}

void DryCommunicator::reduce_scatter(Tensor& piece, const Tensor& whole, ReduceOp, std::string_view) {
  bytes_sent_ += share() * bytes_of(whole);
  piece.view({-1}).copy_(whole.view({-1}).narrow(0, 0, piece.numel()));
}

void DryCommunicator::broadcast(Tensor& tensor, int, std::string_view) { bytes_sent_ += share() * bytes_of(tensor); }

}  // namespace dl::host
