#include <ATen/ops/full.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include "contract.h"
#include "dl/error.h"

namespace dl::testing {

namespace {

// b = a summed, then a summed: only this order gives these numbers.
void started_ones_run_in_order(Communicator& c, at::Device device) {
  const int size = c.size();
  std::vector<std::shared_ptr<Work>> works;
  Tensor value = at::full({2000}, 1, on(device, at::kFloat));
  std::vector<int> order;
  for (int i = 0; i < 5; ++i)
    works.push_back(c.start([&, i] {
      order.push_back(i);
      c.all_reduce(value, ReduceOp::sum, "value");
      value.add_(i);
    }));
  for (const auto& work : works) work->wait();
  double expected = 1;
  for (int i = 0; i < 5; ++i) expected = expected * size + i;
  require(order == std::vector<int>({0, 1, 2, 3, 4}), "order");
  require(value.eq(expected).all().item<bool>(), "values");
}

void a_blocking_call_waits_for_its_turn(Communicator& c, at::Device device) {
  std::atomic<int> done{0};
  Tensor first = at::full({100000}, 1, on(device, at::kFloat)), second = at::full({1}, 1, on(device, at::kFloat));
  std::vector<std::shared_ptr<Work>> works;
  for (int i = 0; i < 3; ++i)
    works.push_back(c.start([&] {
      c.all_reduce(first, ReduceOp::max, "first");
      ++done;
    }));
  c.all_reduce(second, ReduceOp::sum, "second");
  require(done == 3, "the started ones are done");
  require(second.item<float>() == static_cast<float>(c.size()), "value");
  for (const auto& work : works) work->wait();
}

void started_and_blocking_ones_take_turns(Communicator& c, at::Device device) {
  const auto size = static_cast<double>(c.size());
  Tensor buffer = c.allocate(50000, at::kDouble), plain = at::full({9000}, 0, on(device, at::kDouble));
  for (int round = 0; round < 10; ++round) {
    buffer.fill_(1 + round);
    plain.fill_(2 + round);
    const auto first = c.start([&] { c.all_reduce(buffer, ReduceOp::sum, "first"); });
    const auto second = c.start([&] { c.all_reduce(plain, ReduceOp::sum, "second"); });
    if (round % 2 == 0) first->wait();
    Tensor few = at::full({1}, round, on(device, at::kLong));
    c.all_reduce(few, ReduceOp::sum, "few");
    require(few.item<int64_t>() == round * c.size(), "few");
    c.barrier("between");
    if (round % 2 == 1) first->wait();
    second->wait();
    require(buffer.eq(size * (1 + round)).all().item<bool>(), "first");
    require(plain.eq(size * (2 + round)).all().item<bool>(), "second");
  }
}

void wait_throws_what_it_threw(Communicator& c, at::Device) {
  const auto work = c.start([] { throw Error("from the collective"); });
  try {
    work->wait();
  } catch (const Error& error) {
    require(error.what() == std::string("from the collective"), "the same error");
    return;
  }
  throw std::runtime_error("wait() did not throw");
}

}  // namespace

// The failing one comes last: a communicator may refuse everything that is started after it.
std::vector<Contract> start_contracts() {
  return {{"started_ones_run_in_order", started_ones_run_in_order},
          {"a_blocking_call_waits_for_its_turn", a_blocking_call_waits_for_its_turn},
          {"started_and_blocking_ones_take_turns", started_and_blocking_ones_take_turns},
          {"wait_throws_what_it_threw", wait_throws_what_it_threw}};
}

}  // namespace dl::testing
