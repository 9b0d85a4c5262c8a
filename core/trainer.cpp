#include "core/trainer.h"

#include <algorithm>
#include <chrono>

#include "core/errors.h"

namespace dl::host {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string rate_name(const std::string& optimizer) { return optimizer == "main" ? "lr" : "lr_" + optimizer; }

}  // namespace

std::string Whereabouts::text() const {
  return phase + ", epoch " + std::to_string(epoch + 1) + ", step " + std::to_string(step);
}

/// The part of an epoch that this process trains.
struct Trainer::Epoch {
  BatchPlan plan;
  EpochLoader loader;
  int64_t windows_before = 0;                ///< trained in this epoch by a run that this one goes on
  int64_t window = 0;                        ///< done here
  int64_t samples = 0;                       ///< done here
  Clock::time_point resumed = Clock::now();  ///< training began, or went on after a validation
  int64_t windows() const { return windows_before + loader.windows(); }
};

Trainer::Trainer(const Plan& plan, Objects& objects, ProgressDisplay* progress, TrainerCalls calls,
                 Whereabouts& whereabouts)
    : plan_(plan),
      objects_(objects),
      progress_(progress),
      calls_(std::move(calls)),
      where_(whereabouts),
      freezing_(plan.settings.train.freeze, objects.networks),
      schedule_(plan.settings.train) {
  const auto samples = objects.data->size(Split::train);
  const auto ranks = static_cast<int64_t>(objects.communicator->size());
  if (samples < ranks)
    throw UsageError("the training split has " + std::to_string(samples) + " samples for " + std::to_string(ranks) +
                     " ranks; each rank needs one: start fewer ranks");
  if (plan.autocast == at::kHalf) loss_scale_.emplace(plan.settings.engine.loss_scale.value_or(LossScaleSettings()));
  const auto& train = plan.settings.train;
  if (train.early_stopping && !plan.limits.dev_run) early_stopping_.emplace(*train.early_stopping);
  for (int64_t epoch = 0; epoch < plan.limits.num_epochs; ++epoch) total_steps_ += plan_of(epoch, 0).windows();
  if (plan.limits.num_epochs > 0 && total_steps_ == 0)
    throw UsageError(plan.limits.train.of(1) == 0
                         ? "[train] limit_train_batches leaves no batch; num_epochs = 0 trains nothing"
                         : "[data] drop_last leaves no batch: " + std::to_string(samples) +
                               " samples are less than batch_size × ranks = " +
                               std::to_string(plan.settings.data.batch_size * ranks));
  if (plan.limits.max_steps > 0) total_steps_ = std::min(total_steps_, plan.limits.max_steps);
}

/// Of what is left of the epoch after `skip` samples.
BatchPlan Trainer::plan_of(int64_t epoch, int64_t skip) const {
  const auto& train = plan_.settings.train;
  const auto& data = plan_.settings.data;
  BatchPlan plan{objects_.data->size(Split::train), data.batch_size, objects_.communicator->size(),
                 epoch >= train.accumulator_epoch ? train.accumulator_factor : 1, data.drop_last};
  const auto limit = plan_.limits.train.of(plan.micro_batches());
  // Batches that are not trained on are taken off the order's end. `skip` may lie beyond what is left, where the run
  // that this one goes on had a larger limit, or more ranks.
  plan.samples = std::max<int64_t>(0, std::min(plan.samples, limit * plan.batch_size * plan.ranks) - skip);
  return plan;
}

void Trainer::set_training(bool training) {
  for (auto& [name, network] : objects_.networks) network->train(training);
}

bool Trainer::done() const { return ending_ || state_->at.step >= total_steps_; }

/// The epoch's last step was taken, and the run interrupted before what comes after it.
bool Trainer::epoch_end_is_due() const {
  return !ending_ && state_->samples_done > 0 && plan_of(state_->at.epoch, state_->samples_done).windows() == 0;
}

/// Every n steps, and where `always` is set: the means since the last line and the rates that the last step used.
void Trainer::log_step(bool always) {
  const auto& at = state_->at;
  if (at.step == logged_step_ || (!always && at.step % plan_.settings.logger.log_every_n_steps != 0)) return;
  logged_step_ = at.step;
  Metrics metrics;
  for (const auto& [name, mean, weight] : log_.reduce(*objects_.control)) {
    metrics.emplace_back(name, mean);
    auto& sum = state_->epoch_sums[name];
    sum.mean += mean * weight;
    sum.weight += weight;
  }
  auto used = at;
  --used.step;
  for (const auto& slot : objects_.optimizers) {
    metrics.emplace_back(rate_name(slot.name), slot.rate(used).lr);
    for (size_t i = 0; i < slot.groups.size(); ++i)
      metrics.emplace_back(rate_name(slot.name) + "_group" + std::to_string(i),
                           slot.rate(*slot.groups[i].optimizer, used).lr);
  }
  if (const double seconds = result_.train_seconds - logged_seconds_; seconds > 0)
    metrics.emplace_back("samples_per_second", static_cast<double>(result_.samples - logged_samples_) / seconds);
  logged_seconds_ = result_.train_seconds;
  logged_samples_ = result_.samples;
  if (loss_scale_) metrics.emplace_back("loss_scale", loss_scale_->scale());
  if (state_->skipped > 0) metrics.emplace_back("skipped_updates", static_cast<double>(state_->skipped));
  if (calls_.log) calls_.log(metrics, at);
}

