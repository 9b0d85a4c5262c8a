#include "dl/abi.h"
#include "no_code_may_run.h"

extern "C" {
DL_API extern const char dl_plugin_stamp[];
__attribute__((section(".dlhost"), used, retain)) const char dl_plugin_stamp[] = "DLHOST9\0name=unknown_stamp\0";
}
