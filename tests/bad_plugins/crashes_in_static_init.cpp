#include <csignal>
#include <cstdio>

#include "bare_class.h"

namespace {
struct Crash {
  Crash() {
    std::fputs("about to write nowhere\n", stderr);
    std::raise(SIGSEGV);  // a wild write would say more under a sanitizer
  }
} crash;
}  // namespace

DL_PLUGIN("crashes_in_static_init", "1.0.0", "Crashes when it is opened") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
