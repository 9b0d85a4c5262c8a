#include <ATen/ops/full.h>
#include <ATen/ops/sin.h>

#include "contract.h"

namespace dl::testing {

namespace {

constexpr int64_t kLengths[] = {0, 1, 63, 5000};  // the last is several chunks where chunks are small
constexpr at::ScalarType kDtypes[] = {at::kFloat, at::kDouble, at::kBFloat16, at::kLong, at::kInt, at::kByte};

// Small whole numbers, exact in every dtype: element i of rank r is (i % 7) + r.
Tensor pattern(int64_t length, int rank, at::ScalarType dtype) {
  return count_from(0, length, at::kLong).remainder(7).add(rank).to(dtype);
}

Tensor expected(int64_t length, int size, ReduceOp op, at::ScalarType dtype) {
  Tensor base = pattern(length, 0, at::kLong);
  if (op == ReduceOp::sum) base = base.mul(size).add(size * (size - 1) / 2);
  if (op == ReduceOp::max) base = base.add(size - 1);
  return base.to(dtype);
}

void all_reduce(Communicator& c) {
  for (const auto dtype : kDtypes)
    for (const auto op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min})
      for (const auto length : kLengths) {
        Tensor tensor = pattern(length, c.rank(), dtype);
        c.all_reduce(tensor, op, "numbers");
        require(same(tensor, expected(length, c.size(), op, dtype)),
                std::string("all_reduce of ") + c10::toString(dtype) + " × " + std::to_string(length));
      }
}

void all_reduce_of_a_view(Communicator& c) {
  const Tensor buffer = at::full({100}, -1, at::kFloat);
  Tensor middle = buffer.narrow(0, 10, 30);
  middle.copy_(pattern(30, c.rank(), at::kFloat));
  c.all_reduce(middle, ReduceOp::sum, "view");
  require(same(buffer.narrow(0, 10, 30), expected(30, c.size(), ReduceOp::sum, at::kFloat)), "the view is reduced");
  require(buffer.narrow(0, 0, 10).eq(-1).all().item<bool>() && buffer.narrow(0, 40, 60).eq(-1).all().item<bool>(),
          "the rest is left alone");
}

// What is not exact must still be the same everywhere, or ranks drift apart.
void all_reduce_gives_the_same_bits(Communicator& c) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const Tensor numbers = at::sin(count_from(0, 5000, at::kFloat).mul(c.rank() + 1.7)).to(dtype);
    Tensor first = numbers.clone(), again = numbers.clone();
    c.all_reduce(first, ReduceOp::sum, "sines");
    c.all_reduce(again, ReduceOp::sum, "sines");
    require(same(first, again), "the same bits each time");
    Tensor of_rank_0 = first.clone();
    c.broadcast(of_rank_0, 0, "sines");
    require(same(first, of_rank_0), "the same bits on each rank");
  }
}

void reduce_scatter(Communicator& c) {
  for (const auto dtype : kDtypes)
    for (const auto op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min})
      for (const auto length : kLengths) {
        const Tensor whole = pattern(length * c.size(), c.rank(), dtype);
        const Tensor before = whole.clone();
        Tensor piece = pattern(length, 0, dtype).zero_();
        c.reduce_scatter(piece, whole, op, "numbers");
        const Tensor all = expected(length * c.size(), c.size(), op, dtype);
        require(same(piece, all.narrow(0, length * c.rank(), length)),
                std::string("reduce_scatter of ") + c10::toString(dtype) + " × " + std::to_string(length));
        require(same(whole, before), "the whole is left alone");
      }
}

void reduce_scatter_in_place(Communicator& c) {
  Tensor whole = pattern(3000 * c.size(), c.rank(), at::kFloat);
  Tensor piece = whole.narrow(0, 3000 * c.rank(), 3000);
  c.reduce_scatter(piece, whole, ReduceOp::sum, "numbers");
  const Tensor all = expected(3000 * c.size(), c.size(), ReduceOp::sum, at::kFloat);
  require(same(piece, all.narrow(0, 3000 * c.rank(), 3000)), "a piece that is part of the whole");
}

}  // namespace

std::vector<Contract> reduction_contracts() {
  return {{"all_reduce", all_reduce},
          {"all_reduce_of_a_view", all_reduce_of_a_view},
          {"all_reduce_gives_the_same_bits", all_reduce_gives_the_same_bits},
          {"reduce_scatter", reduce_scatter},
          {"reduce_scatter_in_place", reduce_scatter_in_place}};
}

}  // namespace dl::testing