Metrics Trainer::epoch_means() const {
  Metrics means;
  for (const auto& [name, sum] : state_->epoch_sums) means.emplace_back(name, sum.mean / sum.weight);
  return means;
}

/// What happens between two steps of an epoch.
void Trainer::after_step(Epoch& epoch) {
  auto& state = *state_;
  const auto& agreed = requests_.agreed;
  const auto pause = [&] {
    const double seconds = seconds_since(epoch.resumed);
    result_.train_seconds += seconds;
    state.seconds += seconds;
    epoch.resumed = Clock::now();
  };
  pause();
  if (state.at.step == 1 && calls_.first_step) calls_.first_step();
  if (average_) average_->after_step(state.at.step);
  log_step(state.at.step == total_steps_);
  if (checkpoints_ && !agreed[StepRequests::writing]) checkpoints_->commit();
  if (progress_) progress_->advance(epoch.window, epoch.samples);
  result_.step_times.step_done();

  const auto& train = plan_.settings.train;
  const auto window = epoch.windows_before + epoch.window;
  const bool last = epoch.window == epoch.loader.windows();
  if (!last && (agreed[StepRequests::validate] || schedule_.after_step(state.at.step, window, epoch.windows()))) {
    log_step(true);
    auto metrics = epoch_means();
    const auto values = validate(metrics);
    if (progress_ && !values.empty())
      progress_->report("epoch " + std::to_string(state.at.epoch + 1) + ", step " + std::to_string(state.at.step),
                        values, 0, 0);
    set_training(true);
    where_.phase = "training";
    result_.step_times.begin_epoch();
  }
  if (!last && save_is_due()) {
    log_step(true);  // what is not logged yet is in no checkpoint
    save();
    result_.step_times.begin_epoch();
  }
  if (agreed[StepRequests::stop] && !ending_) ending_ = Ending::interrupted;
  if (agreed[StepRequests::time_over] && !ending_) ending_ = Ending::time_over;

  const auto due = [&](double minutes, double since) { return minutes > 0 && state.seconds - since >= minutes * 60; };
  requests_.asked = {};
  requests_.asked[StepRequests::stop] = calls_.stop_asked && calls_.stop_asked();
  if (objects_.control->rank() == 0) {  // clocks differ
    requests_.asked[StepRequests::time_over] = plan_.limits.max_seconds && state.seconds >= *plan_.limits.max_seconds;
    requests_.asked[StepRequests::validate] = due(train.val_every_minutes, validated_seconds_);
    requests_.asked[StepRequests::save] = due(plan_.settings.checkpoint.every_minutes, saved_seconds_);
  }
  epoch.resumed = Clock::now();
}

