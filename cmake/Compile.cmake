# Flags that every target shares. They are plain options, the same for executables, static and shared libraries, so that
# the one precompiled header of dl_pch serves them all: GCC takes it only where the flags are equal. For the same reason
# CMAKE_POSITION_INDEPENDENT_CODE stays unset, and -pthread, which other libraries ask for, is everywhere.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_options(-fPIC -pthread)
add_link_options(-pthread)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(DLHOST_LLD ld.lld)
if(DLHOST_LLD)
  add_link_options(-fuse-ld=lld)
endif()

find_program(DLHOST_CCACHE ccache)
set(DLHOST_USE_CCACHE OFF)
if(DLHOST_CCACHE AND NOT DEFINED ENV{CCACHE_DISABLE} AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(DLHOST_USE_CCACHE ON)
  # The sloppiness is ccache's own condition for precompiled headers; the base directory lets a second checkout hit what
  # the first one compiled; the inode cache spares hashing the precompiled header (0.5 GB) for every file.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_INODECACHE=1 ${DLHOST_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
