#include "core/tensor_memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

namespace {

using dl::host::TensorMemory;

constexpr int64_t kMebi = 1 << 20;

at::Tensor bytes(int64_t count) { return at::empty({count}, at::kByte); }

struct Fixture {
  explicit Fixture(bool keeps = true) {
    if (keeps) memory.keep_freed();
  }
  TensorMemory& memory = TensorMemory::install();
  TensorMemory::Use before = memory.use();
};

}  // namespace

// The first, before anything is kept.
BOOST_AUTO_TEST_CASE(at_first_what_is_freed_goes_back) {
  const Fixture at_first(false);
  const auto held = at_first.memory.use().held;
  bytes(8 * kMebi).fill_(1);
  BOOST_TEST(at_first.memory.use().held == held);
}

BOOST_FIXTURE_TEST_CASE(a_freed_block_serves_the_next_of_about_its_size, Fixture) {
  auto first = bytes(8 * kMebi);
  const void* data = first.data_ptr();
  BOOST_TEST(reinterpret_cast<uintptr_t>(data) % 64 == 0);
  BOOST_TEST(memory.use().live - before.live >= static_cast<size_t>(8 * kMebi));
  BOOST_TEST(memory.use().live - before.live < static_cast<size_t>(8 * kMebi) + 10000);  // and small ones
  first.reset();
  BOOST_TEST(memory.use().live == before.live);
  auto second = bytes(7 * kMebi);
  BOOST_TEST(second.data_ptr() == data);
  auto third = bytes(7 * kMebi);
  BOOST_TEST(third.data_ptr() != data);
  second.fill_(1);
  third.fill_(2);
  BOOST_TEST(second.sum().item<int64_t>() == 7 * kMebi);
}

/// Tensors of ever other sizes: what is freed does not pile up.
BOOST_FIXTURE_TEST_CASE(holds_no_more_than_was_in_use_and_the_slack, Fixture) {
  for (int64_t size = 4; size < 200; size += 7) bytes(size * kMebi).fill_(1);
  const auto use = memory.use();
  BOOST_TEST(use.live == before.live);
  BOOST_TEST(use.held <= use.peak + TensorMemory::kSlack);
  memory.restart_peak();
  BOOST_TEST(memory.use().peak == use.live);
}

BOOST_FIXTURE_TEST_CASE(small_ones_are_left_to_malloc, Fixture) {
  std::vector<at::Tensor> tensors;
  for (int i = 0; i < 100; ++i) tensors.push_back(at::full({100}, i));
  BOOST_TEST(memory.use().held == before.held);
  BOOST_TEST(memory.use().live >= before.live + 100 * 400);
  BOOST_TEST(tensors[42].sum().item<int64_t>() == 4200);
  BOOST_TEST(bytes(0).numel() == 0);
  tensors[0].resize_({kMebi});  // grows from one to the other
  BOOST_TEST(tensors[0][99].item<int64_t>() == 0);
  tensors.clear();
  BOOST_TEST(memory.use().live == before.live);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_had_is_an_error, Fixture) {
  BOOST_CHECK_THROW(bytes(int64_t{1} << 60), c10::Error);
  BOOST_TEST(memory.use().live == before.live);
}
