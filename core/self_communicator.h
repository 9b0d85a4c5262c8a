#pragma once
#include "dl/communicator.h"

namespace dl {

/// The communicator of a run with one rank: nothing moves. Tensors are checked as any communicator does, so that what
/// works here works on several ranks. Tensors may be on any device; buffers are made on `device`.
class SelfCommunicator : public Communicator {
 public:
  explicit SelfCommunicator(at::Device device = at::kCPU) : device_(device) {}
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int local_rank() const override { return 0; }
  int local_size() const override { return 1; }
  std::vector<std::string> hosts() const override;

  Tensor allocate(int64_t elements, at::ScalarType dtype) override;
  void all_reduce(Tensor& tensor, ReduceOp op, std::string_view what) override;
  void all_gather(Tensor& whole, const Tensor& piece, std::string_view what) override;
  Tensor all_gather_rows(const Tensor& rows, std::string_view what) override;
  void reduce_scatter(Tensor& piece, const Tensor& whole, ReduceOp op, std::string_view what) override;
  void broadcast(Tensor& tensor, int root, std::string_view what) override;
  void barrier(std::string_view what) override;
  /// Runs it at once; what it throws comes from wait().
  std::shared_ptr<Work> start(std::function<void()> collective) override;
  void abort(int code) noexcept override;

 private:
  at::Device device_;
};

}  // namespace dl
