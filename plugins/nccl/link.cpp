#include "link.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "data_types.h"
#include "dl/error.h"

namespace nccl {

namespace {

[[noreturn]] void fail(const char* function, ncclResult_t result, ncclComm_t comm) {
  std::string text = std::string(function) + ": " + ncclGetErrorString(result);
  if (const char* last = ncclGetLastError(comm); last && *last) text += std::string(": ") + last;
  throw dl::Error(text);
}

cudaStream_t raw(const c10::Stream& stream) { return c10::cuda::CUDAStream(stream).stream(); }

char* at_byte(void* memory, int64_t offset) { return static_cast<char*>(memory) + offset; }

}  // namespace

void Link::make_id(ncclUniqueId& id) {
  if (const auto result = ncclGetUniqueId(&id); result != ncclSuccess) fail("ncclGetUniqueId", result, nullptr);
}

Link::Link(const ncclUniqueId& id, int rank, int size, at::Device device, double timeout_s)
    : rank_(rank), timeout_s_(timeout_s) {
  const c10::cuda::CUDAGuard on(device);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  try {
    call("ncclCommInitRankConfig", [&] { return ncclCommInitRankConfig(&comm_, size, id, rank, &config); });
  } catch (...) {
    abort();
    throw;
  }
}

Link::~Link() {
  if (!comm_ || aborted_) return;
  try {
    call("ncclCommFinalize", [this] { return ncclCommFinalize(comm_); });
    ncclCommDestroy(comm_);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rank %d: the end of NCCL: %s\n", rank_, error.what());
    abort();
  }
}

void Link::call(const char* function, const std::function<ncclResult_t()>& body) {
  ncclResult_t result = ncclSuccess;
  {
    std::lock_guard lock(mutex_);
    if (aborted_) throw dl::Error(std::string(function) + ": NCCL was aborted on this rank");
    result = body();
  }
  settle(function, result);
}

ncclResult_t Link::state() {
  std::lock_guard lock(mutex_);
  if (aborted_ || !comm_) return ncclInvalidUsage;
  ncclResult_t result = ncclSuccess;
  const auto asked = ncclCommGetAsyncError(comm_, &result);
  return asked == ncclSuccess ? result : asked;
}

void Link::settle(const char* function, ncclResult_t result) {
  using namespace std::chrono;
  const auto begin = steady_clock::now();
  auto pause = microseconds(10);
  while (result == ncclInProgress) {
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, microseconds(1000));
    result = state();
    if (result == ncclInProgress && duration<double>(steady_clock::now() - begin).count() > timeout_s_)
      throw dl::Error(std::string(function) + " has not returned after " + std::to_string(timeout_s_) +
                      " s: another rank has died, hangs or went another way");
  }
  if (result != ncclSuccess) fail(function, result, aborted_ ? nullptr : comm_);
}

void Link::all_reduce(void* data, int64_t count, at::ScalarType dtype, dl::ReduceOp op, const c10::Stream& stream) {
  call("ncclAllReduce", [&] {
    return ncclAllReduce(data, data, static_cast<size_t>(count), data_type(dtype), reduction(op), comm_, raw(stream));
  });
}

void Link::all_gather(void* whole, const void* piece, int64_t piece_bytes, const c10::Stream& stream) {
  call("ncclAllGather",
       [&] { return ncclAllGather(piece, whole, static_cast<size_t>(piece_bytes), ncclUint8, comm_, raw(stream)); });
}

// NCCL has no gather of uneven lengths: each rank's part is broadcast, all in one group.
void Link::all_gather_uneven(void* whole, const void* piece, std::span<const int64_t> bytes,
                             const c10::Stream& stream) {
  if (std::all_of(bytes.begin(), bytes.end(), [](int64_t count) { return count == 0; })) return;
  call("ncclBroadcast", [&] {
    auto result = ncclGroupStart();
    if (result != ncclSuccess) return result;
    int64_t offset = 0;
    for (size_t root = 0; root < bytes.size(); ++root) {
      if (bytes[root] > 0) {
        const auto put = ncclBroadcast(piece, at_byte(whole, offset), static_cast<size_t>(bytes[root]), ncclUint8,
                                       static_cast<int>(root), comm_, raw(stream));
        if (put != ncclSuccess && put != ncclInProgress && result == ncclSuccess) result = put;
      }
      offset += bytes[root];
    }
    const auto end = ncclGroupEnd();
    return result != ncclSuccess ? result : end;
  });
}

void Link::reduce_scatter(void* piece, const void* whole, int64_t count, at::ScalarType dtype, dl::ReduceOp op,
                          const c10::Stream& stream) {
  call("ncclReduceScatter", [&] {
    return ncclReduceScatter(whole, piece, static_cast<size_t>(count), data_type(dtype), reduction(op), comm_,
                             raw(stream));
  });
}

void Link::broadcast(void* data, int64_t bytes, int root, const c10::Stream& stream) {
  call("ncclBroadcast",
       [&] { return ncclBroadcast(data, data, static_cast<size_t>(bytes), ncclUint8, root, comm_, raw(stream)); });
}

std::string Link::failure() {
  std::lock_guard lock(mutex_);
  if (aborted_ || !comm_) return "";
  ncclResult_t result = ncclSuccess;
  const auto asked = ncclCommGetAsyncError(comm_, &result);
  if (asked != ncclSuccess) result = asked;
  if (result == ncclSuccess || result == ncclInProgress) return "";
  const char* last = ncclGetLastError(comm_);
  return std::string("NCCL reports \"") + ncclGetErrorString(result) + "\"" +
         (last && *last ? std::string(" (") + last + ")" : "");
}

void Link::abort() noexcept {
  std::lock_guard lock(mutex_);
  if (aborted_) return;
  aborted_ = true;
  if (comm_) ncclCommAbort(comm_);
}

}  // namespace nccl
