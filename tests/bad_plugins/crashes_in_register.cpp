#include <csignal>

#include "bare_class.h"

DL_PLUGIN("crashes_in_register", "1.0.0", "Crashes when it is registered") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
  std::raise(SIGABRT);
}
