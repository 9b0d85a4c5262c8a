#include "dl/plugin.h"

#include "ddp.h"
#include "zero1.h"
#include "zero2.h"
#include "zero3.h"

DL_PLUGIN("parallel", "1.0.0", "Parallel training strategies") {
  r.add<parallel::DDP>("DDP").add<parallel::ZeRO1>("ZeRO1").add<parallel::ZeRO2>("ZeRO2").add<parallel::ZeRO3>("ZeRO3");
}
