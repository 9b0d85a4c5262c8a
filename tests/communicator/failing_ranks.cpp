// A run in which something goes wrong on the last rank, in the way that the first argument names, with the window that
// the second names and ranks_per_node of the third. failing_ranks.sh checks how the whole run ends.
#include <ATen/ops/zeros.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

#include "plugins/mpi/communicator.h"

namespace {

void run(const char* how, const mpi::CommunicatorOptions& options) {
  const auto is = [how](const char* name) { return std::strcmp(how, name) == 0; };
  dl::CommunicatorContext context;
  context.timeout_s = is("late") || is("late-finish") || is("stopped") ? 1 : 60;
  mpi::Communicator communicator(options, context);
  const bool odd_one = communicator.rank() == communicator.size() - 1;
  dl::Tensor tensor = at::zeros({1000}, at::kFloat);
  communicator.all_reduce(tensor, dl::ReduceOp::sum, "first");

  std::thread helper;
  if (odd_one && (is("late") || is("late-finish"))) std::this_thread::sleep_for(std::chrono::seconds(60));
  if (odd_one && is("killed")) std::raise(SIGKILL);
  if (odd_one && is("stopped")) std::raise(SIGSTOP);
  if (odd_one && is("leaves")) std::_Exit(0);
  if (odd_one && is("strays")) communicator.barrier("a barrier of its own");
  if (odd_one && is("throws")) throw std::runtime_error("thrown on the last rank");
  if (odd_one && is("throws-in-overlap")) {
    // Its communication thread waits for the other ranks, which are in another collective.
    communicator.start([&] { communicator.barrier("a barrier of its own"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    throw std::runtime_error("thrown on the last rank");
  }
  if (odd_one && is("aborts")) {
    helper = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      communicator.abort(42);
    });
    communicator.start([] { std::this_thread::sleep_for(std::chrono::seconds(60)); });
  }
  if (is("late-finish")) return;  // the others wait at the end
  communicator.all_reduce(tensor, dl::ReduceOp::sum, "second");
  if (helper.joinable()) helper.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  mpi::CommunicatorOptions options;
  options.window = argv[2];
  options.ranks_per_node = std::atol(argv[3]);
  try {
    run(argv[1], options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "caught: %s\n", error.what());
    return 7;
  }
  return 0;
}
