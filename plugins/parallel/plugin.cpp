#include "dl/plugin.h"

#include "ddp.h"
#include "zero1.h"

DL_PLUGIN("parallel", "1.0.0", "Parallel training strategies") {
  r.add<parallel::DDP>("DDP").add<parallel::ZeRO1>("ZeRO1");
}
