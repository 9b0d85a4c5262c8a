#include <stdexcept>

#include "bare_class.h"

namespace {
struct Throw {
  Throw() { throw std::runtime_error("no licence for the static initialiser"); }
} thrower;
}  // namespace

DL_PLUGIN("throws_in_static_init", "1.0.0", "Throws when it is opened") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
}