void Trainer::run_epoch(const BatchSource& source) {
  const auto& settings = plan_.settings;
  auto& state = *state_;
  const auto plan = plan_of(state.at.epoch, state.samples_done);
  const auto seed = static_cast<uint64_t>(settings.engine.seed);
  const auto windows_in_all = plan_of(state.at.epoch, 0).windows();
  Epoch epoch{plan,
              {source, plan, objects_.communicator->rank(), settings.data.shuffle && !plan_.limits.overfit, seed,
               state.at.epoch, settings.data.num_workers, state.samples_done},
              std::max<int64_t>(0, windows_in_all - plan.windows())};
  const StepParts parts{*objects_.backend,
                        objects_.networks,
                        objects_.optimizers,
                        log_,
                        seed,
                        objects_.communicator->rank(),
                        {settings.train.gradient_clip, settings.train.log_grad_norm, settings.train.nan_policy},
                        objects_.control.get(),
                        &requests_,
                        plan_.autocast,
                        loss_scale_ ? &*loss_scale_ : nullptr,
                        objects_.batch_norm_sync.get(),
                        plan_.device};
  freezing_.apply(state.at.epoch);
  set_training(true);
  const auto title = "epoch " + std::to_string(state.at.epoch + 1) + "/" + std::to_string(state.at.total_epochs);
  if (progress_)
    progress_->begin({title, epoch.loader.windows(), "loss", [this] { return log_.newest("train_loss"); }});
  epoch.resumed = Clock::now();
  result_.step_times.begin_epoch();
  while (epoch.window < epoch.loader.windows() && !done()) {
    where_.step = state.at.step;
    if (profiler_) profiler_->before_step(state.at.step);
    requests_.asked[StepRequests::writing] = checkpoints_ && checkpoints_->writing();
    const auto batches = epoch.loader.next_window();
    const auto samples = plan.samples_in(epoch.window);
    TrainStep step(parts, batches, samples, state.at);
    objects_.task->train_step(step);
    if (!step.updated()) throw Error("the task's train_step() did not call step.update()");
    if (profiler_ && profiler_->after_step(state.at.step)) calls_.say("trace written: " + profiler_->file().string());
    ++state.at.step;
    ++epoch.window;
    epoch.samples += samples;
    result_.samples += samples;
    state.samples_done += samples;
    state.skipped += step.skipped();
    adapt_loss_scale(step);
    after_step(epoch);
  }
  log_step(true);
  if (progress_) progress_->end();
  const bool whole = epoch.window == epoch.loader.windows();
  if (ending_ == Ending::interrupted) return;  // where the epoch is whole, its end comes first when the run goes on
  const double seconds = progress_ ? progress_->seconds() : 0;
  const double rate = progress_ ? progress_->samples_per_second() : 0;
  if (whole) {
    ++state.at.epoch;
    state.samples_done = 0;
    if (average_) average_->after_epoch(state.at.epoch - 1);
  }
  auto metrics = epoch_means();
  if (whole) state.epoch_sums.clear();                      // before anything is saved: they are not the next epoch's
  const bool validated = state.at.step == validated_step_;  // as the last step of a run that ends within an epoch
  const bool due = whole && schedule_.after_epoch(state.at.epoch, state.at.step, epoch.windows());
  if (due || (done() && !validated && settings.train.val_every_n_epoch > 0)) validate(metrics);
  if (progress_) progress_->report(title, metrics, seconds, rate);
  if (checkpoints_ && (done() || (whole && checkpoints_->due_after_epoch(state)) || save_is_due())) save();
}

/// A step left out for its loss says nothing of the scale, which only the gradients have.
void Trainer::adapt_loss_scale(const TrainStep& step) {
  if (!loss_scale_) return;
  if (step.overflowed() || step.skipped() == 0) loss_scale_->update(step.overflowed());
  state_->loss_scale = loss_scale_->state();
}

bool Trainer::save_is_due() const {
  return checkpoints_ && checkpoints_->due_after_step(*state_, requests_.agreed[StepRequests::save]);
}

void Trainer::save() {
  if (plan_.settings.checkpoint.save_last) checkpoints_->save(*state_, done());
  saved_seconds_ = state_->seconds;
}

TrainerResult Trainer::run(TrainState& state, const Extras& extras) {
  state_ = &state;
  checkpoints_ = extras.checkpoints;
  average_ = extras.average;
  profiler_ = extras.profiler;
  state.at.total_epochs = plan_.limits.num_epochs;
  // What a run on other ranks has trained of this epoch may not be a whole number of our windows.
  if (state.at.step > 0) {
    int64_t left = 0;
    for (auto epoch = state.at.epoch; epoch < plan_.limits.num_epochs; ++epoch)
      left += plan_of(epoch, epoch == state.at.epoch ? state.samples_done : 0).windows();
    total_steps_ = state.at.step + left;
    if (plan_.limits.max_steps > 0) total_steps_ = std::min(total_steps_, plan_.limits.max_steps);
  }
  state.at.total_steps = total_steps_;
  logged_step_ = state.at.step;
  saved_seconds_ = validated_seconds_ = state.seconds;
  if (loss_scale_ && state.loss_scale) loss_scale_->load(*state.loss_scale);
  state.loss_scale = loss_scale_ ? std::optional(loss_scale_->state()) : std::nullopt;
  if (early_stopping_ && !state.early_stopping.empty()) early_stopping_->load(state.early_stopping);
  const auto training = batch_source(plan_, objects_, Split::train);
  where_ = {"trying the validation", state.at.step, state.at.epoch};
  if (!done()) try_validation();
  while (!done() || epoch_end_is_due()) {
    where_ = {"training", state.at.step, state.at.epoch};
    run_epoch(training);
  }
  if (ending_ == Ending::early && calls_.say) calls_.say("stopped early: " + ending_reason_);
  if (ending_ == Ending::time_over && calls_.say)
    calls_.say("stopped: max_time " + plan_.settings.train.max_time + " is over");
  // A run that had nothing left to train has a state, too.
  if (checkpoints_ && (ending_ == Ending::interrupted || plan_.settings.checkpoint.save_last))
    checkpoints_->save(state, true);
  if (checkpoints_) checkpoints_->finish();
  result_.ending = ending_.value_or(Ending::finished);
  return result_;
}

}  // namespace dl::host
