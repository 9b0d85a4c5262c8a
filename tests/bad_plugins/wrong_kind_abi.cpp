#include "bare_class.h"

DL_PLUGIN("wrong_kind_abi", "1.0.0", "One class fits, two were compiled for other interfaces") {
  r.add(bare_class(dl::Kind::loss, "Fits", "a loss of today"));
  r.add(bare_class(dl::Kind::metric, "Old", "a metric of another time", 99));
  r.add(bare_class(static_cast<dl::Kind>(77), "Unknown", "of a kind that is not known"));
}
