#include "plugins/parallel/bucket.h"

#include <ATen/ops/empty.h>

#include <boost/test/unit_test.hpp>

namespace {

dl::Tensors floats(const std::vector<int64_t>& lengths) {
  dl::Tensors tensors;
  for (const auto length : lengths) tensors.push_back(at::empty({length}, at::kFloat));
  return tensors;
}

void check_slice(const parallel::Slice& slice, size_t bucket, int64_t offset) {
  BOOST_TEST(slice.bucket == bucket);
  BOOST_TEST(slice.offset == offset);
}

}  // namespace

BOOST_AUTO_TEST_CASE(parameters_go_in_from_the_last_one_back_at_multiples_of_64) {
  const auto plan = parallel::plan_buckets(floats({10, 64, 65, 1}), 1 << 20, 1 << 20);
  BOOST_TEST(plan.elements == std::vector<int64_t>({64 + 128 + 64 + 64}), boost::test_tools::per_element());
  check_slice(plan.slices[3], 0, 0);
  check_slice(plan.slices[2], 0, 64);
  check_slice(plan.slices[1], 0, 192);
  check_slice(plan.slices[0], 0, 256);
}

BOOST_AUTO_TEST_CASE(the_first_bucket_closes_early) {
  // 256 bytes a parameter: the first bucket takes two, the others four.
  const auto plan = parallel::plan_buckets(floats({64, 64, 64, 64, 64, 64, 64}), 512, 1024);
  BOOST_TEST(plan.elements == std::vector<int64_t>({128, 256, 64}), boost::test_tools::per_element());
  check_slice(plan.slices[6], 0, 0);
  check_slice(plan.slices[4], 1, 0);
  check_slice(plan.slices[0], 2, 0);
}

BOOST_AUTO_TEST_CASE(a_parameter_larger_than_a_bucket_stays_whole) {
  const auto plan = parallel::plan_buckets(floats({8, 100000, 8}), 128, 128);
  BOOST_TEST(plan.elements == std::vector<int64_t>({64, 100032, 64}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_bucket_holds_one_dtype) {
  const dl::Tensors mixed{at::empty({5}, at::kDouble), at::empty({5}, at::kFloat), at::empty({5}, at::kFloat)};
  const auto plan = parallel::plan_buckets(mixed, 1 << 20, 1 << 20);
  BOOST_TEST(plan.elements == std::vector<int64_t>({128, 64}), boost::test_tools::per_element());
  BOOST_TEST((plan.dtypes == std::vector<at::ScalarType>{at::kFloat, at::kDouble}));
  check_slice(plan.slices[0], 1, 0);
}

BOOST_AUTO_TEST_CASE(no_parameters_make_no_buckets) { BOOST_TEST(parallel::plan_buckets({}, 1, 1).elements.empty()); }
