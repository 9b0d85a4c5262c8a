#include "core/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/epoch_loader.h"
#include "core/errors.h"

namespace dl::host {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string Whereabouts::text() const {
  return phase + ", epoch " + std::to_string(epoch) + ", step " + std::to_string(step);
}

Trainer::Trainer(const Plan& plan, Objects& objects, ProgressDisplay* progress, TrainerCalls calls,
                 Whereabouts& whereabouts)
    : plan_(plan), objects_(objects), progress_(progress), calls_(std::move(calls)), where_(whereabouts) {
  const auto samples = objects.data->size(Split::train);
  const auto ranks = static_cast<int64_t>(objects.communicator->size());
  if (samples < ranks)
    throw UsageError("the training split has " + std::to_string(samples) + " samples for " + std::to_string(ranks) +
                     " ranks; each rank needs one: start fewer ranks");
  const auto& train = plan.settings.train;
  for (int64_t epoch = 0; epoch < train.num_epochs; ++epoch) total_steps_ += plan_of(epoch).windows();
  if (train.num_epochs > 0 && total_steps_ == 0)
    throw UsageError(
        "[data] drop_last leaves no batch: " + std::to_string(samples) +
        " samples are less than batch_size × ranks = " + std::to_string(plan.settings.data.batch_size * ranks));
  if (train.max_steps > 0) total_steps_ = std::min(total_steps_, train.max_steps);
}

BatchPlan Trainer::plan_of(int64_t epoch) const {
  const auto& train = plan_.settings.train;
  const auto& data = plan_.settings.data;
  return {objects_.data->size(Split::train), data.batch_size, objects_.communicator->size(),
          epoch >= train.accumulator_epoch ? train.accumulator_factor : 1, data.drop_last};
}

BatchSource Trainer::source(Split split) const {
  const auto found = objects_.transforms.find(split);
  return {*objects_.data,
          split,
          found == objects_.transforms.end() ? std::vector<std::shared_ptr<Transform>>() : found->second,
          static_cast<uint64_t>(plan_.settings.engine.seed),
          at::kCPU,
          plan_.dtype};
}

void Trainer::set_training(bool training) {
  for (auto& [name, network] : objects_.networks) network->train(training);
}

/// Every n steps, and where `always` is set: the means since the last line and the rates that the last step used.
void Trainer::log_step(bool always) {
  if (at_.step == logged_step_ || (!always && at_.step % plan_.settings.logger.log_every_n_steps != 0)) return;
  logged_step_ = at_.step;
  Metrics metrics;
  for (const auto& [name, mean, weight] : log_.reduce(*objects_.control)) {
    metrics.emplace_back(name, mean);
    auto& sum = epoch_sums_[name];
    sum.mean += mean * weight;
    sum.weight += weight;
  }
  auto used = at_;
  --used.step;
  for (const auto& slot : objects_.optimizers)
    metrics.emplace_back(slot.name == "main" ? "lr" : "lr_" + slot.name, slot.rate(used).lr);
  if (calls_.log) calls_.log(metrics, at_);
}

Metrics Trainer::epoch_means() const {
  Metrics means;
  for (const auto& [name, sum] : epoch_sums_) means.emplace_back(name, sum.mean / sum.weight);
  return means;
}

/// False where the run's last step was in this epoch.
bool Trainer::run_epoch(const BatchSource& source) {
  const auto& settings = plan_.settings;
  const auto plan = plan_of(at_.epoch);
  EpochLoader loader(source, plan, objects_.communicator->rank(), settings.data.shuffle,
                     static_cast<uint64_t>(settings.engine.seed), at_.epoch, settings.data.num_workers);
  StepParts parts{*objects_.backend,
                  objects_.networks,
                  objects_.optimizers,
                  log_,
                  static_cast<uint64_t>(settings.engine.seed),
                  objects_.communicator->rank()};
  set_training(true);
  epoch_sums_.clear();
  if (progress_)
    progress_->begin({"epoch " + std::to_string(at_.epoch + 1) + "/" + std::to_string(at_.total_epochs),
                      loader.windows(), "loss", [this] { return log_.newest("train_loss"); }});
  const auto start = std::chrono::steady_clock::now();
  int64_t samples = 0;
  for (int64_t window = 0; window < loader.windows() && at_.step < total_steps_; ++window) {
    where_.step = at_.step;
    const auto batches = loader.next_window();
    TrainStep step(parts, batches, plan.samples_in(window), at_);
    objects_.task->train_step(step);
    if (!step.updated()) throw Error("the task's train_step() did not call step.update()");
    ++at_.step;
    samples += plan.samples_in(window);
    if (at_.step == 1 && calls_.first_step) calls_.first_step();
    log_step(at_.step == total_steps_);
    if (progress_) progress_->advance(window + 1, samples);
  }
  log_step(true);
  if (progress_) progress_->end();
  result_.train_seconds += seconds_since(start);
  result_.samples += samples;
  return at_.step < total_steps_;
}

TrainerResult Trainer::run() {
  const auto& train = plan_.settings.train;
  at_.total_epochs = train.num_epochs;
  at_.total_steps = total_steps_;
  const auto training = source(Split::train);
  bool more = total_steps_ > 0;
  while (more) {
    where_ = {"training", at_.step, at_.epoch};
    more = run_epoch(training);
    const auto title = "epoch " + std::to_string(at_.epoch + 1) + "/" + std::to_string(at_.total_epochs);
    const double seconds = progress_ ? progress_->seconds() : 0;
    const double rate = progress_ ? progress_->samples_per_second() : 0;
    ++at_.epoch;
    result_.metrics = epoch_means();
    if (train.val_every_n_epoch > 0 && (at_.epoch % train.val_every_n_epoch == 0 || !more)) {
      const auto values = evaluate(Split::validation, "val_");
      if (!values.empty() && calls_.log) calls_.log(values, at_);
      result_.metrics.insert(result_.metrics.end(), values.begin(), values.end());
    }
    if (progress_) progress_->report(title, result_.metrics, seconds, rate);
    if (calls_.epoch_end) calls_.epoch_end(at_);
  }
  result_.steps = at_.step;
  result_.epochs = at_.epoch;
  return result_;
}

Metrics Trainer::evaluate(Split split, const std::string& prefix) {
  if (objects_.data->size(split) == 0) return {};
  where_ = {split == Split::test ? "test" : "validation", at_.step, at_.epoch};
  objects_.backend->sync_buffers();
  set_training(false);
  const auto& data = plan_.settings.data;
  const Evaluator evaluator(*objects_.task, objects_.metrics, *objects_.control,
                            data.eval_batch_size > 0 ? data.eval_batch_size : data.batch_size, data.num_workers);
  return evaluator.run(source(split), prefix);
}

}  // namespace dl::host
