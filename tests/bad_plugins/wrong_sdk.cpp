#include "bare_class.h"
#include "no_code_may_run.h"

#undef DL_SDK_ABI
#define DL_SDK_ABI 999

DL_PLUGIN("wrong_sdk", "1.0.0", "Compiled with another SDK") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
