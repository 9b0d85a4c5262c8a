#include "core/train_limits.h"

#include <charconv>
#include <vector>

namespace dl::host {

std::optional<double> parse_duration(std::string_view text) {
  std::vector<int64_t> parts;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int64_t part = 0;
    const auto [rest, error] = std::from_chars(at, end, part);
    if (error != std::errc() || part < 0 || rest == at) return std::nullopt;
    parts.push_back(part);
    if (rest == end) break;
    if (*rest != ':') return std::nullopt;
    at = rest + 1;
  }
  if (parts.size() != 3 && parts.size() != 4) return std::nullopt;
  if (parts.size() == 3) parts.insert(parts.begin(), 0);
  if (parts[2] > 59 || parts[3] > 59) return std::nullopt;
  return static_cast<double>(((parts[0] * 24 + parts[1]) * 60 + parts[2]) * 60 + parts[3]);
}

TrainLimits TrainLimits::read(const TrainSettings& train, Problems& problems) {
  TrainLimits limits;
  limits.train = BatchLimit::read(train.limit_train_batches, "limit_train_batches", problems);
  limits.validation = BatchLimit::read(train.limit_val_batches, "limit_val_batches", problems);
  limits.test = BatchLimit::read(train.limit_test_batches, "limit_test_batches", problems);
  limits.num_epochs = train.num_epochs;
  limits.max_steps = train.max_steps;
  limits.sanity_batches = train.sanity_val_batches;
  limits.max_seconds = parse_duration(train.max_time);  // its form is the schema's to check

  const auto overfit = BatchLimit::read(train.overfit_batches, "overfit_batches", problems);
  limits.overfit = overfit.count.value_or(1) > 0 && overfit.fraction > 0;
  if (limits.overfit) limits.train = limits.validation = overfit;

  int64_t batches = 0;
  if (const auto* on = train.fast_dev_run.get_if<bool>()) {
    batches = *on ? 1 : 0;
  } else if (const auto* count = train.fast_dev_run.get_if<int64_t>(); count && *count >= 0) {
    batches = *count;
  } else {
    problems.add(train.fast_dev_run.place, "train",
                 "\"fast_dev_run\": expected true, false or a number of batches, found " + train.fast_dev_run.text());
  }
  if (batches > 0) {
    limits.dev_run = true;
    limits.train = limits.validation = limits.test = BatchLimit{batches, 1};
    limits.num_epochs = 1;
    limits.sanity_batches = 0;
  }
  return limits;
}

}  // namespace dl::host
