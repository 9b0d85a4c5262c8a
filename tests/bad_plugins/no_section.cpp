/// A library that lies beside plugins.
#include "no_code_may_run.h"

extern "C" __attribute__((visibility("default"))) int some_library() { return 1; }
