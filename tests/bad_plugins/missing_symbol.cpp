#include "bare_class.h"

namespace zoo {
int defined_nowhere(const std::string& name);
}

DL_PLUGIN("missing_symbol", "1.0.0", "Calls a function that is not there") {
  if (zoo::defined_nowhere("loss")) r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
