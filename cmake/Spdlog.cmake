# dl::spdlog: spdlog with its own fmt. LibTorch's include/ brings another, newer fmt, which would be found before the one
# that Debian's spdlog is built with. A folder with nothing but a link to the right one goes before it: list dl::spdlog
# before dl::sdk among a target's libraries.
find_package(spdlog 1.10 REQUIRED)
add_library(dl_spdlog INTERFACE)
add_library(dl::spdlog ALIAS dl_spdlog)
get_target_property(_folders fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
find_path(DLHOST_FMT fmt/core.h HINTS ${_folders} REQUIRED)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include)
file(CREATE_LINK ${DLHOST_FMT}/fmt ${PROJECT_BINARY_DIR}/include/fmt SYMBOLIC)
target_include_directories(dl_spdlog SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/include)
target_link_libraries(dl_spdlog INTERFACE spdlog::spdlog)
