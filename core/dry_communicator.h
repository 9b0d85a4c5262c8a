#pragma once
#include "core/self_communicator.h"

namespace dl::host {

/// Rank 0 of a number of ranks that are not there: what they would have sent is a copy of this rank's own. Memory and
/// messages are those of a real run, for `dlhost plan`. One thread.
class DryCommunicator final : public SelfCommunicator {
 public:
  explicit DryCommunicator(int size) : size_(size) {}

  int size() const override { return size_; }
  int local_size() const override { return size_; }
  std::vector<std::string> hosts() const override;
  void all_reduce(Tensor& tensor, ReduceOp op, std::string_view what) override;
  void all_gather(Tensor& whole, const Tensor& piece, std::string_view what) override;
  Tensor all_gather_rows(const Tensor& rows, std::string_view what) override;
  void reduce_scatter(Tensor& piece, const Tensor& whole, ReduceOp op, std::string_view what) override;
  void broadcast(Tensor& tensor, int root, std::string_view what) override;

  /// Bytes that a rank would have sent so far, by the ring algorithms, which send the least (Patarasuk and Yuan, 2009).
  double bytes_sent() const { return bytes_sent_; }

 private:
  double share() const { return static_cast<double>(size_ - 1) / size_; }

  const int size_;
  double bytes_sent_ = 0;
};

}  // namespace dl::host
