#include "core/optimizer_slot.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include <boost/test/unit_test.hpp>

using namespace dl;

namespace {

class Fixed : public Optimizer {
 public:
  Rate base_rate() const override { return {2.0, {}}; }
  void step(std::span<Param* const>, const Rate&) override {}
};

/// lr = base × count + total, so that the test sees what it was given.
class Seen : public Scheduler {
 public:
  Rate at(const Rate& base, const Progress& progress) const override {
    return {base.lr * static_cast<double>(progress.count) + static_cast<double>(progress.total_count), {}};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizer_slot)

BOOST_AUTO_TEST_CASE(the_scheduler_counts_epochs_or_steps) {
  dl::host::OptimizerSlot slot;
  slot.optimizer = std::make_shared<Fixed>();
  const Progress at{.step = 25, .total_steps = 100, .epoch = 3, .total_epochs = 12};
  BOOST_TEST(slot.rate(at).lr == 2.0);
  slot.scheduler = std::make_shared<Seen>();
  BOOST_TEST(slot.rate(at).lr == 2.0 * 3 + 12);
  slot.frequency = 2;
  BOOST_TEST(slot.rate(at).lr == 2.0 * 1 + 6);
  slot.by_epoch = false;
  BOOST_TEST(slot.rate(at).lr == 2.0 * 12 + 50);
}

/// torch.optim.swa_utils.SWALR(swa_lr=0.5, anneal_epochs=4) from a rate of 2: oracles/weight_averaging.py.
BOOST_AUTO_TEST_CASE(anneals_to_the_rate_of_weight_averaging) {
  dl::host::OptimizerSlot slot;
  slot.optimizer = std::make_shared<Fixed>();
  dl::host::SwaSettings swa;
  swa.start_epoch = 3;
  swa.lr = 0.5;
  swa.anneal_epochs = 4;
  const auto rates = [&] {
    slot.swa = swa;
    std::vector<double> found;
    for (int64_t epoch = 2; epoch < 9; ++epoch) found.push_back(slot.rate({.epoch = epoch}).lr);
    return found;
  };
  const auto close = [](const std::vector<double>& a, const std::vector<double>& b) {
    for (size_t i = 0; i < b.size(); ++i) BOOST_TEST(a.at(i) == b[i], boost::test_tools::tolerance(1e-12));
  };
  close(rates(), {2, 2, 1.7803300858899107, 1.25, 0.71966991411008935, 0.5, 0.5});
  swa.anneal_strategy = "linear";
  close(rates(), {2, 2, 1.625, 1.25, 0.875, 0.5, 0.5});
}

namespace {

/// Sets each value to its own number, so that a parameter shows who updated it.
class Mark : public Optimizer {
 public:
  explicit Mark(double number) : number_(number) {}
  Rate base_rate() const override { return {number_, {}}; }
  void step(std::span<Param* const> params, const Rate& rate) override {
    for (auto* param : params) param->step = static_cast<int64_t>(rate.lr);
  }

 private:
  double number_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_group_that_fits_has_the_parameter) {
  dl::host::OptimizerSlot slot;
  slot.optimizer = std::make_shared<Mark>(1);
  slot.groups = {{"*.bias", std::make_shared<Mark>(2)}, {"b.conv?.*", std::make_shared<Mark>(3)}};
  const std::string a = "a", b = "b";
  std::vector<Param> params(4);
  const char* names[] = {"conv1.weight", "conv1.bias", "conv1.weight", "conv1.bias"};
  for (size_t i = 0; i < 4; ++i) params[i].name = names[i];
  const std::vector<Param*> pointers{&params[0], &params[1], &params[2], &params[3]};
  const std::vector<const std::string*> networks{&a, &a, &b, &b};
  for (int i = 0; i < 2; ++i) {
    slot.step(pointers, networks, {}, [] {});
    BOOST_TEST(params[0].step == 1);
    BOOST_TEST(params[1].step == 2);
    BOOST_TEST(params[2].step == 3);
    BOOST_TEST(params[3].step == 2);
    for (auto& param : params) param.step = 0;
  }
}

namespace {

/// How many parameters came at once.
class Counted : public Optimizer {
 public:
  Rate base_rate() const override { return {1.0, {}}; }
  void step(std::span<Param* const> params, const Rate&) override {
    calls.push_back(params.size());
    for (auto* param : params) ++param->step;
  }
  std::vector<size_t> calls;
};

}  // namespace

/// 3 MiB each, of which 4 MiB step at once.
BOOST_AUTO_TEST_CASE(states_that_are_elsewhere_come_back_a_few_at_a_time) {
  const auto calls = [](bool elementwise, bool elsewhere) {
    const auto optimizer = std::make_shared<Counted>();
    dl::host::OptimizerSlot slot;
    slot.optimizer = optimizer;
    slot.elementwise = elementwise;
    const std::string network = "main";
    std::vector<Param> params(5);
    std::vector<Param*> pointers;
    for (auto& param : params) {
      param.value = at::empty({3 << 20}, at::kByte);
      if (elsewhere) param.make_state = [](const Tensor& value, const std::string&) { return at::zeros_like(value); };
      pointers.push_back(&param);
    }
    size_t let_go = 0;
    slot.step(pointers, std::vector<const std::string*>(5, &network), {}, [&] { ++let_go; });
    for (const auto& param : params) BOOST_TEST(param.step == 1);
    BOOST_TEST(let_go == optimizer->calls.size() - 1);  // the backend's after_step() comes last
    return optimizer->calls;
  };
  const std::vector<size_t> slices{2, 2, 1}, together{5};
  BOOST_TEST(calls(true, true) == slices, boost::test_tools::per_element());
  BOOST_TEST(calls(true, false) == together, boost::test_tools::per_element());
  BOOST_TEST(calls(false, true) == together, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
