#include "core/optimizer_slot.h"

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

BOOST_AUTO_TEST_SUITE_END()
