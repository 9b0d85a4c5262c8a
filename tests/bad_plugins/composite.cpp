#include "bare_class.h"

DL_PLUGIN("X.Y", "2.0.0", "Lies in a subfolder") { r.add(bare_class(dl::Kind::transform, "Z", "a transform")); }
