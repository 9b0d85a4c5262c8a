#include "bare_class.h"

namespace {
struct Own : std::runtime_error {
  using std::runtime_error::runtime_error;
};
}  // namespace

DL_PLUGIN("throws_in_register", "1.0.0", "Throws when it is registered") {
  r.add(bare_class(dl::Kind::loss, "Loss", "never seen"));
  throw Own("the table of classes is missing");
}
