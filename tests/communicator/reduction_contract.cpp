#include <ATen/ops/full.h>
#include <ATen/ops/sin.h>

#include "contract.h"

namespace dl::testing {

namespace {

// Around a cache line, around what a chunk of 4,096 bytes holds, and several chunks of that size.
constexpr int64_t kLengths[] = {0, 1, 63, 64, 65, 1023, 1024, 1025, 5000};
constexpr at::ScalarType kDtypes[] = {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf,
                                      at::kLong,  at::kInt,    at::kByte};

// Small whole numbers, exact in every dtype: element i of rank r is (i % 7) + r.
Tensor pattern(at::Device device, int64_t length, int rank, at::ScalarType dtype) {
  return count_from(device, 0, length, at::kLong).remainder(7).add(rank).to(dtype);
}

Tensor expected(at::Device device, int64_t length, int size, ReduceOp op, at::ScalarType dtype) {
  Tensor base = pattern(device, length, 0, at::kLong);
  if (op == ReduceOp::sum) base = base.mul(size).add(size * (size - 1) / 2);
  if (op == ReduceOp::max) base = base.add(size - 1);
  return base.to(dtype);
}

void all_reduce(Communicator& c, at::Device device) {
  for (const auto dtype : kDtypes)
    for (const auto op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min})
      for (const auto length : kLengths) {
        Tensor tensor = pattern(device, length, c.rank(), dtype);
        c.all_reduce(tensor, op, "numbers");
        require(same(tensor, expected(device, length, c.size(), op, dtype)),
                std::string("all_reduce of ") + c10::toString(dtype) + " × " + std::to_string(length));
      }
}

void all_reduce_of_a_view(Communicator& c, at::Device device) {
  const Tensor buffer = at::full({100}, -1, on(device, at::kFloat));
  Tensor middle = buffer.narrow(0, 10, 30);
  middle.copy_(pattern(device, 30, c.rank(), at::kFloat));
  c.all_reduce(middle, ReduceOp::sum, "view");
  require(same(buffer.narrow(0, 10, 30), expected(device, 30, c.size(), ReduceOp::sum, at::kFloat)),
          "the view is reduced");
  require(buffer.narrow(0, 0, 10).eq(-1).all().item<bool>() && buffer.narrow(0, 40, 60).eq(-1).all().item<bool>(),
          "the rest is left alone");
}

// What is not exact must still be the same everywhere, or ranks drift apart.
void all_reduce_gives_the_same_bits(Communicator& c, at::Device device) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const Tensor numbers = at::sin(count_from(device, 0, 5000, at::kFloat).mul(c.rank() + 1.7)).to(dtype);
    Tensor first = numbers.clone(), again = numbers.clone();
    c.all_reduce(first, ReduceOp::sum, "sines");
    c.all_reduce(again, ReduceOp::sum, "sines");
    require(same(first, again), "the same bits each time");
    Tensor of_rank_0 = first.clone();
    c.broadcast(of_rank_0, 0, "sines");
    require(same(first, of_rank_0), "the same bits on each rank");
  }
}

void reduce_scatter(Communicator& c, at::Device device) {
  for (const auto dtype : kDtypes)
    for (const auto op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min})
      for (const auto length : kLengths) {
        const Tensor whole = pattern(device, length * c.size(), c.rank(), dtype);
        const Tensor before = whole.clone();
        Tensor piece = pattern(device, length, 0, dtype).zero_();
        c.reduce_scatter(piece, whole, op, "numbers");
        const Tensor all = expected(device, length * c.size(), c.size(), op, dtype);
        require(same(piece, all.narrow(0, length * c.rank(), length)),
                std::string("reduce_scatter of ") + c10::toString(dtype) + " × " + std::to_string(length));
        require(same(whole, before), "the whole is left alone");
      }
}

// What lets a sharded optimizer compute what an unsharded one does, bit for bit.
void reduce_scatter_gives_the_bits_of_all_reduce(Communicator& c, at::Device device) {
  if (!device.is_cpu()) return;  // NCCL promises nothing of the kind
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    for (const int64_t length : {65, 5000, 20000})
      for (const bool allocated : {false, true}) {
        const Tensor numbers =
            at::sin(count_from(device, 0, length * c.size(), at::kFloat).mul(c.rank() + 1.7)).to(dtype);
        Tensor whole = allocated ? c.allocate(length * c.size(), dtype) : at::full({length * c.size()}, 0, dtype);
        whole.copy_(numbers);
        Tensor piece = at::full({length}, 0, dtype), all = numbers.clone();
        c.reduce_scatter(piece, whole, ReduceOp::sum, "sines");
        c.all_reduce(all, ReduceOp::sum, "sines");
        require(same(piece, all.narrow(0, length * c.rank(), length)),
                std::string(c10::toString(dtype)) + " × " + std::to_string(length) + ": the same bits");
      }
}

