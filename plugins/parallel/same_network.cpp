#include "same_network.h"

#include <ATen/ops/tensor.h>

#include <limits>
#include <sstream>

#include "dl/error.h"

namespace parallel {

namespace {

// FNV-1a, 64 bits, without the sign.
int64_t fingerprint(std::span<const ModuleTensor> tensors) {
  std::ostringstream text;
  for (const auto& entry : tensors)
    text << entry.name << ' ' << entry.tensor.sizes() << ' ' << entry.tensor.scalar_type() << ' '
         << entry.tensor.requires_grad() << ' ' << entry.aliases.size() << '\n';
  uint64_t hash = 14695981039346656037ull;
  for (const char c : text.str()) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return static_cast<int64_t>(hash & static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
}

}  // namespace

void check_same_network(dl::Communicator& control, const std::string& network, std::span<const ModuleTensor> tensors) {
  if (control.size() == 1) return;
  const int64_t mine = fingerprint(tensors);
  dl::Tensor extremes = at::tensor({mine, -mine}, at::kLong);
  control.all_reduce(extremes, dl::ReduceOp::max, "comparison of network " + network);
  if (extremes[0].item<int64_t>() != -extremes[1].item<int64_t>())
    throw dl::Error(
        "network \"" + network +
        "\" differs between ranks in names, shapes, dtypes or frozen parameters; all ranks must build it from "
        "the same config and plugins, with nothing that depends on the rank");
}

}  // namespace parallel
