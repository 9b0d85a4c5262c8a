#pragma once
#include <functional>
#include <memory>

#include "core/console.h"
#include "core/launch.h"
#include "core/trainer.h"
#include "dl/communicator.h"

namespace dl::host {

/// What happens when a rank fails: the cause is printed once, with rank, phase and step, and all ranks end.
struct Failure {
  const Launch& launch;
  Console& console;
  Whereabouts where;  ///< kept up to date by the trainer
  std::shared_ptr<Communicator>
      control;                        ///< once the ranks can reach each other; kept here so that it outlives the rest
  bool building = true;               ///< until the first step: what fails is the config or the input
  std::function<void()> record = {};  ///< called when a run fails, before its ranks are ended

  /// Runs `body` and returns its exit code, or, after an exception, the code of the design's table. With several ranks
  /// connected a failure does not return: it ends every rank's process.
  int guard(const std::function<int()>& body);

 private:
  int report(int code, const std::string& text);
};

}  // namespace dl::host
