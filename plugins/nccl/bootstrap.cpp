#include "bootstrap.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

#include "dl/error.h"

namespace nccl {

namespace {

dl::Tensor bytes_of(std::span<const char> text) {
  dl::Tensor bytes = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  if (!text.empty()) std::memcpy(bytes.mutable_data_ptr(), text.data(), text.size());
  return bytes;
}

}  // namespace

void share_id(dl::Communicator& control, std::string problem, std::span<char> id,
              const std::function<void(std::span<char> id)>& make) {
  if (problem.empty() && control.rank() == 0) {
    try {
      make(id);
    } catch (const std::exception& error) {
      problem = error.what();
    }
  }
  if (!problem.empty()) {
    const auto rank = static_cast<size_t>(control.rank());
    problem = "rank " + std::to_string(rank) + " on " + control.hosts()[rank] + ": " + problem + "\n";
  }
  const dl::Tensor all = control.all_gather_rows(bytes_of(problem), "what keeps ranks from starting NCCL");
  // One rank's words are enough: mostly all have the same problem.
  if (const std::string text(static_cast<const char*>(all.const_data_ptr()), all.nbytes()); !text.empty())
    throw dl::Error(problem.empty() ? text.substr(0, text.find('\n')) : problem.substr(0, problem.size() - 1));
  dl::Tensor bytes = bytes_of(id);
  control.broadcast(bytes, 0, "NCCL's unique id");
  std::memcpy(id.data(), bytes.const_data_ptr(), id.size());
}

}  // namespace nccl
