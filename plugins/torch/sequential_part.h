#pragma once
#include <memory>

#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// A schedule within SequentialLR: { type = "torch.LinearLR", params = { … } }, of this plugin's schedulers.
struct SequentialPart {
  std::shared_ptr<const dl::Scheduler> scheduler;

  /// In the place of a dl::Schema: reads `type`, then `params` by the schema of that class.
  class Schema {
   public:
    SequentialPart read(const dl::Value& value, const std::string& where, dl::Problems& problems) const;
    std::vector<dl::Field> fields() const;
  };
  static Schema schema() { return {}; }
};

}  // namespace pytorch
