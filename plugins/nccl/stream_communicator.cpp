#include "stream_communicator.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstdio>
#include <exception>
#include <utility>

#include "checks.h"
#include "dl/error.h"
#include "rows.h"
#include "stream_work.h"

namespace nccl {

namespace {

std::string name_of(const dl::Communicator& control) {
  const auto rank = static_cast<size_t>(control.rank());
  return "rank " + std::to_string(rank) + " on " + control.hosts()[rank];
}

}  // namespace

StreamCommunicator::StreamCommunicator(dl::Communicator& control, at::Device device,
                                       std::unique_ptr<Transport> transport, double timeout_s)
    : control_(control),
      device_(device),
      who_(name_of(control)),
      exceptions_(std::uncaught_exceptions()),
      transport_(std::move(transport)),
      stream_(c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, /*isHighPriority=*/true)),
      flag_(at::zeros({1}, at::device(device).dtype(at::kInt))) {
  watchdog_ = std::make_unique<Watchdog>(who_, timeout_s,
                                         Watchdog::Calls{[this] { return transport_->failure(); },
                                                         [this](const std::string& text) {
                                                           std::fprintf(stderr, "%s Ending all ranks.\n", text.c_str());
                                                           transport_->abort();
                                                           control_.abort(1);  // results are wrong from here on
                                                         }});
}

StreamCommunicator::~StreamCommunicator() {
  // Peers may be gone: then the transport must not wait for them.
  const bool healthy = watchdog_->well() && std::uncaught_exceptions() <= exceptions_;
  watchdog_.reset();
  if (!healthy) transport_->abort();
}

c10::Stream StreamCommunicator::current() const {
  return c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
}

void StreamCommunicator::run(const char* operation, std::string_view what,
                             std::initializer_list<const dl::Tensor*> tensors, const std::function<void()>& put) {
  Call call{operation, std::string(what), ++calls_};
  watchdog_->must_be_well(call);
  const c10::DeviceGuard on_device(device_);
  const auto caller = current();
  if (caller != stream_) {
    c10::Event ready(device_.type());
    ready.record(caller);
    ready.block(stream_);
  }
  try {
    put();
  } catch (const std::exception& error) {
    const auto text = who_ + ": " + numbered_name(call) + " failed: " + error.what();
    watchdog_->fail(text);
    throw dl::Error(text);
  }
  const auto done = std::make_shared<c10::Event>(device_.type());
  done->record(stream_);
  if (caller != stream_) done->block(caller);
  // Their memory must not be used again before the stream is done with it.
  const c10::impl::VirtualGuardImpl devices(device_.type());
  for (const auto* tensor : tensors) devices.recordDataPtrOnStream(tensor->storage().data_ptr(), stream_);
  watchdog_->watch(std::move(call), [done] { return done->query(); });
}

dl::Tensor StreamCommunicator::allocate(int64_t elements, at::ScalarType dtype) {
  return at::zeros({elements}, at::device(device_).dtype(dtype));
}

void StreamCommunicator::all_reduce(dl::Tensor& tensor, dl::ReduceOp op, std::string_view what) {
  check_reducible("all_reduce", what, tensor, device_);
  run("all_reduce", what, {&tensor},
      [&] { transport_->all_reduce(tensor.data_ptr(), tensor.numel(), tensor.scalar_type(), op, stream_); });
}

void StreamCommunicator::all_gather(dl::Tensor& whole, const dl::Tensor& piece, std::string_view what) {
  check_pieces("all_gather", what, whole, piece, size(), device_);
  run("all_gather", what, {&whole, &piece}, [&] {
    transport_->all_gather(whole.data_ptr(), piece.data_ptr(), static_cast<int64_t>(piece.nbytes()), stream_);
  });
}

dl::Tensor StreamCommunicator::all_gather_rows(const dl::Tensor& rows, std::string_view what) {
  check_tensor("all_gather_rows", what, rows, device_);
  std::vector<int64_t> bytes = count_rows(control_, rows, what);
  auto shape = rows.sizes().vec();
  shape[0] = 0;
  auto row_bytes = static_cast<int64_t>(rows.element_size());
  for (size_t i = 1; i < shape.size(); ++i) row_bytes *= shape[i];
  for (auto& count : bytes) {
    shape[0] += count;
    count *= row_bytes;
  }
  dl::Tensor whole = at::empty(shape, rows.options());
  run("all_gather_rows", what, {&whole, &rows},
      [&] { transport_->all_gather_uneven(whole.data_ptr(), rows.data_ptr(), bytes, stream_); });
  return whole;
}

void StreamCommunicator::reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op,
                                        std::string_view what) {
  check_pieces("reduce_scatter", what, whole, piece, size(), device_);
  check_reducible("reduce_scatter", what, piece, device_);
  run("reduce_scatter", what, {&piece, &whole}, [&] {
    transport_->reduce_scatter(piece.data_ptr(), whole.data_ptr(), piece.numel(), piece.scalar_type(), op, stream_);
  });
}

void StreamCommunicator::broadcast(dl::Tensor& tensor, int root, std::string_view what) {
  check_tensor("broadcast", what, tensor, device_);
  check_root("broadcast", what, root, size());
  run("broadcast", what, {&tensor},
      [&] { transport_->broadcast(tensor.data_ptr(), static_cast<int64_t>(tensor.nbytes()), root, stream_); });
}

void StreamCommunicator::barrier(std::string_view what) {
  run("barrier", what, {&flag_},
      [&] { transport_->all_reduce(flag_.data_ptr(), 1, at::kInt, dl::ReduceOp::max, stream_); });
  stream_.synchronize();
  watchdog_->must_be_well({"barrier", std::string(what), calls_});  // abort() ends the wait, too
}

std::shared_ptr<dl::Work> StreamCommunicator::start(std::function<void()> collective) {
  c10::Event ready(device_.type());
  ready.record(current());
  ready.block(stream_);
  std::exception_ptr failure;
  {
    const c10::StreamGuard on(stream_);
    try {
      collective();
    } catch (...) {
      failure = std::current_exception();
    }
  }
  c10::Event done(device_.type());
  done.record(stream_);
  return std::make_shared<StreamWork>(std::move(collective), std::move(done), failure);
}

}  // namespace nccl
