// Times collectives of mpi.Communicator among the ranks that mpirun started. One line a measurement:
//   RESULT {"op": …, "size": …, "ms": median, "p10_ms": …, "p90_ms": …}
// A message is the whole tensor on each rank for all_reduce and broadcast, the whole input for reduce_scatter, the
// whole output for all_gather. Time is that of rank 0, after a barrier. "in place": of the communicator's own buffers,
// where gradients lie; otherwise of tensors anywhere.
//   bench_collectives WINDOW [CHUNK_BYTES [SIZE]]    (auto, on or off; one of the sizes instead of all)
#include <ATen/ops/ones.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "plugins/mpi/communicator.h"

namespace {

using dl::Tensor;

struct Size {
  const char* name;
  int64_t bytes;
  int repeats;
};
constexpr Size kSizes[] = {{"4 KB", 4096, 2000},
                           {"1 MB", 1 << 20, 200},
                           {"16 MB", 16 << 20, 20},
                           {"25 MB", 25 << 20, 20},
                           {"100 MB", 100 << 20, 8}};

void measure(mpi::Communicator& c, const char* operation, const Size& size, const std::function<void()>& call) {
  call();
  std::vector<double> times;
  for (int i = 0; i < size.repeats; ++i) {
    c.barrier("before");
    const auto begin = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) { return times[static_cast<size_t>(part * static_cast<double>(times.size() - 1))]; };
  if (c.rank() == 0)
    std::printf("RESULT {\"op\": \"%s\", \"size\": \"%s\", \"ms\": %.5f, \"p10_ms\": %.5f, \"p90_ms\": %.5f}\n",
                operation, size.name, at(0.5), at(0.1), at(0.9));
}

void measure_all(mpi::Communicator& c, const Size& size) {
  const int64_t elements = size.bytes / 4, part = elements / c.size();
  Tensor own = c.allocate(elements, at::kFloat).fill_(1), plain = at::ones({elements}, at::kFloat);
  Tensor piece = at::ones({part}, at::kFloat);
  const auto whole = [&](Tensor& tensor) { return tensor.narrow(0, 0, part * c.size()); };
  measure(c, "memcpy on all ranks at once", size,
          [&, to = at::ones({elements}, at::kFloat)] { std::memcpy(to.data_ptr(), plain.data_ptr(), plain.nbytes()); });
  for (auto* tensor : {&own, &plain}) {
    const bool in_place = tensor == &own;
    measure(c, in_place ? "all_reduce, in place" : "all_reduce", size,
            [&] { c.all_reduce(*tensor, dl::ReduceOp::sum, "ones"); });
    measure(c, in_place ? "all_reduce of bf16, in place" : "all_reduce of bf16", size, [&] {
      Tensor bits = tensor->view(at::kBFloat16);
      c.all_reduce(bits, dl::ReduceOp::sum, "ones");
    });
    tensor->fill_(1);
    measure(c, in_place ? "reduce_scatter, in place" : "reduce_scatter", size,
            [&] { c.reduce_scatter(piece, whole(*tensor), dl::ReduceOp::sum, "ones"); });
    measure(c, in_place ? "all_gather, in place" : "all_gather", size, [&] {
      Tensor to = whole(*tensor);
      c.all_gather(to, piece, "ones");
    });
    measure(c, in_place ? "broadcast, in place" : "broadcast", size, [&] { c.broadcast(*tensor, 0, "ones"); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  mpi::CommunicatorOptions options;
  if (argc > 1) options.window = argv[1];
  if (argc > 2) options.chunk_bytes = std::atol(argv[2]);
  mpi::Communicator communicator(options, {});
  for (const auto& size : kSizes)
    if (argc < 4 || std::strcmp(argv[3], size.name) == 0) measure_all(communicator, size);
}
