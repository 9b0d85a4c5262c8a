#include "core/gradient_clip.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <boost/test/unit_test.hpp>

#include "core/self_communicator.h"
#include "tests/support/thread_communicator.h"

using namespace dl;
using namespace dl::host;

namespace {

Param with_gradient(const Tensor& gradient) {
  Param param;
  param.value = at::zeros_like(gradient);
  param.grad = gradient;
  return param;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_clip)

BOOST_AUTO_TEST_CASE(the_norm_is_of_all_gradients_together) {
  auto a = with_gradient(at::tensor({3.0, 0.0}, at::kDouble)), b = with_gradient(at::tensor({{-4.0F}}, at::kFloat));
  const std::vector<Param*> params{&a, &b};
  BOOST_TEST(gradient_norm(params, nullptr) == 5.0);
}

/// In bfloat16 the root of 3 would be 1.734.
BOOST_AUTO_TEST_CASE(the_norm_of_bfloat16_is_float32) {
  auto a = with_gradient(at::tensor({1.0, 1.0, 1.0}, at::kDouble).to(at::kBFloat16));
  const std::vector<Param*> params{&a};
  BOOST_TEST(gradient_norm(params, nullptr) == std::sqrt(3.0), boost::test_tools::tolerance(1e-7));
}

/// Ranks that hold pieces see the norm of the whole.
BOOST_AUTO_TEST_CASE(pieces_are_summed_over_ranks) {
  dl::testing::ThreadGroup::run(3, [](Communicator& communicator) {
    auto piece = with_gradient(at::tensor({static_cast<double>(communicator.rank() + 1)}, at::kDouble));
    const std::vector<Param*> params{&piece};
    if (std::abs(gradient_norm(params, &communicator) - std::sqrt(14.0)) > 1e-15) throw Error("another norm");
  });
}

/// torch.nn.utils.clip_grad_norm_(…, 1.0) on a gradient of norm 5.
BOOST_AUTO_TEST_CASE(the_factor) {
  BOOST_TEST(clip_factor(5, 1) == 1 / (5 + 1e-6), boost::test_tools::tolerance(1e-15));
  BOOST_TEST(clip_factor(0.5, 1) == 1.0);
  BOOST_TEST(clip_factor(0, 1) == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
