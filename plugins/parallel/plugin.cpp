#include "ddp.h"
#include "dl/plugin.h"

DL_PLUGIN("parallel", "1.0.0", "Parallel training strategies") { r.add<parallel::DDP>("DDP"); }
