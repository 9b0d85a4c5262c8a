#include "contract.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>

#include <stdexcept>

namespace dl::testing {

std::ostream& operator<<(std::ostream& out, const Contract& contract) { return out << contract.name; }

std::string failure_of(const std::function<void()>& check) {
  try {
    check();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

void require(bool holds, const std::string& text) {
  if (!holds) throw std::runtime_error(text);
}

Tensor count_from(at::Device device, int64_t begin, int64_t count, at::ScalarType dtype) {
  return at::arange(begin, begin + count, at::kLong).to(dtype).to(device);
}

at::TensorOptions on(at::Device device, at::ScalarType dtype) { return at::device(device).dtype(dtype); }

bool same(const Tensor& a, const Tensor& b) { return a.scalar_type() == b.scalar_type() && at::equal(a, b); }

namespace {

void identity(Communicator& c, at::Device device) {
  require(c.size() >= 1 && c.rank() >= 0 && c.rank() < c.size(), "rank within size");
  require(c.local_size() >= 1 && c.local_rank() >= 0 && c.local_rank() < c.local_size(),
          "local rank within local size");
  require(static_cast<int>(c.hosts().size()) == c.size(), "a host name a rank");
  for (const auto& host : c.hosts()) require(!host.empty(), "host name");
  Tensor mine = count_from(device, c.rank(), 1, at::kLong);
  Tensor ranks = count_from(device, 0, c.size(), at::kLong).zero_();
  c.all_gather(ranks, mine, "ranks");
  require(same(ranks, count_from(device, 0, c.size(), at::kLong)), "each rank once");
}

void allocation(Communicator& c, at::Device device) {
  for (const auto dtype : {at::kFloat, at::kDouble, at::kBFloat16, at::kByte}) {
    const Tensor buffer = c.allocate(1000, dtype);
    require(buffer.scalar_type() == dtype && buffer.dim() == 1 && buffer.numel() == 1000, "shape and dtype");
    require(buffer.device() == device, "device");
    require(buffer.is_contiguous() && !buffer.requires_grad(), "flat");
    require(buffer.eq(0).all().item<bool>(), "zeroed");
  }
  require(c.allocate(0, at::kFloat).numel() == 0, "empty");
}

void barrier(Communicator& c, at::Device) {
  for (int i = 0; i < 3; ++i) c.barrier("test");
}

}  // namespace

std::vector<Contract> all_contracts() {
  std::vector<Contract> all{{"identity", identity}, {"allocation", allocation}, {"barrier", barrier}};
  for (auto part : {reduction_contracts(), movement_contracts(), start_contracts(), refusal_contracts()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace dl::testing
