#include "bare_class.h"
#include "no_code_may_run.h"

DL_PLUGIN("another_name", "1.0.0", "Calls itself something else than its file") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
