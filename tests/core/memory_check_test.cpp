#include "core/memory_check.h"

#include <torch/nn/modules/linear.h>

#include <boost/test/unit_test.hpp>

#include "core/errors.h"
#include "core/self_communicator.h"
#include "ddp.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;

namespace {

class Net : public UnaryNetwork {
 public:
  Net() : fc_(register_module("fc", torch::nn::Linear(99, 10))) {}
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return fc_(x); }

 private:
  torch::nn::Linear fc_;
};

/// Two states of each parameter.
class TwoStates : public Optimizer {
 public:
  Rate base_rate() const override { return {0.1, {}}; }
  void step(std::span<Param* const> params, const Rate&) override {
    for (auto* param : params) {
      param->state("a").add_(1);
      param->state("b").add_(1);
    }
    ++calls;
  }
  int calls = 0;
};

struct Fixture {
  explicit Fixture(const parallel::DDPOptions& options = {}) {
    const BackendContext context{communicator, communicator, at::kCPU};
    objects.backend = std::make_shared<parallel::DDP>(options, context);
    auto network = std::make_shared<Net>();
    objects.backend->attach("main", *network);
    objects.networks["main"] = std::move(network);
    OptimizerSlot slot;
    slot.name = "main";
    slot.networks = {"main"};
    slot.optimizer = optimizer;
    objects.optimizers.push_back(std::move(slot));
  }
  SelfCommunicator communicator;
  std::shared_ptr<TwoStates> optimizer = std::make_shared<TwoStates>();
  Objects objects;
};

constexpr int64_t kBytes = 1000 * 4;  // of the parameters

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_check)

/// On one rank DDP has no gradients before the first step, and no optimizer has states.
BOOST_AUTO_TEST_CASE(counts_gradients_and_states_that_are_not_there) {
  Fixture run;
  BOOST_TEST(memory_to_come(run.objects) == 3 * kBytes);
  BOOST_TEST(run.optimizer->calls == 1);  // once for all parameters of a type
  for (auto& param : run.objects.backend->params("main")) {
    param.grad = param.value.clone();
    param.state("a");
  }
  BOOST_TEST(memory_to_come(run.objects) == 0);
}

BOOST_AUTO_TEST_CASE(states_in_a_file_need_no_memory) {
  const TemporaryFolder folder;
  Fixture run({25, "same", false, folder.path().string()});
  BOOST_TEST(memory_to_come(run.objects) == kBytes);
}

BOOST_AUTO_TEST_CASE(a_run_that_does_not_fit_is_refused) {
  Fixture run;
  check_memory(run.objects, {});
  BOOST_CHECK_EXCEPTION(check_memory(run.objects, {.local_size = 2'000'000'000}), UsageError,
                        [](const UsageError& error) {
                          const std::string text = error.what();
                          return text.find("does not fit this host") != std::string::npos &&
                                 text.find("dlhost plan") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_SUITE_END()
