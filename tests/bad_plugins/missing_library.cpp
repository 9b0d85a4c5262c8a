#include "bare_class.h"

extern "C" int zoo_absent();

DL_PLUGIN("missing_library", "1.0.0", "Needs a library that is not there") {
  if (zoo_absent()) r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
