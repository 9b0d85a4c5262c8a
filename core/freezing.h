#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/settings.h"
#include "dl/network.h"

namespace dl::host {

/// Switches the gradients of parameters off and on by epoch, as the rules of `[train] freeze` say. Batch norm's
/// statistics go on being updated. Parameters that a network itself holds without gradient stay so.
class Freezing {
 public:
  /// Throws UsageError on a rule that fits no parameter. All ranks, after the networks are attached.
  Freezing(std::vector<FreezeRule> rules, const std::map<std::string, std::shared_ptr<Network>>& networks);

  /// For `epoch`, from 0; costs nothing where there are no rules. Training thread.
  void apply(int64_t epoch);

 private:
  struct Target {
    Tensor parameter;
    std::vector<const FreezeRule*> rules;
  };
  std::vector<FreezeRule> rules_;
  std::vector<Target> targets_;
};

}  // namespace dl::host
