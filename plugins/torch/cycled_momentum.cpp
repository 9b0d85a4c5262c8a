#include "cycled_momentum.h"

#include <string>

#include "dl/error.h"

namespace pytorch {

void require_momentum(const char* scheduler, const dl::Rate& base) {
  if (!base.momentum)
    throw dl::Error(std::string(scheduler) +
                    ": the optimizer has neither a momentum nor betas to cycle; set cycle_momentum = false");
}

}  // namespace pytorch
