#include "used_parameters.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace parallel {

void agree_on_used(dl::Communicator& control, std::vector<bool>& used, std::span<double> totals) {
  if (control.size() == 1) return;
  const auto count = static_cast<int64_t>(totals.size());
  dl::Tensor numbers = at::empty({count + 1}, at::kDouble);
  auto* values = numbers.mutable_data_ptr<double>();
  std::copy(totals.begin(), totals.end(), values);
  values[count] = static_cast<double>(std::count(used.begin(), used.end(), false));
  control.all_reduce(numbers, dl::ReduceOp::sum, "totals of the update");
  std::copy(values, values + count, totals.begin());
  if (values[count] == 0) return;
  dl::Tensor flags = at::empty({static_cast<int64_t>(used.size())}, at::kByte);
  std::copy(used.begin(), used.end(), flags.mutable_data_ptr<uint8_t>());
  control.all_reduce(flags, dl::ReduceOp::max, "parameters used in the update");
  const auto* any = flags.const_data_ptr<uint8_t>();
  for (size_t i = 0; i < used.size(); ++i) used[i] = any[i] != 0;
}

}  // namespace parallel
