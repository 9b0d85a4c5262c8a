#include "plugins/parallel/buffer_pool.h"

#include <boost/test/unit_test.hpp>
#include <optional>

BOOST_AUTO_TEST_CASE(what_is_given_back_is_used_again) {
  parallel::BufferPool pool(at::kCPU);
  auto first = pool.tensor(1000, at::kFloat);
  const void* memory = first.data_ptr();
  BOOST_TEST(first.numel() == 1000);
  BOOST_TEST(pool.bytes_held() == 4000);
  first.reset();
  auto second = pool.tensor(600, at::kFloat);  // fits without wasting more than it holds
  BOOST_TEST(second.data_ptr() == memory);
  BOOST_TEST(pool.bytes_held() == 4000);
  auto third = pool.tensor(100, at::kDouble);
  BOOST_TEST(third.data_ptr() != memory);
  BOOST_TEST(pool.bytes_held() == 4800);
  third.reset();
  second.reset();
  BOOST_TEST(pool.tensor(100, at::kFloat).data_ptr() != memory);  // the 800 bytes, not the 4000
}

BOOST_AUTO_TEST_CASE(buffers_may_outlive_the_pool) {
  std::optional<parallel::BufferPool> pool(at::kCPU);
  auto tensor = pool->tensor(10, at::kFloat);
  pool.reset();
  tensor.fill_(3);
  BOOST_TEST(tensor.sum().item<float>() == 30);
}
