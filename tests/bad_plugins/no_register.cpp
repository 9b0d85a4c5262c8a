/// A stamp as DL_PLUGIN writes it, without the function.
#include <torch/version.h>

#include <cstddef>  // brings _GLIBCXX_USE_CXX11_ABI

#include "dl/abi.h"

extern "C" {
DL_API extern const char dl_plugin_stamp[];
__attribute__((section(".dlhost"), used, retain)) const char dl_plugin_stamp[] =
    "DLHOST1\0sdk_abi=" DL_STR(DL_SDK_ABI) "\0torch=" TORCH_VERSION "\0cxx11_abi=" DL_STR(
        _GLIBCXX_USE_CXX11_ABI) "\0name=no_register\0version=1.0.0\0doc=Has a stamp only\0";
}
