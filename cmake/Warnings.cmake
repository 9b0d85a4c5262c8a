# Linked by our own code only: dl_warnings is not exported, so a plugin author's flags stay the author's.
add_library(dl_warnings INTERFACE)
target_compile_options(dl_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(DLHOST_WERROR)
  target_compile_options(dl_warnings INTERFACE -Werror -Wno-error=invalid-pch)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these on correct code of its own standard library and of LibTorch's headers at -O2.
  target_compile_options(dl_warnings INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-missing-field-initializers
    -Wno-maybe-uninitialized)
endif()
