#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include "contract.h"

namespace dl::testing {

namespace {

// Bytes around a chunk of 4,096, and several of those.
constexpr int64_t kLengths[] = {0, 1, 63, 64, 65, 511, 512, 513, 1024, 4095, 4096, 4097, 5000};

void all_gather(Communicator& c, at::Device device) {
  for (const auto dtype : {at::kFloat, at::kDouble, at::kBFloat16, at::kLong, at::kInt, at::kByte})
    for (const auto length : kLengths) {
      const Tensor all = count_from(device, 0, length * c.size(), at::kLong).remainder(100).to(dtype);
      const Tensor piece = all.narrow(0, length * c.rank(), length).clone();
      Tensor whole = at::zeros({length * c.size()}, on(device, dtype));
      c.all_gather(whole, piece, "numbers");
      require(same(whole, all), std::string("all_gather of ") + c10::toString(dtype) + " × " + std::to_string(length));
    }
}

void all_gather_in_place(Communicator& c, at::Device device) {
  const Tensor all = count_from(device, 0, 3000 * c.size(), at::kFloat);
  Tensor whole = at::zeros({3000 * c.size()}, on(device, at::kFloat));
  const Tensor piece = whole.narrow(0, 3000 * c.rank(), 3000);
  piece.copy_(all.narrow(0, 3000 * c.rank(), 3000));
  c.all_gather(whole, piece, "numbers");
  require(same(whole, all), "a piece that is part of the whole");
}

void all_gather_of_allocated(Communicator& c, at::Device device) {
  for (const int64_t length : {1, 65, 20000}) {
    const Tensor all = count_from(device, 0, length * c.size(), at::kFloat);
    Tensor whole = c.allocate(length * c.size(), at::kFloat);
    for (const bool inside : {false, true}) {
      whole.fill_(-1);
      Tensor piece = whole.narrow(0, length * c.rank(), length);
      if (!inside) piece = piece.clone();
      piece.copy_(all.narrow(0, length * c.rank(), length));
      c.all_gather(whole, piece, "numbers");
      require(same(whole, all), "all_gather into a buffer of " + std::to_string(length));
    }
  }
}

// The root changes its tensor at once after the call.
void broadcast_of_allocated(Communicator& c, at::Device device) {
  for (const int64_t length : {1, 65, 20000}) {
    Tensor tensor = c.allocate(length, at::kFloat);
    for (int root = 0; root < c.size(); ++root)
      for (int round = 0; round < 5; ++round) {
        if (c.rank() == root) tensor.copy_(count_from(device, root + round, length, at::kFloat));
        c.broadcast(tensor, root, "numbers");
        require(same(tensor, count_from(device, root + round, length, at::kFloat)), "the root's values");
      }
  }
}

// Rank r has r × `step` rows, so rank 0 has none.
void gather_uneven(Communicator& c, at::Device device, int64_t step, at::ScalarType dtype, std::vector<int64_t> row) {
  const auto rows_of = [&](int rank) {
    auto shape = row;
    shape.insert(shape.begin(), rank * step);
    Tensor rows = at::zeros(shape, on(device, dtype));
    return rows.view({-1}).copy_(count_from(device, rank, rows.numel(), at::kLong).remainder(2)).view(shape);
  };
  Tensors all;
  for (int rank = 0; rank < c.size(); ++rank) all.push_back(rows_of(rank));
  const Tensor gathered = c.all_gather_rows(rows_of(c.rank()), "rows");
  require(same(gathered, at::cat(all)), "rows of all ranks in rank order");
}

void all_gather_rows(Communicator& c, at::Device device) {
  gather_uneven(c, device, 3, at::kFloat, {});
  gather_uneven(c, device, 2, at::kLong, {5, 4});
  gather_uneven(c, device, 700, at::kDouble, {3});
  gather_uneven(c, device, 2, at::kBool, {7});
  gather_uneven(c, device, 0, at::kFloat, {2});
}

void all_gather_rows_is_a_copy(Communicator& c, at::Device device) {
  const Tensor rows = count_from(device, 0, 4, at::kFloat);
  c.all_gather_rows(rows, "rows").zero_();
  require(same(rows, count_from(device, 0, 4, at::kFloat)), "the rows given are left alone");
}

void broadcast(Communicator& c, at::Device device) {
  for (int root = 0; root < c.size(); ++root)
    for (const auto dtype : {at::kFloat, at::kDouble, at::kBFloat16, at::kLong, at::kInt, at::kByte})
      for (const auto length : kLengths) {
        const Tensor sent = count_from(device, root, length, at::kLong).remainder(100).to(dtype);
        Tensor tensor = c.rank() == root ? sent.clone() : at::zeros({length}, on(device, dtype));
        c.broadcast(tensor, root, "numbers");
        require(same(tensor, sent), "the root's values");
      }
}

}  // namespace

std::vector<Contract> movement_contracts() {
  return {{"all_gather", all_gather},
          {"all_gather_in_place", all_gather_in_place},
          {"all_gather_of_allocated", all_gather_of_allocated},
          {"all_gather_rows", all_gather_rows},
          {"all_gather_rows_is_a_copy", all_gather_rows_is_a_copy},
          {"broadcast", broadcast},
          {"broadcast_of_allocated", broadcast_of_allocated}};
}

}  // namespace dl::testing
