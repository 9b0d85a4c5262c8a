#include "core/config_keys.h"

#include <map>

namespace dl::host {

std::optional<ClassKey> class_key(const std::string& path) {
  using Form = ClassKey::Form;
  static const std::map<std::string, ClassKey> kKeys = {
      {"data.module", {Kind::data, Form::choice, true}},
      {"data.transforms", {Kind::transform, Form::by_split}},
      {"model.module", {Kind::task, Form::choice, true}},
      {"model.network", {Kind::network, Form::choice}},
      {"model.networks", {Kind::network, Form::by_name}},
      {"model.optimizer", {Kind::optimizer, Form::choice}},
      {"model.optimizers", {Kind::optimizer, Form::by_name}},
      {"model.scheduler", {Kind::scheduler, Form::choice}},
      {"model.schedulers", {Kind::scheduler, Form::by_name}},
      {"model.loss", {Kind::loss, Form::choice}},
      {"model.losses", {Kind::loss, Form::by_name}},
      {"model.metrics", {Kind::metric, Form::list}},
      {"engine.backend", {Kind::backend, Form::name_or_choice}},
      {"engine.communicator", {Kind::communicator, Form::name_or_choice}},
      {"logger", {Kind::logger, Form::choice}},
      {"loggers", {Kind::logger, Form::list}},
  };
  const auto found = kKeys.find(path);
  if (found == kKeys.end()) return {};
  return found->second;
}

}  // namespace dl::host
