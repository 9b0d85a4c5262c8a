// Under the stages 2 and 3 gradients leave a rank during the backward pass, under activation checkpointing too.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/self_communicator.h"
#include "networks.h"
#include "plugins/parallel/zero3.h"
#include "unit_net.h"
#include "window.h"

namespace data = boost::unit_test::data;
using namespace dl::testing;  // NOLINT: the subject of this file

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture this type.
namespace gradients_leave_test {

class Counting : public dl::SelfCommunicator {
 public:
  void reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op, std::string_view what) override {
    SelfCommunicator::reduce_scatter(piece, whole, op, what);
    ++reductions;
  }
  int reductions = 0;
};

}  // namespace gradients_leave_test

using gradients_leave_test::Counting;

/// When the pass reaches the network's inputs all have left but what comes last: the first layer's, those of the unit
/// above it or, with checkpointing, of what is shared.
BOOST_DATA_TEST_CASE(while_the_pass_goes_on, data::make({2, 3}) * data::make({false, true}), stage, checkpointing) {
  Counting counting;
  const dl::BackendContext context{counting, counting, at::kCPU, false};
  const parallel::DDPOptions options{1e-5, "same", checkpointing, "", ""};
  std::unique_ptr<dl::Backend> backend;
  if (stage == 2)
    backend = std::make_unique<parallel::ZeRO2>(options, context);
  else
    backend = std::make_unique<parallel::ZeRO3>(options, context);
  const auto network = attach_unit_net(*backend, "main", 11, at::kDouble);
  network->use_spare = true;
  for (int i = 0; i < 3; ++i) {
    const auto x_BC = noise({4, 5}, 5).requires_grad_(true);
    int before = -1;
    x_BC.register_hook([&](const dl::Tensor&) { before = counting.reductions; });
    counting.reductions = 0;
    update(*backend, {"main"}, {{0, 4}}, 4, [&](Rows) { return (*network)(x_BC).square().sum(); });
    BOOST_TEST(before >= counting.reductions - 2);
    BOOST_TEST(before >= 5);
  }
}
