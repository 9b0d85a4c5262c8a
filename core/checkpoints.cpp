#include "core/checkpoints.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "core/atomic_file.h"
#include "core/checkpoint_folder.h"
#include "core/checkpoint_removal.h"
#include "core/early_stopping.h"
#include "core/optimizer_states.h"
#include "core/shared_text.h"
#include "core/version.h"
#include "core/weights.h"

namespace dl::host {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Checkpoints::Checkpoints(const Plan& plan, Objects& objects, WeightAverage* average, fs::path folder,
                         std::string config_toml)
    : settings_(plan.settings.checkpoint),
      enabled_(!plan.limits.dev_run),
      objects_(objects),
      average_(average),
      folder_(std::move(folder)),
      writes_(objects.control->rank() == 0),
      config_toml_(std::move(config_toml)),
      seed_(static_cast<uint64_t>(plan.settings.engine.seed)) {}

bool Checkpoints::due_after_step(const TrainState& state, bool minutes_over) const {
  const auto every = settings_.every_n_steps;
  return minutes_over || (every > 0 && state.at.step % every == 0);
}

bool Checkpoints::due_after_epoch(const TrainState& state) const {
  const auto every = settings_.every_n_epochs;
  return every > 0 && state.at.epoch % every == 0;
}

void Checkpoints::after_validation(TrainState& state, const Metrics& metrics) {
  if (settings_.monitor.empty() || !enabled_) return;
  const double value = metric_of(metrics, settings_.monitor, "[checkpoint] monitor");
  if (std::isnan(value)) return;
  const auto better = [&](const Json& a, const Json& b) {
    return is_better(a.at("value").get<double>(), b.at("value").get<double>(), settings_.mode);
  };
  auto& best = state.best;
  const Json entry = {{"checkpoint", ""}, {"value", value}};
  if (static_cast<int64_t>(best.size()) >= settings_.save_top_k && !better(entry, best.back())) return;
  const auto place = std::upper_bound(best.begin(), best.end(), entry, better) - best.begin();
  best.insert(best.begin() + place, entry);
  if (static_cast<int64_t>(best.size()) > settings_.save_top_k) best.erase(best.size() - 1);
  saved_step_ = -1;  // what is saved of this step lacks this entry
  save(state);
}

std::string Checkpoints::save(TrainState& state) {
  if (!enabled_ || state.at.step == saved_step_) return saved_name_;
  saved_step_ = state.at.step;
  if (average_) state.averaged = average_->averaged();
  saved_name_ = shared_text(*objects_.control, writes_ ? free_name(state.at.step) : "", "a checkpoint's name");
  for (auto& entry : state.best)
    if (entry.at("checkpoint") == "") entry["checkpoint"] = saved_name_;
  write(saved_name_, state);
  if (writes_) {
    kept_.insert(saved_name_);
    if (settings_.save_last) point_to(folder_ / saved_name_, "last");
    if (const auto first = best(state)) point_to(*first, "best");
    remove_unneeded(state);
  }
  return saved_name_;
}

/// "step-00001200", or "step-00001200-2" where a damaged or newer one of that name is left from before. Rank 0 knows.
std::string Checkpoints::free_name(int64_t step) const {
  char text[48];
  std::snprintf(text, sizeof text, "step-%08lld", static_cast<long long>(step));
  std::string name = text;
  std::error_code ignored;
  for (int i = 2; fs::exists(fs::symlink_status(folder_ / name, ignored)); ++i) name = text + ("-" + std::to_string(i));
  return name;
}

void Checkpoints::write(const std::string& name, const TrainState& state) {
  std::optional<CheckpointFolder> folder;
  objects_.backend->sync_buffers();
  if (writes_) folder.emplace(CheckpointFolder::begin(folder_, name));
  const auto path = folder ? folder->path() : fs::path();
  {
    const WeightAverage::InUse averaged(average_);
    save_weights(*objects_.backend, objects_.networks, path, writes_);
    for (const auto& slot : objects_.optimizers) save_optimizer(*objects_.backend, slot, path, writes_);
    if (average_ && writes_) average_->save_buffers(path);
  }
  if (!folder) return;
  Json json = state.to_json(objects_.optimizers);
  json["seed"] = seed_;
  json["world_size"] = objects_.control->size();
  json["dlhost"] = kVersion;
  write_file_atomically(path / "state.json", json.dump(2) + "\n");
  write_file_atomically(path / "config.toml", config_toml_);
  folder->commit();
}

void Checkpoints::remove_unneeded(const TrainState& state) {
  std::set<std::string> needed;
  if (settings_.save_last) needed.insert(saved_name_);
  for (const auto& entry : state.best) needed.insert(entry.at("checkpoint").get<std::string>());
  for (auto it = kept_.begin(); it != kept_.end();) {
    if (needed.count(*it)) {
      ++it;
    } else {
      remove_checkpoint(folder_ / *it);
      it = kept_.erase(it);
    }
  }
}

TrainState Checkpoints::load(const fs::path& checkpoint, bool here) {
  load_weights(*objects_.backend, objects_.networks, checkpoint);
  for (const auto& slot : objects_.optimizers) load_optimizer(*objects_.backend, slot, checkpoint);
  std::ifstream file(checkpoint / "state.json");
  const auto json = Json::parse(file, nullptr, false);
  auto state = TrainState::from_json(json, (checkpoint / "state.json").string(), objects_.optimizers);
  if (average_) {
    average_->set_averaged(state.averaged);
    average_->load_buffers(checkpoint);
    average_->swap();
  } else if (state.averaged > 0) {
    throw Error(checkpoint.string() +
                " is of a run with an average of its weights ([train] ema or swa); this config has none");
  }
  if (!here) state.best = Json::array();
  if (here) {
    kept_.insert(checkpoint.filename().string());
    for (const auto& entry : state.best) kept_.insert(entry.at("checkpoint").get<std::string>());
    saved_step_ = state.at.step;
    saved_name_ = checkpoint.filename().string();
  }
  return state;
}

std::optional<fs::path> Checkpoints::best(const TrainState& state) const {
  if (state.best.empty()) return std::nullopt;
  return folder_ / state.best[0].at("checkpoint").get<std::string>();
}

}  // namespace dl::host
