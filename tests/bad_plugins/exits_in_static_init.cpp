#include <unistd.h>

#include "bare_class.h"

namespace {
struct Leave {
  Leave() { ::_exit(0); }
} leave;
}  // namespace

DL_PLUGIN("exits_in_static_init", "1.0.0", "Ends the process when it is opened") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
