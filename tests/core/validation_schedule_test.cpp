#include "core/validation_schedule.h"

#include <boost/test/unit_test.hpp>

using namespace dl::host;

namespace {

/// The steps of three epochs of 10 windows after which there is a validation.
std::vector<int64_t> validations(const TrainSettings& train) {
  const ValidationSchedule schedule(train);
  std::vector<int64_t> steps;
  for (int64_t epoch = 0; epoch < 3; ++epoch)
    for (int64_t window = 1; window <= 10; ++window) {
      const auto step = epoch * 10 + window;
      if (window < 10 ? schedule.after_step(step, window, 10) : schedule.after_epoch(epoch + 1, step, 10))
        steps.push_back(step);
    }
  return steps;
}

using Steps = std::vector<int64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(validation_schedule)

BOOST_AUTO_TEST_CASE(by_epochs_steps_and_fractions) {
  BOOST_TEST((validations({}) == Steps{10, 20, 30}));
  BOOST_TEST((validations({.val_every_n_epoch = 2}) == Steps{20}));
  BOOST_TEST((validations({.val_every_n_epoch = 0}) == Steps{}));
  BOOST_TEST((validations({.val_every_n_epoch = 0, .val_every_n_step = 7}) == Steps{7, 14, 21, 28}));
  BOOST_TEST((validations({.val_every_n_epoch = 1, .val_every_n_step = 15}) == Steps{10, 15, 20, 30}));
  BOOST_TEST((validations({.val_every_n_epoch = 0, .val_every_fraction = 0.5}) == Steps{5, 10, 15, 20, 25, 30}));
  BOOST_TEST((validations({.val_every_n_epoch = 0, .val_every_fraction = 0.4}) == Steps{4, 8, 14, 18, 24, 28}));
  BOOST_TEST((validations({.val_every_n_epoch = 0, .val_every_fraction = 1.0}) == Steps{10, 20, 30}));
  BOOST_TEST(validations({.val_every_n_epoch = 0, .val_every_fraction = 0.01}).size() == 30U);
}

BOOST_AUTO_TEST_SUITE_END()
