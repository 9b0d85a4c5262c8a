#include "support/thread_communicator.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/zeros.h>

#include <chrono>
#include <exception>
#include <thread>

#include "dl/error.h"

namespace dl::testing {

namespace {

class StartedWork : public Work {
 public:
  explicit StartedWork(std::shared_future<void> future) : future_(std::move(future)) {}
  void wait() override { future_.get(); }

 private:
  std::shared_future<void> future_;
};

std::string name(const ThreadGroup::Call& call) { return call.operation + " of \"" + call.what + "\""; }

void check(const ThreadGroup::Call& call, const Tensor& tensor) {
  if (!tensor.defined() || !tensor.is_contiguous()) throw Error(name(call) + ": the tensor is not contiguous");
}

void check_pieces(const ThreadGroup::Call& call, const Tensor& whole, const Tensor& piece, int size) {
  check(call, whole);
  check(call, piece);
  if (whole.numel() != piece.numel() * size || whole.scalar_type() != piece.scalar_type())
    throw Error(name(call) + ": whole and piece don't match");
}

Tensor reduce(const std::vector<ThreadGroup::Call>& calls) {
  Tensor total = calls[0].in.clone();
  for (size_t r = 1; r < calls.size(); ++r) {
    if (calls[0].op == ReduceOp::sum)
      total.add_(calls[r].in);
    else
      total = calls[0].op == ReduceOp::max ? at::maximum(total, calls[r].in) : at::minimum(total, calls[r].in);
  }
  return total;
}

}  // namespace

ThreadGroup::ThreadGroup(int size, double timeout_s)
    : timeout_s_(timeout_s), calls_(static_cast<size_t>(size)), results_(static_cast<size_t>(size)) {}

void ThreadGroup::check_alike() const {
  for (const auto& call : calls_) {
    const bool rows = call.operation == "all_gather_rows";
    const auto& first = calls_[0];
    if (call.operation == first.operation && call.what == first.what && call.op == first.op &&
        call.root == first.root &&
        (!call.in.defined() ||
         (call.in.scalar_type() == first.in.scalar_type() &&
          (rows ? call.in.sizes().slice(1) == first.in.sizes().slice(1) : call.in.numel() == first.in.numel()))))
      continue;
    throw Error("ranks differ: " + name(first) + " on rank 0, " + name(call) + " on rank " +
                std::to_string(&call - calls_.data()));
  }
}

void ThreadGroup::perform() {
  const auto& operation = calls_[0].operation;
  if (operation == "barrier") return;
  if (operation == "all_reduce") {
    const Tensor total = reduce(calls_);
    for (auto& call : calls_) call.out.copy_(total);
  } else if (operation == "reduce_scatter") {
    const auto pieces = reduce(calls_).view({-1}).chunk(size());
    for (size_t r = 0; r < pieces.size(); ++r) calls_[r].out.view({-1}).copy_(pieces[r]);
  } else if (operation == "broadcast") {
    const Tensor source = calls_[static_cast<size_t>(calls_[0].root)].in.clone();
    for (auto& call : calls_) call.out.view({-1}).copy_(source.view({-1}));
  } else {
    Tensors parts;
    for (const auto& call : calls_) parts.push_back(operation == "all_gather" ? call.in.view({-1}) : call.in);
    const Tensor all = at::cat(parts);
    for (size_t r = 0; r < calls_.size(); ++r) {
      if (operation == "all_gather")
        calls_[r].out.view({-1}).copy_(all);
      else
        results_[r] = all.clone();
    }
  }
}

Tensor ThreadGroup::meet(int rank, Call call) {
  std::unique_lock lock(mutex_);
  if (!failure_.empty()) throw Error(failure_);
  const auto generation = generation_;
  const auto called = name(call);
  calls_[static_cast<size_t>(rank)] = std::move(call);
  if (++arrived_ == size()) {
    try {
      check_alike();
      perform();
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
    arrived_ = 0;
    ++generation_;
    changed_.notify_all();
  } else {
    const bool met = changed_.wait_for(lock, std::chrono::duration<double>(timeout_s_),
                                       [&] { return generation_ != generation || !failure_.empty(); });
    if (!met) {
      failure_ = "rank " + std::to_string(rank) + ": " + called + " timed out";
      changed_.notify_all();
    }
  }
  if (!failure_.empty()) throw Error(failure_);
  return results_[static_cast<size_t>(rank)];
}

void ThreadGroup::abort(const std::string& why) noexcept {
  std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = why;
  changed_.notify_all();
}

void ThreadGroup::run(int size, const std::function<void(Communicator&)>& body) {
  auto group = std::make_shared<ThreadGroup>(size);
  std::exception_ptr first;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      try {
        ThreadCommunicator communicator(group, rank);
        body(communicator);
      } catch (const std::exception& error) {
        std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        group->abort("rank " + std::to_string(rank) + " failed: " + error.what());
      }
    });
  for (auto& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

ThreadCommunicator::~ThreadCommunicator() {
  if (last_.valid()) last_.wait();
}

std::vector<std::string> ThreadCommunicator::hosts() const {
  return std::vector<std::string>(static_cast<size_t>(size()), "thread");
}

Tensor ThreadCommunicator::allocate(int64_t elements, at::ScalarType dtype) { return at::zeros({elements}, dtype); }

Tensor ThreadCommunicator::meet(ThreadGroup::Call call) {
  // In this order: the owner assigns last_ while a started collective may be here.
  if (runs_on_.load() != std::this_thread::get_id() && last_.valid()) last_.wait();
  return group_->meet(rank_, std::move(call));
}

void ThreadCommunicator::all_reduce(Tensor& tensor, ReduceOp op, std::string_view what) {
  ThreadGroup::Call call{"all_reduce", std::string(what), tensor, tensor, op};
  check(call, tensor);
  meet(std::move(call));
}

void ThreadCommunicator::all_gather(Tensor& whole, const Tensor& piece, std::string_view what) {
  ThreadGroup::Call call{"all_gather", std::string(what), piece, whole};
  check_pieces(call, whole, piece, size());
  meet(std::move(call));
}

Tensor ThreadCommunicator::all_gather_rows(const Tensor& rows, std::string_view what) {
  ThreadGroup::Call call{"all_gather_rows", std::string(what), rows, {}};
  check(call, rows);
  if (rows.dim() == 0) throw Error(name(call) + ": a scalar has no rows");
  return meet(std::move(call));
}

void ThreadCommunicator::reduce_scatter(Tensor& piece, const Tensor& whole, ReduceOp op, std::string_view what) {
  ThreadGroup::Call call{"reduce_scatter", std::string(what), whole, piece, op};
  check_pieces(call, whole, piece, size());
  meet(std::move(call));
}

void ThreadCommunicator::broadcast(Tensor& tensor, int root, std::string_view what) {
  ThreadGroup::Call call{"broadcast", std::string(what), tensor, tensor, ReduceOp::sum, root};
  check(call, tensor);
  if (root < 0 || root >= size()) throw Error(name(call) + ": there is no rank " + std::to_string(root));
  meet(std::move(call));
}

void ThreadCommunicator::barrier(std::string_view what) { meet({"barrier", std::string(what), {}, {}}); }

std::shared_ptr<Work> ThreadCommunicator::start(std::function<void()> collective) {
  last_ = std::async(std::launch::async, [this, before = last_, collective = std::move(collective)] {
            if (before.valid()) before.wait();
            runs_on_ = std::this_thread::get_id();
            collective();
          }).share();
  return std::make_shared<StartedWork>(last_);
}

void ThreadCommunicator::abort(int code) noexcept {
  group_->abort("rank " + std::to_string(rank_) + " aborted with code " + std::to_string(code));
}

}  // namespace dl::testing
