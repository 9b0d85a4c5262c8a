#include "sequential_part.h"

#include <string_view>

#include "constant_lr.h"
#include "cosine_annealing_lr.h"
#include "cosine_annealing_warm_restarts.h"
#include "cyclic_lr.h"
#include "exponential_lr.h"
#include "linear_lr.h"
#include "multi_step_lr.h"
#include "one_cycle_lr.h"
#include "polynomial_lr.h"
#include "step_lr.h"

namespace pytorch {
namespace {

using Made = std::shared_ptr<const dl::Scheduler>;

struct Raw {
  std::string type;
  dl::Value params;
};

dl::Schema<Raw> raw_schema() {
  return dl::Schema<Raw>("A schedule.")
      .field("type", &Raw::type, "a scheduler of this plugin, such as \"torch.LinearLR\"")
      .field("params", &Raw::params, "its options");
}

template <class T>
Made make(const dl::Value& params, const std::string& where, dl::Problems& problems) {
  const auto before = problems.list().size();
  const auto options = T::schema().read(params, where, problems);
  if (problems.list().size() != before) return nullptr;
  try {
    return std::make_shared<T>(options);
  } catch (const dl::Error& error) {
    problems.add(params.place, where, error.what());
    return nullptr;
  }
}

struct Maker {
  std::string name;
  Made (*make)(const dl::Value&, const std::string&, dl::Problems&);
};

std::vector<Maker> makers() {
  return {{"torch.ConstantLR", make<ConstantLR>},
          {"torch.CosineAnnealingLR", make<CosineAnnealingLR>},
          {"torch.CosineAnnealingWarmRestarts", make<CosineAnnealingWarmRestarts>},
          {"torch.CyclicLR", make<CyclicLR>},
          {"torch.ExponentialLR", make<ExponentialLR>},
          {"torch.LinearLR", make<LinearLR>},
          {"torch.MultiStepLR", make<MultiStepLR>},
          {"torch.OneCycleLR", make<OneCycleLR>},
          {"torch.PolynomialLR", make<PolynomialLR>},
          {"torch.StepLR", make<StepLR>}};
}

}  // namespace

std::vector<dl::Field> SequentialPart::Schema::fields() const { return raw_schema().fields(); }

SequentialPart SequentialPart::Schema::read(const dl::Value& value, const std::string& where,
                                            dl::Problems& problems) const {
  const auto before = problems.list().size();
  const auto raw = raw_schema().read(value, where, problems);
  if (problems.list().size() != before) return {};
  std::vector<std::string> names;
  for (const auto& maker : makers()) {
    if (maker.name == raw.type) return {maker.make(raw.params, where + ".params", problems)};
    names.push_back(maker.name);
  }
  const auto* type = value.find("type");
  problems.add(type ? type->place : value.place, where,
               (type ? "no schedule \"" + raw.type + "\" to put in a sequence" + dl::did_you_mean(raw.type, names)
                     : std::string("\"type\" is missing")) +
                   " (known: " + dl::join(names) + ")");
  return {};
}

}  // namespace pytorch