void reduce_scatter_in_place(Communicator& c, at::Device device) {
  Tensor whole = pattern(device, 3000 * c.size(), c.rank(), at::kFloat);
  Tensor piece = whole.narrow(0, 3000 * c.rank(), 3000);
  c.reduce_scatter(piece, whole, ReduceOp::sum, "numbers");
  const Tensor all = expected(device, 3000 * c.size(), c.size(), ReduceOp::sum, at::kFloat);
  require(same(piece, all.narrow(0, 3000 * c.rank(), 3000)), "a piece that is part of the whole");
}

void all_reduce_of_allocated(Communicator& c, at::Device device) {
  for (const auto dtype : kDtypes)
    for (const auto length : {1, 65, 1025, 5000, 40000}) {
      Tensor buffer = c.allocate(length + 7, dtype);
      for (const int64_t begin : {0, 7}) {
        Tensor tensor = buffer.narrow(0, begin, length);
        buffer.fill_(99);
        tensor.copy_(pattern(device, length, c.rank(), dtype));
        c.all_reduce(tensor, ReduceOp::sum, "numbers");
        require(same(tensor, expected(device, length, c.size(), ReduceOp::sum, dtype)),
                std::string("all_reduce in a buffer of ") + c10::toString(dtype) + " × " + std::to_string(length));
        require(buffer.narrow(0, begin == 0 ? length : 0, 7).eq(99).all().item<bool>(), "the rest is left alone");
      }
    }
}

// A buffer on some ranks, plain memory on the others; another place in the buffer on each.
void all_reduce_of_tensors_that_lie_anywhere(Communicator& c, at::Device device) {
  for (const int64_t length : {50, 20000})
    for (int plain = 0; plain <= c.size(); ++plain) {
      Tensor buffer = c.allocate(length + 64 * c.size(), at::kFloat);
      Tensor tensor =
          c.rank() < plain ? at::full({length}, 0, on(device, at::kFloat)) : buffer.narrow(0, 64 * c.rank(), length);
      tensor.copy_(pattern(device, length, c.rank(), at::kFloat));
      c.all_reduce(tensor, ReduceOp::sum, "numbers");
      require(same(tensor, expected(device, length, c.size(), ReduceOp::sum, at::kFloat)),
              std::to_string(length) + " elements, plain on " + std::to_string(plain) + " ranks");
    }
}

// Nothing of one call may be seen in the next.
void all_reduce_again_and_again(Communicator& c, at::Device device) {
  Tensor buffer = c.allocate(9000, at::kFloat);
  Tensor plain = at::full({9000}, 0, on(device, at::kFloat)), few = at::full({10}, 0, on(device, at::kFloat));
  for (int round = 0; round < 15; ++round)
    for (auto* tensor : {&buffer, &few, &plain, &few}) {
      tensor->fill_(c.rank() + round);
      c.all_reduce(*tensor, ReduceOp::sum, "numbers");
      require(tensor->eq(c.size() * (c.size() - 1) / 2 + c.size() * round).all().item<bool>(),
              "round " + std::to_string(round));
    }
}

void reduce_scatter_of_allocated(Communicator& c, at::Device device) {
  for (const int64_t length : {1, 63, 1025, 20000}) {
    Tensor whole = c.allocate(length * c.size(), at::kFloat);
    const Tensor mine =
        expected(device, length * c.size(), c.size(), ReduceOp::sum, at::kFloat).narrow(0, length * c.rank(), length);
    for (const bool inside : {false, true}) {
      whole.copy_(pattern(device, length * c.size(), c.rank(), at::kFloat));
      Tensor piece =
          inside ? whole.narrow(0, length * c.rank(), length) : at::full({length}, 0, on(device, at::kFloat));
      c.reduce_scatter(piece, whole, ReduceOp::sum, "numbers");
      require(same(piece, mine), "reduce_scatter from a buffer of " + std::to_string(length));
    }
  }
}

}  // namespace

std::vector<Contract> reduction_contracts() {
  return {{"all_reduce", all_reduce},
          {"all_reduce_of_a_view", all_reduce_of_a_view},
          {"all_reduce_gives_the_same_bits", all_reduce_gives_the_same_bits},
          {"all_reduce_of_allocated", all_reduce_of_allocated},
          {"all_reduce_of_tensors_that_lie_anywhere", all_reduce_of_tensors_that_lie_anywhere},
          {"all_reduce_again_and_again", all_reduce_again_and_again},
          {"reduce_scatter", reduce_scatter},
          {"reduce_scatter_of_allocated", reduce_scatter_of_allocated},
          {"reduce_scatter_gives_the_bits_of_all_reduce", reduce_scatter_gives_the_bits_of_all_reduce},
          {"reduce_scatter_in_place", reduce_scatter_in_place}};
}

}  // namespace dl::testing
