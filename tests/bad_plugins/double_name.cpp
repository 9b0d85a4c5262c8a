#include "bare_class.h"

DL_PLUGIN("double_name", "1.0.0", "Has two classes of one name") {
  r.add(bare_class(dl::Kind::loss, "Twin", "the first"));
  r.add(bare_class(dl::Kind::metric, "Twin", "the second"));
}
