#include "core/checkpoints.h"

#include <ATen/ops/full.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "core/atomic_file.h"
#include "core/checkpoint_leftovers.h"
#include "core/checkpoint_manifest.h"
#include "core/checkpoint_removal.h"
#include "core/checkpoint_save.h"
#include "core/early_stopping.h"
#include "core/shared_text.h"
#include "core/version.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

void write_texts(const fs::path& folder, const std::map<std::string, std::string>& texts) {
  for (const auto& [file, text] : texts) write_file_atomically(folder / file, text);
}

/// The plan has reported what is wrong with it.
CheckpointName checked_form(const std::string& form) {
  Problems problems;
  return CheckpointName::parse(form, {}, problems);
}

/// A copy of a rank's share is no more than it has already; where networks are cut, a copy of the whole is what they
/// are cut to avoid.
bool in_background(const CheckpointSettings& settings, const Backend& backend) {
  const auto* wanted = settings.background.get_if<bool>();
  return wanted ? *wanted : settings.sharded || !backend.sharded();
}

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Checkpoints::Checkpoints(const Plan& plan, Objects& objects, WeightAverage* average, fs::path folder,
                         const CheckpointShare& share, Origin origin, Console& console)
    : settings_(plan.settings.checkpoint),
      form_(checked_form(settings_.filename)),
      monitor_key_(plan.named("checkpoint", "monitor")),
      seed_(plan.settings.engine.seed),
      enabled_(!plan.limits.dev_run),
      objects_(objects),
      average_(average),
      folder_(std::move(folder)),
      origin_(std::move(origin)),
      console_(console),
      share_(share),
      background_(in_background(settings_, *objects.backend)),
      snapshot_(settings_.snapshot_mb << 20, share) {}

Checkpoints::~Checkpoints() {
  try {
    if (!share_.apart()) take_written();
  } catch (...) {  // the error that ends the run is reported; this one would hide it
  }
}

void Checkpoints::go_on(TrainState& state, const fs::path& checkpoint) {
  kept_.insert(checkpoint.filename().string());
  // Each host may have checkpoints of its own: what one of them lacks is gone.
  Json there = Json::array();
  for (const auto& entry : state.best) {
    const fs::path name = entry.at("checkpoint").get<std::string>();
    if (name == name.filename() && fs::is_regular_file(folder_ / name / CheckpointManifest::kName))
      there.push_back(name.string());
  }
  std::map<std::string, int> holders;
  for (const auto& text : all_texts(*objects_.control, there.dump(), "the best checkpoints"))
    for (const auto& name : Json::parse(text)) ++holders[name.get<std::string>()];
  std::erase_if(state.best.get_ref<Json::array_t&>(), [&](const Json& entry) {
    return holders[entry.at("checkpoint").get<std::string>()] < objects_.control->size();
  });
  for (const auto& entry : state.best) kept_.insert(entry.at("checkpoint").get<std::string>());
  saved_step_ = state.at.step;
  saved_name_ = checkpoint.filename().string();
  if (!share_.leads()) return;
  for (const auto& leftover : remove_leftovers(folder_))
    console_.note("removed " + leftover.string() + ", which a killed process left");
}

bool Checkpoints::due_after_step(const TrainState& state, bool minutes_over) const {
  const auto every = settings_.every_n_steps;
  return minutes_over || (every > 0 && state.at.step % every == 0);
}

bool Checkpoints::due_after_epoch(const TrainState& state) const {
  const auto every = settings_.every_n_epochs;
  return every > 0 && state.at.epoch % every == 0;
}

void Checkpoints::after_validation(TrainState& state, const Metrics& metrics) {
  for (const auto& [name, value] : metrics) metrics_[name] = value;
  if (settings_.monitor.empty() || !enabled_) return;
  const double value = metric_of(metrics, settings_.monitor, monitor_key_);
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
  save(state, false);
}

std::string Checkpoints::save(TrainState& state, bool wait) {
  if (!enabled_) return saved_name_;
  if (state.at.step != saved_step_) begin(state, wait);
  if (wait) finish();
  return saved_name_;
}

/// As the config's form has it, or with "-2" where one of that name is there already on any host: a damaged or another
/// one, from before.
std::string Checkpoints::free_name(const TrainState& state) const {
  const auto epoch = state.at.epoch - (state.samples_done == 0 && state.at.epoch > 0 ? 1 : 0);
  const auto text = form_.text(epoch, state.at.step, metrics_);
  const auto name = [&](int64_t number) { return number > 1 ? text + "-" + std::to_string(number) : text; };
  int64_t number = 1;
  for (int64_t tried = 0; tried != number;) {
    tried = number;
    std::error_code ignored;
    while (share_.leads() && fs::exists(fs::symlink_status(folder_ / name(number), ignored))) ++number;
    if (objects_.control->size() == 1) break;
    auto most = at::full({1}, number, at::kLong);
    objects_.control->all_reduce(most, ReduceOp::max, "a checkpoint's name");
    number = most.item<int64_t>();
  }
  return name(number);
}

