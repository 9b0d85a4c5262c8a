#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dl/communicator.h"

namespace dl::testing {

/// What ThreadCommunicators of one group share. The thread that comes last does the collective for all, in rank order.
class ThreadGroup {
 public:
  struct Call {
    std::string operation, what;
    Tensor in, out;
    ReduceOp op = ReduceOp::sum;
    int root = 0;
  };
  explicit ThreadGroup(int size, double timeout_s = 60);
  int size() const { return static_cast<int>(calls_.size()); }
  /// Returns when all ranks have called and it is done. Throws Error on all ranks where their calls differ, one is
  /// missing after the time-out, or the group was aborted.
  Tensor meet(int rank, Call call);
  void abort(const std::string& why) noexcept;

  /// Runs `body` on `size` threads, one a rank. An exception aborts the group, so that all end; the first is thrown on.
  static void run(int size, const std::function<void(Communicator&)>& body);

 private:
  void check_alike() const;
  void perform();

  const double timeout_s_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call> calls_;
  std::vector<Tensor> results_;
  int arrived_ = 0;
  int64_t generation_ = 0;
  std::string failure_;
};

/// Threads of one process standing in for ranks: collectives as on several processes, for tests only. Random generators
/// and ATen's thread pool are shared, so nothing that depends on those can be tested with it.
class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(std::shared_ptr<ThreadGroup> group, int rank) : group_(std::move(group)), rank_(rank) {}
  ~ThreadCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return group_->size(); }
  int local_rank() const override { return rank_; }
  int local_size() const override { return group_->size(); }
  std::vector<std::string> hosts() const override;

  Tensor allocate(int64_t elements, at::ScalarType dtype) override;
  void all_reduce(Tensor& tensor, ReduceOp op, std::string_view what) override;
  void all_gather(Tensor& whole, const Tensor& piece, std::string_view what) override;
  Tensor all_gather_rows(const Tensor& rows, std::string_view what) override;
  void reduce_scatter(Tensor& piece, const Tensor& whole, ReduceOp op, std::string_view what) override;
  void broadcast(Tensor& tensor, int root, std::string_view what) override;
  void barrier(std::string_view what) override;
  std::shared_ptr<Work> start(std::function<void()> collective) override;
  /// Ends the group, not the process: every call of every rank throws from here on.
  void abort(int code) noexcept override;

 private:
  Tensor meet(ThreadGroup::Call call);

  std::shared_ptr<ThreadGroup> group_;
  const int rank_;
  std::shared_future<void> last_;           // of those started
  std::atomic<std::thread::id> runs_on_{};  // the thread that runs the started one whose turn it is
};

}  // namespace dl::testing
