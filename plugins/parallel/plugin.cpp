#include "dl/plugin.h"

#include "ddp.h"

DL_PLUGIN("parallel", "1.0.0", "Parallel training strategies") { r.add<parallel::DDP>("DDP"); }
