#include "bare_class.h"
#include "no_code_may_run.h"

#undef TORCH_VERSION
#define TORCH_VERSION "1.13.1"

DL_PLUGIN("wrong_torch", "1.0.0", "Compiled with another LibTorch") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