void Checkpoints::begin(TrainState& state, bool wait) {
  take_written();
  remover_.take();  // its room on the disk may be needed
  saved_step_ = state.at.step;
  if (average_) state.averaged = average_->averaged();
  saved_name_ = free_name(state);
  for (auto& entry : state.best)
    if (entry.at("checkpoint") == "") entry["checkpoint"] = saved_name_;
  saved_best_ = state.best;

  Json json = state.to_json(objects_.optimizers);
  json["seed"] = seed_;
  json["world_size"] = objects_.control->size();
  json["dlhost"] = kVersion;
  json["plugins"] = origin_.plugins;
  json["saved_ms"] = now_ms();
  const Texts texts = {{"state.json", json.dump(2) + "\n"}, {"config.toml", origin_.config_toml}};

  objects_.backend->sync_buffers();
  std::unique_ptr<CheckpointFolder> folder;
  if (share_.leads()) folder = std::make_unique<CheckpointFolder>(CheckpointFolder::begin(folder_, saved_name_));
  std::string path = folder ? folder->path().string() : "";
  if (share_.apart())
    path = all_texts(*objects_.control, path, "a checkpoint's folder")[static_cast<size_t>(share_.ranks[0])];
  const auto finish = [this, path, texts] {
    if (share_.leads()) write_texts(path, texts);
    return CheckpointManifest::of(path, [this](const std::string& file) { return share_.owns(file); });
  };
  pending_ = background_ && !wait && take_snapshot();
  if (pending_) {
    being_written_ = std::move(folder);
    if (share_.writes())
      writer_.start([this, path, finish] {
        snapshot_.write(path);
        written_ = finish();
      });
    return;
  }
  FolderSink sink(path, share_);
  gather(sink);
  keep(folder.get(), share_.writes() ? finish() : CheckpointManifest());
}

/// False where it would be too large: then the training waits for this checkpoint and for those to come.
bool Checkpoints::take_snapshot() {
  snapshot_.clear();
  gather(snapshot_);
  if (snapshot_.fits()) return true;
  background_ = false;
  console_.info("checkpoints have " + std::to_string(snapshot_.bytes() >> 20) + " MiB, more than [checkpoint] " +
                "snapshot_mb = " + std::to_string(settings_.snapshot_mb) +
                " allows to copy: the training waits while they are written");
  return false;
}

void Checkpoints::gather(CheckpointSink& sink) {
  const WeightAverage::InUse averaged(average_);
  save_networks(*objects_.backend, objects_.networks, objects_.optimizers, sink);
  if (average_) average_->save_buffers(sink);
}

void Checkpoints::take_written() {
  if (!std::exchange(pending_, false)) return;
  const auto folder = std::move(being_written_);
  writer_.take();
  keep(folder.get(), std::exchange(written_, {}));
}

void Checkpoints::finish() {
  take_written();
  remover_.take();
  if (objects_.control->size() > 1) objects_.control->barrier("a checkpoint's end");
}

/// `folder`: on the rank that made it. `written`: this rank's files.
void Checkpoints::keep(CheckpointFolder* folder, CheckpointManifest written) {
  if (share_.apart()) {
    const auto all = all_texts(*objects_.control, written.text(), "a checkpoint's files");
    for (const int rank : share_.ranks)
      written.files.merge(CheckpointManifest::parse(all[static_cast<size_t>(rank)]).files);
  }
  if (!folder) return;
  const auto path = folder->commit(written);
  kept_.insert(saved_name_);
  if (settings_.save_last) point_to(path, "last");
  if (!saved_best_.empty()) point_to(folder_ / saved_best_[0].at("checkpoint").get<std::string>(), "best");
  remove_unneeded();
}

/// In the background: a large file takes its time to go.
void Checkpoints::remove_unneeded() {
  std::set<std::string> needed;
  if (settings_.save_last) needed.insert(saved_name_);
  for (const auto& entry : saved_best_) needed.insert(entry.at("checkpoint").get<std::string>());
  std::vector<fs::path> unneeded;
  std::erase_if(kept_, [&](const std::string& name) {
    if (needed.count(name)) return false;
    unneeded.push_back(folder_ / name);
    return true;
  });
  if (unneeded.empty()) return;
  remover_.take();
  remover_.start([unneeded] {
    for (const auto& checkpoint : unneeded) remove_checkpoint(checkpoint);
  });
}

std::optional<fs::path> Checkpoints::best(const TrainState& state) const {
  if (state.best.empty()) return std::nullopt;
  return folder_ / state.best[0].at("checkpoint").get<std::string>();
}

}  // namespace dl::host
