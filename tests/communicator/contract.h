#pragma once
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "dl/communicator.h"

namespace dl::testing {

/// One thing that every communicator does, with tensors on `device`. `check` runs on all ranks at once and throws
/// std::runtime_error where it doesn't (not a Boost check: ranks may be threads, and Boost.Test is for one thread).
struct Contract {
  std::string name;
  std::function<void(Communicator&, at::Device device)> check;
};
std::ostream& operator<<(std::ostream& out, const Contract& contract);

std::vector<Contract> all_contracts();
std::vector<Contract> reduction_contracts();
std::vector<Contract> movement_contracts();
std::vector<Contract> start_contracts();
std::vector<Contract> refusal_contracts();

/// What `check` throws, in words; "" where it throws nothing.
std::string failure_of(const std::function<void()>& check);
/// Throws std::runtime_error with `text` unless `holds`.
void require(bool holds, const std::string& text);
/// [begin, begin + count) in `dtype`.
Tensor count_from(at::Device device, int64_t begin, int64_t count, at::ScalarType dtype);
at::TensorOptions on(at::Device device, at::ScalarType dtype);
bool same(const Tensor& a, const Tensor& b);

}  // namespace dl::testing
