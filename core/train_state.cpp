#include "core/train_state.h"

#include <cmath>

#include "dl/error.h"

namespace dl::host {

using Json = nlohmann::ordered_json;

namespace {

LossScale::State loss_scale_of(const Json& json, const std::string& file) {
  const auto& scale = json.at("scale");  // JSON has null for what is not finite
  const auto tracker = json.at("growth_tracker").get<int64_t>();
  if (!scale.is_number() || !(scale.get<double>() > 0) || !std::isfinite(scale.get<float>()) || tracker < 0)
    throw Error(file + ": the loss scale is " + scale.dump() + ", with a growth_tracker of " + std::to_string(tracker) +
                "; it must be a finite number above 0, the tracker at least 0: the checkpoint is damaged");
  return {scale.get<double>(), tracker};
}

}  // namespace

Json TrainState::to_json(const std::vector<OptimizerSlot>& optimizers) const {
  Json json = {{"step", at.step}, {"epoch", at.epoch}, {"samples_done", samples_done}, {"seconds", seconds}};
  auto& sums = json["epoch_sums"] = Json::object();
  for (const auto& [name, sum] : epoch_sums) sums[name] = {{"mean", sum.mean}, {"weight", sum.weight}};
  auto& slots = json["optimizers"] = Json::object();
  for (const auto& slot : optimizers)
    slots[slot.name] = {{"updates", slot.updates}, {"scheduler_state", slot.scheduler_state}};
  json["early_stopping"] = early_stopping;
  json["best"] = best;
  json["weight_average"] = averaged;
  json["skipped_updates"] = skipped;
  if (loss_scale) json["loss_scale"] = {{"scale", loss_scale->scale}, {"growth_tracker", loss_scale->growth_tracker}};
  return json;
}

TrainState TrainState::from_json(const Json& json, const std::string& file, std::vector<OptimizerSlot>& optimizers) {
  try {
    TrainState state;
    state.at.step = json.at("step").get<int64_t>();
    state.at.epoch = json.at("epoch").get<int64_t>();
    state.samples_done = json.at("samples_done").get<int64_t>();
    state.seconds = json.at("seconds").get<double>();
    for (const auto& [name, sum] : json.at("epoch_sums").items())
      state.epoch_sums[name] = {name, sum.at("mean").get<double>(), sum.at("weight").get<double>()};
    for (auto& slot : optimizers) {
      const auto found = json.at("optimizers").find(slot.name);
      if (found == json.at("optimizers").end())
        throw Error(file + ": the run had no optimizer \"" + slot.name +
                    "\"; to train its weights in another way, start " + "a new run from them");
      slot.updates = found->at("updates").get<int64_t>();
      slot.scheduler_state = found->at("scheduler_state").get<std::vector<double>>();
    }
    state.early_stopping = json.at("early_stopping");
    state.best = json.at("best");
    state.averaged = json.at("weight_average").get<int64_t>();
    state.skipped = json.at("skipped_updates").get<int64_t>();
    if (const auto found = json.find("loss_scale"); found != json.end()) state.loss_scale = loss_scale_of(*found, file);
    return state;
  } catch (const nlohmann::json::exception& error) {
    throw Error(file + ": not the state of a training (" + error.what() + ")");
  }
}

}  // namespace dl::host
